//! A passphrase from the terminal of the person who started this run.

use super::Failure;
use crate::openpgp::Secret;
use rustix::fs::{Mode, OFlags};
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use std::os::fd::OwnedFd;

const MAX: usize = 1024;

/// The terminal as it was, put back whatever happens.
struct Quiet {
    terminal: OwnedFd,
    before: Termios,
}

impl Drop for Quiet {
    fn drop(&mut self) {
        // There is nobody left to tell if this fails.
        let _ = tcsetattr(&self.terminal, OptionalActions::Flush, &self.before);
        let _ = rustix::io::write(&self.terminal, b"\n");
    }
}

/// Asks without showing what is typed. Neither standard input nor standard
/// output is used: they carry a key and the document.
pub(super) fn ask(question: &str) -> Result<Secret, Failure> {
    let flags = OFlags::RDWR | OFlags::CLOEXEC | OFlags::NOCTTY;
    let opened = rustix::fs::open("/dev/tty", flags, Mode::empty());
    let terminal = opened.map_err(|_| missing("there is no terminal to ask on"))?;
    let before = tcgetattr(&terminal).map_err(|_| missing("the terminal does not answer"))?;
    let mut changed = before.clone();
    // Keys that would end or stop this process come as bytes too, so that
    // the terminal is never left without echo.
    changed.local_modes &= !(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG);
    tcsetattr(&terminal, OptionalActions::Flush, &changed)
        .map_err(|_| missing("the terminal does not obey"))?;
    let quiet = Quiet { terminal, before };
    let _ = rustix::io::write(&quiet.terminal, question.as_bytes());
    read_line(&quiet.terminal)
}

fn read_line(terminal: &OwnedFd) -> Result<Secret, Failure> {
    let mut line: Secret = vec![0; MAX].into();
    let mut length: usize = 0;
    loop {
        let mut byte = [0];
        match rustix::io::read(terminal, &mut byte) {
            Ok(0) => return Err(missing("the terminal was closed")),
            Ok(_) => {}
            Err(rustix::io::Errno::INTR) => continue,
            Err(_) => return Err(missing("the terminal cannot be read")),
        }
        match byte {
            [b'\n' | b'\r'] => break,
            // Ctrl-C, Ctrl-D, Ctrl-Z, Ctrl-\.
            [3 | 4 | 26 | 28] => return Err(missing("given up at the terminal")),
            // Backspace; Ctrl-U.
            [8 | 127] => length = length.saturating_sub(1),
            [21] => length = 0,
            [byte] => match line.get_mut(length) {
                Some(place) => {
                    *place = byte;
                    length += 1;
                }
                None => return Err(missing("that is longer than a passphrase")),
            },
        }
    }
    match line.get(..length) {
        Some(typed) if !typed.is_empty() => Ok(Secret::from(typed)),
        _ => Err(missing("nothing was typed")),
    }
}

fn missing(why: &str) -> Failure {
    let hint = "type it, or give --passphrase-fd N with the passphrase on that file descriptor";
    Failure::usage("passphrase-missing", "passphrase", why, hint)
}

//! Secrets on their way in: the process is closed to others first, then a key
//! is read from standard input, an open file descriptor or a locked file, a
//! passphrase from a descriptor or the terminal; and from nowhere else.

use super::{Failure, failure, terminal};
use crate::files;
use crate::openpgp::Secret;
use rustix::fs::{Mode, OFlags};
use std::io::IsTerminal as _;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

/// An exported subkey has some hundred bytes, with user ids and signatures
/// some thousand.
const MAX_KEY: usize = 256 << 10;

/// Longer passphrases are a file given by mistake.
const MAX_PASSPHRASE: usize = 1024;

/// A new passphrase that is shorter can be guessed by whoever gets the file.
const MIN_PASSPHRASE: usize = 12;

const HINT: &str =
    "pipe the armoured signing subkey in: gpg --armor --export-secret-subkeys SUBKEY! | countersign sign …";
const DESCRIPTOR: &str = "open it for this run, as in: --passphrase-fd 3 3<FILE";

/// Gives up what could carry the key out of this process: core dumps,
/// debuggers of the same user, and, where the system allows it, the swap.
///
/// Memory that is mapped later is locked only if there is no limit on locked
/// memory: beyond a limit an allocation would fail in the middle of the work.
pub(super) fn harden() {
    use rustix::mm::{MlockAllFlags, mlockall};
    use rustix::process::{DumpableBehavior, Resource, Rlimit, getrlimit, set_dumpable_behavior, setrlimit};
    // Each of these can be forbidden, by a container for example; the key is
    // then as safe as the machine is, which is no reason not to sign.
    let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    let _ = match getrlimit(Resource::Memlock).current {
        None => mlockall(MlockAllFlags::CURRENT | MlockAllFlags::FUTURE),
        Some(_) => mlockall(MlockAllFlags::CURRENT),
    };
}

/// Reads the signing key from a descriptor, or else from standard input, into
/// memory that is wiped afterwards.
pub(super) fn given(descriptor: Option<u32>) -> Result<Secret, Failure> {
    let Some(number) = descriptor else { return from_stdin() };
    let subject = format!("file descriptor {number}");
    read_all(inherited(number, OFlags::RDONLY)?, &subject, MAX_KEY)
}

fn from_stdin() -> Result<Secret, Failure> {
    let stdin = std::io::stdin();
    if stdin.is_terminal() {
        return Err(Failure::usage(
            "key-missing",
            "standard input",
            "is a terminal, no key arrives there",
            HINT,
        ));
    }
    read_all(stdin, "standard input", MAX_KEY)
}

/// Reads a key file of the operator, whose secrets are locked.
pub(super) fn from_file(path: &Path) -> Result<Secret, Failure> {
    let shown = failure::shown(path);
    let real = path.canonicalize().map_err(|error| files::FileError::io(path, "find it", error));
    let file = real.and_then(|real| files::open_regular(&real)).map_err(|error| match error.into() {
        Failure::Unavailable { finding, retryable: false } => Failure::Usage(finding),
        failure => failure,
    })?;
    read_all(file, &shown, MAX_KEY)
}

/// Reads to the end. The process is closed before the key is in it, and after
/// the memory for it is mapped. It is read straight into the wiped memory, so
/// that no growing buffer leaves copies behind.
fn read_all(source: impl AsFd, subject: &str, max: usize) -> Result<Secret, Failure> {
    let mut secret: Secret = vec![0; max].into();
    harden();
    let mut length = 0;
    loop {
        let free = secret.get_mut(length..).unwrap_or_default();
        if free.is_empty() {
            let message = format!("holds {max} bytes or more");
            return Err(Failure::usage("key-too-large", subject, message, HINT));
        }
        match rustix::io::read(&source, free) {
            Ok(0) => break,
            Ok(read) => length += read,
            Err(rustix::io::Errno::INTR) => {}
            Err(errno) => {
                let error = std::io::Error::from(errno);
                return Err(Failure::unavailable("key-unreadable", subject, error.to_string(), HINT, false));
            }
        }
    }
    if length == 0 {
        return Err(Failure::usage("key-missing", subject, "is empty, no key arrived", HINT));
    }
    Ok(secret.get(..length).unwrap_or_default().into())
}

/// A descriptor that this process was started with. Its number alone is no
/// right to use it in safe Rust, so it is opened again by its name.
pub(super) fn inherited(number: u32, access: OFlags) -> Result<OwnedFd, Failure> {
    let path = format!("/proc/self/fd/{number}");
    rustix::fs::open(path, access | OFlags::CLOEXEC | OFlags::NOCTTY, Mode::empty()).map_err(|errno| {
        let message = format!("cannot be opened: {}", std::io::Error::from(errno));
        Failure::usage("bad-descriptor", &format!("file descriptor {number}"), message, DESCRIPTOR)
    })
}

/// The passphrase that somebody else's end of a descriptor gives.
pub(super) fn passphrase_of(number: u32) -> Result<Secret, Failure> {
    let subject = format!("file descriptor {number}");
    let bytes = match read_all(inherited(number, OFlags::RDONLY)?, &subject, MAX_PASSPHRASE) {
        Err(Failure::Usage(finding)) if finding.code != "bad-descriptor" => {
            let message = format!("expected a passphrase of 1 to {MAX_PASSPHRASE} bytes");
            return Err(Failure::usage("passphrase-missing", &subject, message, DESCRIPTOR));
        }
        other => other?,
    };
    let line = bytes.strip_suffix(b"\n").unwrap_or(&bytes);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    if line.is_empty() || line.contains(&b'\n') {
        let message = "expected a passphrase on one line";
        return Err(Failure::usage("passphrase-missing", &subject, message, DESCRIPTOR));
    }
    Ok(Secret::from(line))
}

/// The passphrase of a key that exists.
pub(super) fn passphrase(descriptor: Option<u32>, of: &str) -> Result<Secret, Failure> {
    harden();
    match descriptor {
        Some(number) => passphrase_of(number),
        None => terminal::ask(&format!("Passphrase of {of}: ")),
    }
}

/// A passphrase for something new: on the terminal it is asked twice, since a
/// slip would lock its owner out.
pub(super) fn new_passphrase(descriptor: Option<u32>, of: &str) -> Result<Secret, Failure> {
    harden();
    let first = match descriptor {
        Some(number) => passphrase_of(number)?,
        None => terminal::ask(&format!("New passphrase of {of}: "))?,
    };
    if first.len() < MIN_PASSPHRASE {
        let message = format!("expected at least {MIN_PASSPHRASE} bytes");
        let hint = "whoever gets the file can try passphrases at leisure: take several words";
        return Err(Failure::usage("passphrase-too-short", of, message, hint));
    }
    if descriptor.is_none() && terminal::ask("The same again: ")? != first {
        let message = "the two passphrases differ";
        return Err(Failure::usage("passphrase-differs", of, message, "run again and type it twice"));
    }
    Ok(first)
}

//! The secret key on its way in: the process is closed to others first, then
//! the key is read from standard input, and from nowhere else.

use super::Failure;
use crate::openpgp::Secret;
use std::io::IsTerminal as _;

/// An exported subkey has some hundred bytes, with user ids and signatures
/// some thousand.
const MAX_KEY: usize = 256 << 10;

/// Gives up what could carry the key out of this process: core dumps,
/// debuggers of the same user, and, where the system allows it, the swap.
///
/// Memory that is mapped later is locked only if there is no limit on locked
/// memory: beyond a limit an allocation would fail in the middle of the work.
fn harden() {
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

/// Reads the key from standard input into memory that is wiped afterwards.
pub(super) fn read() -> Result<Secret, Failure> {
    const HINT: &str = "pipe the armoured signing subkey in: gpg --armor --export-secret-subkeys SUBKEY! | countersign sign …";
    let mut stdin = std::io::stdin();
    if stdin.is_terminal() {
        return Err(Failure::usage(
            "key-missing",
            "standard input",
            "is a terminal, no key arrives there",
            HINT,
        ));
    }
    // The process is closed before the key is in it, and after the memory
    // for it is mapped. It is read straight into the wiped memory, so that no growing buffer leaves
    // copies behind; standard input itself is read without one.
    let mut secret: Secret = vec![0; MAX_KEY].into();
    harden();
    let mut length = 0;
    loop {
        let free = secret.get_mut(length..).unwrap_or_default();
        if free.is_empty() {
            return Err(Failure::usage(
                "key-too-large",
                "standard input",
                format!("holds {MAX_KEY} bytes or more"),
                HINT,
            ));
        }
        match rustix::io::read(&mut stdin, free) {
            Ok(0) => break,
            Ok(read) => length += read,
            Err(rustix::io::Errno::INTR) => {}
            Err(errno) => {
                let error = std::io::Error::from(errno);
                return Err(Failure::unavailable(
                    "key-unreadable",
                    "standard input",
                    error.to_string(),
                    HINT,
                    false,
                ));
            }
        }
    }
    if length == 0 {
        return Err(Failure::usage("key-missing", "standard input", "is empty, no key arrived", HINT));
    }
    Ok(secret.get(..length).unwrap_or_default().into())
}

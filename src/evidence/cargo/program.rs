//! A crate without `Cargo.lock`: cargo packs it with every package that has a
//! program or an example, since it pins what `cargo install --locked` gets.

use super::Stop;
use super::manifest::of_git;
use super::workspace::{Manifests, join};
use crate::evidence::case::{Answer, Case};
use crate::evidence::explain::Level;
use crate::release::TreePath;

const LOCK: &[u8] = b"Cargo.lock";

/// Judges that git's lock file, in the crate's own folder, is not in the
/// artifact: silent, as on any other file, unless the package is a library.
pub(crate) fn without_lock(case: &Case<'_>) -> Result<Answer, Stop> {
    Ok(match is_program(case, &Manifests::of(case)?)? {
        true => Answer::Silent,
        false => {
            Answer::explained(Level::Omitted, "the lock file, which cargo before 1.84 left out of libraries")
        }
    })
}

/// Refuses an artifact without a lock file where git has one in the
/// workspace's folder, which nobody misses in the crate's.
pub(super) fn workspace_lock(case: &Case<'_>, manifests: &Manifests) -> Result<(), Stop> {
    let elsewhere = TreePath::new(join(&manifests.root_folder, LOCK));
    if manifests.root_folder == manifests.folder
        || case.in_artifact(&TreePath::new(LOCK))
        || case.in_repository(&elsewhere)?.is_none()
        || !is_program(case, manifests)?
    {
        return Ok(());
    }
    Err(Stop::Mismatch(format!(
        "is of a package with programs or examples, with which cargo packs a Cargo.lock (git has {elsewhere}); the \
         artifact has none"
    )))
}

/// Whether git's package has a program or an example. The artifact is not
/// asked: cargo saw git's tree, and who takes away the lock file could take
/// away more.
fn is_program(case: &Case<'_>, manifests: &Manifests) -> Result<bool, Stop> {
    let files = case.tree.iter().map(|entry| entry.path.as_bytes()).collect();
    Ok(of_git(case, manifests, &files)?.has_program())
}

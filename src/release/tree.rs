//! Facts about trees, as git and the archive readers report them.

use super::{ObjectId, TreePath};

/// The type of a tree entry; of the permission bits only "executable" counts,
/// as in git (gitformat-index: modes 100644, 100755, 120000, 160000).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mode {
    /// A regular file, 100644.
    Regular,
    /// A regular file that may be executed, 100755.
    Executable,
    /// A symbolic link, 120000; its blob holds the target.
    Symlink,
    /// A commit of another repository (gitlink), 160000.
    Submodule,
}

impl Mode {
    /// git's six octal digits.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Regular => "100644",
            Self::Executable => "100755",
            Self::Symlink => "120000",
            Self::Submodule => "160000",
        }
    }

    /// The mode in words, for messages.
    pub fn describe(self) -> &'static str {
        match self {
            Self::Regular => "a regular file",
            Self::Executable => "an executable file",
            Self::Symlink => "a symbolic link",
            Self::Submodule => "a submodule",
        }
    }
}

/// One path of the tag's tree, folders flattened away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreeEntry {
    /// Path from the root of the tree that was asked for.
    pub path: TreePath,
    /// Type and exec bit.
    pub mode: Mode,
    /// The blob, or for a submodule the commit.
    pub id: ObjectId,
}

//! Files that only serve the work on a repository: hosting, editors, linters,
//! continuous integration. Packaging tools leave them out, or are told to.

use crate::release::TreePath;

/// Files by their name, in any folder.
const NAMES: [&str; 20] = [
    ".clang-format",
    ".codecov.yml",
    ".coveragerc",
    ".dockerignore",
    ".editorconfig",
    ".flake8",
    ".git-blame-ignore-revs",
    ".gitattributes",
    ".gitignore",
    ".gitmodules",
    ".gitreview",
    ".mailmap",
    ".npmrc",
    ".nvmrc",
    ".pre-commit-config.yaml",
    ".readthedocs.yaml",
    ".readthedocs.yml",
    ".rustfmt.toml",
    ".travis.yml",
    ".zuul.yaml",
];
/// Beginnings of names, in any folder.
const BEGINNINGS: [&str; 2] = [".prettier", ".eslint"];
/// Folders at the root.
const FOLDERS: [&str; 4] = [".github", ".circleci", ".devcontainer", ".gitlab"];

/// The rule in words if the path is one of these.
pub(super) fn rule(path: &TreePath) -> Option<&'static str> {
    let name = path.file_name();
    let named = NAMES.iter().any(|known| known.as_bytes() == name)
        || BEGINNINGS.iter().any(|start| name.starts_with(start.as_bytes()))
        || FOLDERS.iter().any(|folder| path.strip_prefix(folder.as_bytes()).is_some());
    named.then_some("serves the work on the repository only")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_of_whole_names() {
        for path in [".gitignore", "a/.gitignore", ".github/workflows/ci.yml", ".prettierrc.json"] {
            assert!(rule(&path.into()).is_some(), "{path}");
        }
        for path in ["gitignore", ".gitignore/x", "a/.github/x", ".githubx/x", ".bashrc", "src/lib.rs"] {
            assert!(rule(&path.into()).is_none(), "{path}");
        }
    }
}

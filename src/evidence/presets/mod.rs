//! Presets: what a packaging tool does to a tree, as versioned, content-checking rules.
//!
//! A preset never waves a path through by its name. A new one gets a file of
//! its own here, a line in [`ALL`] and a page in `docs/`.

/// A built-in set of rules.
#[derive(Debug, PartialEq, Eq)]
pub struct Preset {
    /// Name and version, `git-archive@1`; a version never changes its meaning.
    pub name: &'static str,
    /// One line for lists and messages.
    pub summary: &'static str,
}

/// `git-archive@1`: the artifact is the tag's tree, nothing added, nothing changed.
pub const GIT_ARCHIVE_1: Preset = Preset {
    name: "git-archive@1",
    summary: "the tag's tree as it is: nothing added, nothing changed, nothing left out",
};

/// Every preset, by name.
pub const ALL: [&Preset; 1] = [&GIT_ARCHIVE_1];

/// The preset of this name and version.
pub fn find(name: &str) -> Option<&'static Preset> {
    ALL.into_iter().find(|preset| preset.name == name)
}

/// The names of all presets, for messages.
pub fn names() -> String {
    ALL.map(|preset| preset.name).join(", ")
}

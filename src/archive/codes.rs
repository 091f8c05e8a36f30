//! The finding codes of this room, each with its meaning.

pub(super) const BOMB: &str = "archive-bomb";
pub(super) const CORRUPT: &str = "archive-corrupt";
pub(super) const DUPLICATE: &str = "archive-duplicate";
pub(super) const FORMAT: &str = "archive-format";
pub(super) const HARD_LINK: &str = "archive-hard-link";
pub(super) const MEMORY: &str = "archive-memory";
pub(super) const MODE: &str = "archive-mode";
pub(super) const PATH: &str = "archive-unsafe-path";
pub(super) const PATH_CONFLICT: &str = "archive-path-conflict";
pub(super) const PATH_ENCODING: &str = "archive-path-encoding";
pub(super) const PATH_LENGTH: &str = "archive-path-too-long";
pub(super) const SYMLINK: &str = "archive-symlink";
pub(super) const TOO_LARGE: &str = "archive-too-large";
pub(super) const TOO_MANY: &str = "archive-too-many-entries";
pub(super) const TRAILING: &str = "archive-trailing-data";
pub(super) const TRUNCATED: &str = "archive-truncated";
pub(super) const TWIN: &str = "archive-name-twin";
pub(super) const TYPE: &str = "archive-entry-type";
pub(super) const UNSUPPORTED: &str = "archive-unsupported-feature";
pub(super) const TAR_CHECKSUM: &str = "tar-checksum";
pub(super) const TAR_END: &str = "tar-end-marker";
pub(super) const TAR_EXTENSION: &str = "tar-extension";
pub(super) const TAR_GARBAGE: &str = "tar-garbage";
pub(super) const TAR_MAGIC: &str = "tar-magic";
pub(super) const TAR_NUMBER: &str = "tar-number";
pub(super) const TAR_PAX: &str = "tar-pax-record";
pub(super) const TAR_SIZE: &str = "tar-size";
pub(super) const ZIP_DIFFER: &str = "zip-headers-differ";
pub(super) const ZIP_END: &str = "zip-end-record";
pub(super) const ZIP_EXTRA: &str = "zip-extra-field";
pub(super) const ZIP_LAYOUT: &str = "zip-layout";

/// Every code that a [`super::Defect`] may carry, with one line on what it
/// means; `docs/findings.md` is held against this list.
pub const CODES: &[(&str, &str)] = &[
    (BOMB, "unpacks to far more than it weighs"),
    (CORRUPT, "compressed data is damaged, or its checksum or length is wrong"),
    (DUPLICATE, "two entries have the same path"),
    (FORMAT, "the content is not what the file name promises"),
    (HARD_LINK, "a hard link does not name an earlier file of the same archive"),
    (MEMORY, "would need more memory to unpack than the limit"),
    (MODE, "permission bits that no release needs, or that readers take in two ways"),
    (PATH, "a path that would leave its place or that systems read differently"),
    (PATH_CONFLICT, "a path below something that is not a folder, or a folder that is also something else"),
    (PATH_ENCODING, "a path that is not UTF-8"),
    (PATH_LENGTH, "a path or link target longer than the limit"),
    (SYMLINK, "a symbolic link without a usable target"),
    (TOO_LARGE, "unpacks to more than the limit"),
    (TOO_MANY, "holds more paths than the limit"),
    (TRAILING, "data after the end of the archive"),
    (TRUNCATED, "ends too early"),
    (TWIN, "two paths that differ only in letter case or Unicode form"),
    (TYPE, "an entry that is neither file, link nor folder"),
    (UNSUPPORTED, "a feature of the format that releases do not use"),
    (TAR_CHECKSUM, "wrong header checksum"),
    (TAR_END, "the end is not marked by two zero blocks"),
    (TAR_EXTENSION, "extended headers repeated, mixed, or without an entry"),
    (TAR_GARBAGE, "bytes where the format wants zeros"),
    (TAR_MAGIC, "an unknown tar dialect"),
    (TAR_NUMBER, "a malformed number in a header"),
    (TAR_PAX, "a malformed, unknown or repeated pax record"),
    (TAR_SIZE, "sizes that contradict each other, or content where none may be"),
    (ZIP_DIFFER, "what a zip says before the data and what it says behind it disagree"),
    (ZIP_END, "the zip does not end in its one end record"),
    (ZIP_EXTRA, "an extra field that is malformed, repeated or may change what is read"),
    (ZIP_LAYOUT, "bytes that belong to no entry, or records that are not where they should be"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_kebab_case_and_unique() {
        let mut seen = std::collections::BTreeSet::new();
        for (code, meaning) in CODES {
            assert!(seen.insert(code), "{code} twice");
            assert!(code.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'), "{code}");
            assert!(!meaning.is_empty());
        }
    }
}

//! `.gitattributes` and `.mailmap`: files of the tag that explain things.
#![no_main]

use countersign::git::{Attributes, Mailmap};
use countersign::release::TreePath;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((choice, bytes)) = data.split_first() else { return };
    // The first line is what is looked up.
    let (first, rest) = bytes.split_at(bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len()));
    let first = &first[..first.len().min(4096)];
    if choice & 1 == 1 {
        let mailmap = Mailmap::parse(rest);
        let (name, email) =
            first.split_at(first.iter().position(|byte| *byte == b'<').unwrap_or(first.len()));
        mailmap.map(name, email);
        return;
    }
    let (one, two) = rest.split_at(rest.len() / 2);
    let files = [(TreePath::default(), one.to_vec()), (TreePath::from("src"), two.to_vec())];
    let Ok(attributes) = Attributes::parse(files) else { return };
    for path in [TreePath::new(first), TreePath::from("src/main.c"), TreePath::from("a/b/c.h")] {
        if let (Ok(found), Ok(_)) = (attributes.of(&path), attributes.of_folder(&path)) {
            assert!(!attributes.is_empty() || found.get("text").is_none());
        }
        let _ = attributes.export_ignored(&path, false);
    }
});

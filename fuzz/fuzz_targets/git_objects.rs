//! Loose objects: trees, commits and tags under their true ids, and files
//! that are none.
#![no_main]

use countersign::git::GitError;
use countersign::release::{ObjectId, TreePath};
use countersign_fuzz::Scratch;
use git2::ObjectType;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((choice, bytes)) = data.split_first() else { return };
    let mut scratch = Scratch::new();
    match choice % 4 {
        0 => {
            let tree = scratch.loose(ObjectType::Tree, bytes);
            let raw = format!("tree {tree}\nauthor A <a@x> 1 +0000\ncommitter A <a@x> 1 +0000\n\nx\n");
            let commit = scratch.loose(ObjectType::Commit, raw.as_bytes());
            let repository = scratch.open().expect("a repository");
            if let Ok(entries) = repository.tree(&commit, &TreePath::default()) {
                assert!(entries.windows(2).all(|pair| pair[0].path < pair[1].path), "sorted, none twice");
            }
            known(repository.tree(&commit, &TreePath::from("a")).map(drop));
            known(repository.attributes(&commit).map(drop));
            known(repository.mailmap(&commit).map(drop));
        }
        1 => {
            let id = scratch.loose(ObjectType::Commit, bytes);
            let repository = scratch.open().expect("a repository");
            known(repository.commit(&id).map(drop));
            known(repository.reaches(&id, &ObjectId::Sha1([1; 20])).map(drop));
            let mailmap = Default::default();
            if let Ok(history) = repository.history(&id, &mailmap) {
                history.for_each(|entry| known(entry.map(drop)));
            }
        }
        2 => {
            let id = scratch.loose(ObjectType::Tag, bytes);
            scratch.write("refs/tags/v1", format!("{id}\n").as_bytes());
            let repository = scratch.open().expect("a repository");
            known(repository.tag("v1").map(drop));
            known(repository.tags().map(drop));
        }
        _ => {
            let id = ObjectId::Sha1([0x11; 20]);
            scratch.write_loose(&id, bytes);
            let repository = scratch.open().expect("a repository");
            // Nobody finds bytes with this id.
            assert!(repository.object(&id, 1 << 20).is_err());
            known(repository.blob_size(&id).map(drop));
        }
    }
});

fn known(result: Result<(), GitError>) {
    if let Err(error) = result {
        assert!(!error.code().is_empty() && !error.subject().is_empty() && !error.to_string().is_empty());
    }
}

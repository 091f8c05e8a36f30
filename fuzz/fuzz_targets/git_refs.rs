//! HEAD, packed-refs and loose refs.
#![no_main]

use countersign_fuzz::Scratch;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((choice, bytes)) = data.split_first() else { return };
    let mut scratch = Scratch::new();
    let name = ["packed-refs", "HEAD", "refs/tags/v1", "refs/heads/main"][usize::from(choice % 4)];
    scratch.write(name, bytes);
    let Ok(repository) = scratch.open() else { return };
    if let Ok(tags) = repository.tags() {
        assert!(tags.windows(2).all(|pair| pair[0].0 < pair[1].0), "sorted, none twice");
        for (name, _) in tags.iter().take(4) {
            drop(repository.tag(name));
        }
    }
    drop(repository.tag("v1"));
    drop(repository.branches());
});

//! Packs and their indexes. Half of the inputs are entries of a pack, put
//! together with a true index; the rest is both files as they are.
#![no_main]

#[path = "../../tests/git_support/pack.rs"]
mod pack;

use countersign::release::ObjectId;
use countersign_fuzz::Scratch;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((choice, mut rest)) = data.split_first() else { return };
    let mut scratch = Scratch::new();
    let (packed, index) = if choice & 1 == 0 {
        let mut entries = vec![pack::blob(b"hello"), pack::blob(b"hello!")];
        while let [kind, length, tail @ ..] = rest {
            let (bytes, tail) = tail.split_at(usize::from(*length).min(tail.len()));
            let id = [entries.len() as u8; 20];
            entries.push(match kind % 4 {
                // A delta on any of them, itself included.
                0 => pack::ref_delta(id, [kind >> 2; 20], bytes),
                1 => pack::ref_delta(id, pack::blob_id(b"hello"), bytes),
                2 => pack::ofs_delta(id, kind >> 1, bytes),
                _ => pack::Entry { id, bytes: bytes.to_vec() },
            });
            rest = tail;
        }
        pack::build(&entries)
    } else {
        let [high, low, both @ ..] = rest else { return };
        let (index, packed) = both.split_at(usize::from(u16::from_be_bytes([*high, *low])).min(both.len()));
        (packed.to_vec(), index.to_vec())
    };
    scratch.write("objects/pack/pack-x.pack", &packed);
    scratch.write("objects/pack/pack-x.idx", &index);
    let Ok(repository) = scratch.open() else { return };
    for number in 0..8u8 {
        let id = ObjectId::Sha1([number; 20]);
        assert!(repository.object(&id, 1 << 16).is_err(), "nobody finds bytes with this id");
        drop(repository.blob_size(&id));
    }
    if choice & 1 == 0 {
        let id = ObjectId::Sha1(pack::blob_id(b"hello!"));
        assert_eq!(repository.blob(&id, 1 << 16).expect("it is there"), b"hello!");
    }
});

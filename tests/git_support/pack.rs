//! Packs made by hand, so that they can lie.

#![allow(dead_code, reason = "each test program uses its own part")]

use std::io::Write as _;
use std::path::Path;

use sha2::Digest as _;

/// An entry of a pack as written: the id that the index gives it, and bytes.
pub struct Entry {
    pub id: [u8; 20],
    pub bytes: Vec<u8>,
}

pub const BLOB: u8 = 3;
pub const OFS_DELTA: u8 = 6;
pub const REF_DELTA: u8 = 7;

/// `kind` and `size` as an entry's head.
pub fn head(kind: u8, size: u64) -> Vec<u8> {
    let mut byte = kind << 4 | (size & 0x0f) as u8;
    let mut size = size >> 4;
    let mut bytes = Vec::new();
    while size > 0 {
        bytes.push(byte | 0x80);
        byte = (size & 0x7f) as u8;
        size >>= 7;
    }
    bytes.push(byte);
    bytes
}

pub fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

pub fn blob(content: &[u8]) -> Entry {
    Entry { id: blob_id(content), bytes: [head(BLOB, content.len() as u64), deflate(content)].concat() }
}

pub fn ref_delta(id: [u8; 20], base: [u8; 20], delta: &[u8]) -> Entry {
    let bytes = [head(REF_DELTA, delta.len() as u64), base.to_vec(), deflate(delta)].concat();
    Entry { id, bytes }
}

/// `back` below 128.
pub fn ofs_delta(id: [u8; 20], back: u8, delta: &[u8]) -> Entry {
    let bytes = [head(OFS_DELTA, delta.len() as u64), vec![back], deflate(delta)].concat();
    Entry { id, bytes }
}

pub fn blob_id(content: &[u8]) -> [u8; 20] {
    sha1(&[format!("blob {}\0", content.len()).as_bytes(), content].concat())
}

pub fn sha1(bytes: &[u8]) -> [u8; 20] {
    sha1_checked::Sha1::digest(bytes).into()
}

/// A pack and its index.
pub fn build(entries: &[Entry]) -> (Vec<u8>, Vec<u8>) {
    let count = u32::try_from(entries.len()).expect("few");
    let mut pack = [&b"PACK\0\0\0\x02"[..], &count.to_be_bytes()].concat();
    let mut places = Vec::new();
    for entry in entries {
        places.push((entry.id, u32::try_from(pack.len()).expect("small")));
        pack.extend_from_slice(&entry.bytes);
    }
    let trailer = sha1(&pack);
    pack.extend_from_slice(&trailer);
    places.sort_unstable();
    let mut index = vec![0xff, b't', b'O', b'c', 0, 0, 0, 2];
    for first in 0..=255u8 {
        let upto = places.iter().filter(|(id, _)| id[0] <= first).count();
        index.extend_from_slice(&u32::try_from(upto).expect("few").to_be_bytes());
    }
    places.iter().for_each(|(id, _)| index.extend_from_slice(id));
    places.iter().for_each(|_| index.extend_from_slice(&[0; 4]));
    places.iter().for_each(|(_, at)| index.extend_from_slice(&at.to_be_bytes()));
    index.extend_from_slice(&trailer);
    let checksum = sha1(&index);
    index.extend_from_slice(&checksum);
    (pack, index)
}

/// Puts a pack with its index into a repository.
pub fn store(git_dir: &Path, name: &str, pack: &[u8], index: &[u8]) {
    let folder = git_dir.join("objects/pack");
    std::fs::write(folder.join(format!("pack-{name}.pack")), pack).expect("a pack");
    std::fs::write(folder.join(format!("pack-{name}.idx")), index).expect("an index");
}

//! Loose objects, read by ourselves.
//!
//! The format is small (gitformat-loose): one zlib stream of
//! `KIND SP SIZE NUL CONTENT`. Whether the stream ended well does not matter
//! beyond its bytes: they are hashed.

use std::fs::File;
use std::io::{self, Read as _};

use flate2::read::ZlibDecoder;

use super::GitError;
use super::folder::Folder;
use super::objects::{Kind, corrupt};
use crate::release::ObjectId;

/// `commit `, 20 digits and NUL fit well.
const MAX_HEADER: usize = 32;

/// An object's header and the stream that its content follows on.
pub(super) struct Loose {
    id: ObjectId,
    pub kind: Kind,
    pub size: u64,
    content: ZlibDecoder<File>,
}

impl Loose {
    /// Opens the loose object `id`; `None` if there is none.
    pub fn open(objects: &Folder, id: &ObjectId) -> Result<Option<Self>, GitError> {
        let hex = id.to_string();
        let (fan, rest) = hex.split_at(2);
        let Some(fan) = objects.enter(fan.as_bytes())? else { return Ok(None) };
        let Some(file) = fan.open_file(rest.as_bytes())? else { return Ok(None) };
        let mut content = ZlibDecoder::new(file);
        let mut header = Vec::new();
        let mut byte = [0u8];
        loop {
            content.read_exact(&mut byte).map_err(|error| damaged(id, &error))?;
            let [byte] = byte;
            match byte {
                0 => break,
                _ if header.len() == MAX_HEADER => return Err(corrupt(id, "its header has no end")),
                byte => header.push(byte),
            }
        }
        let (kind, size) = parse_header(&header).ok_or_else(|| corrupt(id, "its header is malformed"))?;
        Ok(Some(Self { id: *id, kind, size, content }))
    }

    /// The content; nobody has hashed it yet. Memory grows with what the stream
    /// really holds, up to the stated size, which the caller has bounded.
    pub fn read(mut self) -> Result<(Kind, Vec<u8>), GitError> {
        let id = self.id;
        let mut bytes = Vec::new();
        let mut content = (&mut self.content).take(self.size.saturating_add(1));
        content.read_to_end(&mut bytes).map_err(|error| damaged(&id, &error))?;
        if bytes.len() as u64 != self.size {
            return Err(corrupt(&id, "it has not the size that its header states"));
        }
        Ok((self.kind, bytes))
    }
}

fn parse_header(header: &[u8]) -> Option<(Kind, u64)> {
    let (kind, size) = std::str::from_utf8(header).ok()?.split_once(' ')?;
    let kind = [Kind::Commit, Kind::Tree, Kind::Blob, Kind::Tag].into_iter().find(|k| k.as_str() == kind)?;
    let plain = size.bytes().all(|byte| byte.is_ascii_digit()) && (size == "0" || !size.starts_with('0'));
    Some((kind, size.parse().ok().filter(|_| plain)?))
}

/// A stream that ends too early or is no zlib stream, or a disk that fails.
fn damaged(id: &ObjectId, error: &io::Error) -> GitError {
    corrupt(id, &format!("its loose file cannot be inflated: {error}"))
}

//! A zip writer that will write anything.

use std::io::Write as _;

use super::crc;

/// One header, local or central, as it will be written.
#[derive(Clone, Debug)]
pub struct Header {
    pub signature: u32,
    pub made_by: u16,
    pub version: u16,
    pub flags: u16,
    pub method: u16,
    pub time: u32,
    pub crc: u32,
    pub packed: u32,
    pub size: u32,
    pub name: Vec<u8>,
    pub extra: Vec<u8>,
    pub comment: Vec<u8>,
    pub disk: u16,
    pub internal: u16,
    pub attributes: u32,
    pub offset: u32,
}

/// An entry: what stands before its data, the data, what stands after it, and
/// what the directory says.
#[derive(Clone, Debug)]
pub struct Item {
    pub local: Header,
    pub data: Vec<u8>,
    pub descriptor: Vec<u8>,
    pub central: Header,
}

impl Item {
    pub fn stored(name: &str, content: &[u8]) -> Self {
        let header = Header {
            signature: 0x0403_4b50,
            made_by: 0x0314,
            version: 20,
            flags: 0,
            method: 0,
            time: 0x5821_0000,
            crc: crc(content),
            packed: content.len() as u32,
            size: content.len() as u32,
            name: name.into(),
            extra: Vec::new(),
            comment: Vec::new(),
            disk: 0,
            internal: 0,
            attributes: 0o100_644 << 16,
            offset: 0,
        };
        let mut item =
            Self { central: header.clone(), local: header, data: content.to_vec(), descriptor: Vec::new() };
        item.central.signature = 0x0201_4b50;
        if !name.is_ascii() {
            item = item.both(|header| header.flags = 0x0800);
        }
        item
    }

    pub fn deflated(name: &str, content: &[u8]) -> Self {
        let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(content).unwrap();
        let packed = encoder.finish().unwrap();
        let mut item = Self::stored(name, content).both(|header| {
            header.method = 8;
            header.packed = packed.len() as u32;
        });
        item.data = packed;
        item
    }

    /// As a writer does that cannot seek back.
    pub fn streamed(name: &str, content: &[u8]) -> Self {
        let mut item = Self::deflated(name, content).both(|header| header.flags |= 8);
        let sums = [item.central.crc, item.central.packed, item.central.size];
        item.descriptor =
            [0x0807_4b50].iter().chain(&sums).flat_map(|word: &u32| word.to_le_bytes()).collect();
        item.local(|header| (header.crc, header.packed, header.size) = (0, 0, 0))
    }

    pub fn folder(name: &str) -> Self {
        Self::stored(name, b"").central(|header| header.attributes = 0o040_755 << 16 | 0x10)
    }

    pub fn both(mut self, change: impl Fn(&mut Header)) -> Self {
        change(&mut self.local);
        change(&mut self.central);
        self
    }

    pub fn local(mut self, change: impl Fn(&mut Header)) -> Self {
        change(&mut self.local);
        self
    }

    pub fn central(mut self, change: impl Fn(&mut Header)) -> Self {
        change(&mut self.central);
        self
    }

    pub fn mode(self, mode: u32) -> Self {
        self.central(|header| header.attributes = mode << 16)
    }
}

/// A zip being put together.
#[derive(Clone, Debug, Default)]
pub struct Zip {
    pub body: Vec<u8>,
    pub directory: Vec<u8>,
    pub entries: u16,
}

impl Zip {
    pub fn of(items: &[Item]) -> Vec<u8> {
        items.iter().fold(Self::default(), |zip, item| zip.item(item)).end(b"")
    }

    pub fn item(mut self, item: &Item) -> Self {
        let mut central = item.central.clone();
        central.offset = central.offset.wrapping_add(self.body.len() as u32);
        self.body.extend(local(&item.local));
        self.body.extend(&item.data);
        self.body.extend(&item.descriptor);
        self.directory.extend(directory(&central));
        self.entries += 1;
        self
    }

    /// Bytes that no header mentions.
    pub fn gap(mut self, bytes: &[u8]) -> Self {
        self.body.extend(bytes);
        self
    }

    pub fn end(self, comment: &[u8]) -> Vec<u8> {
        let end = end(self.entries, self.directory.len() as u32, self.body.len() as u32, comment);
        [self.body, self.directory, end].concat()
    }
}

fn local(header: &Header) -> Vec<u8> {
    let mut out = header.signature.to_le_bytes().to_vec();
    common(header, &mut out);
    out.extend(&header.name);
    out.extend(&header.extra);
    out
}

fn directory(header: &Header) -> Vec<u8> {
    let mut out = header.signature.to_le_bytes().to_vec();
    out.extend(header.made_by.to_le_bytes());
    common(header, &mut out);
    for field in [header.comment.len() as u16, header.disk, header.internal] {
        out.extend(field.to_le_bytes());
    }
    out.extend(header.attributes.to_le_bytes());
    out.extend(header.offset.to_le_bytes());
    out.extend(&header.name);
    out.extend(&header.extra);
    out.extend(&header.comment);
    out
}

fn common(header: &Header, out: &mut Vec<u8>) {
    for field in [header.version, header.flags, header.method] {
        out.extend(field.to_le_bytes());
    }
    for field in [header.time, header.crc, header.packed, header.size] {
        out.extend(field.to_le_bytes());
    }
    for field in [header.name.len() as u16, header.extra.len() as u16] {
        out.extend(field.to_le_bytes());
    }
}

pub fn end(entries: u16, size: u32, offset: u32, comment: &[u8]) -> Vec<u8> {
    let mut out = b"PK\x05\x06\0\0\0\0".to_vec();
    out.extend(entries.to_le_bytes());
    out.extend(entries.to_le_bytes());
    out.extend(size.to_le_bytes());
    out.extend(offset.to_le_bytes());
    out.extend((comment.len() as u16).to_le_bytes());
    out.extend(comment);
    out
}

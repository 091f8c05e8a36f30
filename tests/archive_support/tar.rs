//! A tar writer that will write anything.

/// A header that can still be changed; its checksum is set when it is added.
#[derive(Clone)]
pub struct Header(pub [u8; 512]);

impl Header {
    /// An honest POSIX header.
    pub fn new(flag: u8, name: &str, size: u64) -> Self {
        let mut header = Self([0; 512]);
        header.put(0, name.as_bytes());
        header.octal(100, 7, if flag == b'5' { 0o755 } else { 0o644 });
        header.octal(108, 7, 1000);
        header.octal(116, 7, 1000);
        header.octal(124, 11, size);
        header.octal(136, 11, 1_700_000_000);
        header.0[156] = flag;
        header.put(257, b"ustar\x0000");
        header.put(265, b"root");
        header.put(297, b"root");
        header
    }

    pub fn gnu(mut self) -> Self {
        self.put(257, b"ustar  \0");
        self
    }

    pub fn v7(mut self) -> Self {
        self.0[257..345].fill(0);
        self
    }

    pub fn put(&mut self, at: usize, bytes: &[u8]) -> &mut Self {
        self.0[at..at + bytes.len()].copy_from_slice(bytes);
        self
    }

    pub fn with(mut self, at: usize, bytes: &[u8]) -> Self {
        self.put(at, bytes);
        self
    }

    pub fn mode(self, mode: u64) -> Self {
        self.with(100, format!("{mode:07o}").as_bytes())
    }

    pub fn link(self, target: &str) -> Self {
        self.with(157, target.as_bytes())
    }

    fn octal(&mut self, at: usize, digits: usize, value: u64) {
        let text = format!("{value:0digits$o}");
        self.put(at, text.as_bytes());
    }

    pub fn sum(&self) -> u64 {
        let field: u64 = self.0[148..156].iter().map(|byte| u64::from(*byte)).sum();
        self.0.iter().map(|byte| u64::from(*byte)).sum::<u64>() - field + 8 * 32
    }

    pub fn signed_sum(&self) -> i64 {
        let field: i64 = self.0[148..156].iter().map(|byte| i64::from(byte.cast_signed())).sum();
        self.0.iter().map(|byte| i64::from(byte.cast_signed())).sum::<i64>() - field + 8 * 32
    }

    pub fn finish(mut self) -> [u8; 512] {
        let text = format!("{:06o}\0 ", self.sum());
        self.put(148, text.as_bytes());
        self.0
    }
}

/// A tar being put together.
#[derive(Clone, Default)]
pub struct Tar(pub Vec<u8>);

impl Tar {
    pub fn new() -> Self {
        Self::default()
    }

    /// A header with a right checksum.
    pub fn header(mut self, header: Header) -> Self {
        self.0.extend(header.finish());
        self
    }

    /// Any bytes.
    pub fn raw(mut self, bytes: &[u8]) -> Self {
        self.0.extend(bytes);
        self
    }

    /// Content and its padding.
    pub fn body(mut self, bytes: &[u8]) -> Self {
        self.0.extend(bytes);
        self.0.resize(self.0.len().next_multiple_of(512), 0);
        self
    }

    pub fn file(self, name: &str, content: &[u8]) -> Self {
        self.header(Header::new(b'0', name, content.len() as u64)).body(content)
    }

    pub fn folder(self, name: &str) -> Self {
        self.header(Header::new(b'5', name, 0))
    }

    pub fn symlink(self, name: &str, target: &str) -> Self {
        self.header(Header::new(b'2', name, 0).mode(0o777).link(target))
    }

    pub fn hardlink(self, name: &str, target: &str) -> Self {
        self.header(Header::new(b'1', name, 0).link(target))
    }

    /// A pax header with records of the right length.
    pub fn pax(self, records: &[(&str, &str)]) -> Self {
        let body: String = records.iter().map(|(key, value)| record(key, value)).collect();
        self.pax_raw(b'x', body.as_bytes())
    }

    pub fn global(self, records: &[(&str, &str)]) -> Self {
        let body: String = records.iter().map(|(key, value)| record(key, value)).collect();
        self.pax_raw(b'g', body.as_bytes())
    }

    pub fn pax_raw(self, flag: u8, body: &[u8]) -> Self {
        self.header(Header::new(flag, "PaxHeaders/x", body.len() as u64)).body(body)
    }

    /// A GNU long name (`L`) or long link target (`K`).
    pub fn long(self, flag: u8, text: &str) -> Self {
        let body = [text.as_bytes(), b"\0"].concat();
        self.long_raw(flag, &body)
    }

    pub fn long_raw(self, flag: u8, body: &[u8]) -> Self {
        self.header(Header::new(flag, "././@LongLink", body.len() as u64).gnu()).body(body)
    }

    /// Two zero blocks.
    pub fn end(self) -> Vec<u8> {
        self.raw(&[0; 1024]).0
    }
}

/// `LENGTH KEY=VALUE\n` with a length that counts itself.
pub fn record(key: &str, value: &str) -> String {
    let rest = format!(" {key}={value}\n");
    let length =
        (1..9).find(|digits| (rest.len() + digits).to_string().len() == *digits).unwrap() + rest.len();
    format!("{length}{rest}")
}

//! ASCII armour, read strictly (RFC 9580 section 6).
//!
//! Tools differ in what they pick out of a file with text around the armour,
//! two blocks or a wrong label; a release file has exactly one reading. So:
//! one block, the wanted label, nothing but white space outside. Line ends
//! are LF or CRLF, trailing blanks are allowed. The checksum line may be
//! absent and its value is not compared, as section 6.1 demands.

use sequoia_openpgp::crypto::mem::Protected;

/// Bytes of armour headers that are still read.
const MAX_HEADERS: usize = 4096;

/// Why a text is not the one wanted armour block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ArmorDefect {
    /// No armour begins anywhere.
    NoArmor,
    /// Text before or after the block: a piece of it, escaped.
    TextOutside(String),
    /// A second block begins after the first.
    SeveralBlocks,
    /// The block has another label; its packets, if they could be read, tell
    /// what it really holds.
    WrongLabel { label: String, body: Option<Protected> },
    /// A cleartext-signed document: the text is inside the file.
    Cleartext,
    /// Another kind of signature: SSH or X.509.
    OtherFormat(String),
    /// Headers longer than [`MAX_HEADERS`].
    HeadersTooLong,
    /// The block's inside is not armour: why.
    Malformed(&'static str),
}

/// Decodes the one armour block of `text`, whose label must be `label`
/// (`PGP SIGNATURE`). The result is wiped when dropped, as the block may hold
/// a secret key.
pub(crate) fn decode(text: &[u8], label: &str) -> Result<Protected, ArmorDefect> {
    let mut lines = Lines { rest: text };
    let (found, before) = find_begin(&mut lines)?;
    if found == "PGP SIGNED MESSAGE" {
        return Err(ArmorDefect::Cleartext);
    }
    if !found.starts_with("PGP ") {
        return Err(ArmorDefect::OtherFormat(found));
    }
    let body = read_block(&mut lines, &found);
    if found != label {
        return Err(ArmorDefect::WrongLabel { label: found, body: body.ok() });
    }
    let body = body?;
    outside(before, lines)?;
    Ok(body)
}

/// The label of the first block and the first line of text before it.
fn find_begin<'a>(lines: &mut Lines<'a>) -> Result<(String, Option<&'a [u8]>), ArmorDefect> {
    let mut before = None;
    for line in lines.by_ref() {
        if let Some(label) = marker(line, b"-----BEGIN ") {
            return Ok((label, before));
        }
        if before.is_none() && !line.trim_ascii().is_empty() {
            before = Some(line);
        }
    }
    Err(ArmorDefect::NoArmor)
}

/// Refuses text before and after the block.
fn outside(before: Option<&[u8]>, after: Lines<'_>) -> Result<(), ArmorDefect> {
    let mut text = before;
    for line in after {
        if marker(line, b"-----BEGIN ").is_some_and(|label| label.starts_with("PGP ")) {
            return Err(ArmorDefect::SeveralBlocks);
        }
        if text.is_none() && !line.trim_ascii().is_empty() {
            text = Some(line);
        }
    }
    match text {
        Some(line) => Err(ArmorDefect::TextOutside(excerpt(line))),
        None => Ok(()),
    }
}

/// Reads headers, base64 and the end line of the block labelled `label`.
fn read_block(lines: &mut Lines<'_>, label: &str) -> Result<Protected, ArmorDefect> {
    read_headers(lines)?;
    let mut decoder = Decoder::new(lines.rest.len());
    let mut checksum = false;
    for line in lines.by_ref() {
        let line = line.trim_ascii_end();
        if let Some(end) = marker(line, b"-----END ") {
            if end != label {
                return Err(ArmorDefect::Malformed("its end line has another label"));
            }
            return decoder.finish();
        }
        if line.starts_with(b"-----") {
            return Err(ArmorDefect::Malformed("it has no end line"));
        }
        if line.is_empty() {
            continue;
        }
        if checksum {
            return Err(ArmorDefect::Malformed("text follows its checksum line"));
        }
        if let [b'=', sum @ ..] = line
            && sum.len() == 4
            && sum.iter().all(|byte| sextet(*byte).is_some())
        {
            checksum = true;
            continue;
        }
        decoder.line(line)?;
    }
    Err(ArmorDefect::Malformed("it has no end line"))
}

/// Skips `Key: value` lines up to the empty line that ends them.
fn read_headers(lines: &mut Lines<'_>) -> Result<(), ArmorDefect> {
    let start = lines.rest.len();
    loop {
        let Some(line) = lines.next() else {
            return Err(ArmorDefect::Malformed("it has no empty line after its headers"));
        };
        if start - lines.rest.len() > MAX_HEADERS {
            return Err(ArmorDefect::HeadersTooLong);
        }
        if line.trim_ascii().is_empty() {
            return Ok(());
        }
        if !line.windows(2).any(|pair| pair == b": ") && !line.trim_ascii_end().ends_with(b":") {
            return Err(ArmorDefect::Malformed("it has no empty line after its headers"));
        }
    }
}

/// `LABEL` of a line `PREFIX LABEL-----` with nothing but blanks after it.
fn marker(line: &[u8], prefix: &[u8]) -> Option<String> {
    let label = line.trim_ascii_end().strip_prefix(prefix)?.strip_suffix(b"-----")?;
    let plain = label.iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || *byte == b' ');
    plain.then(|| label.iter().map(|byte| char::from(*byte)).collect())
}

fn excerpt(line: &[u8]) -> String {
    let start = line.trim_ascii();
    crate::release::path::printable(start.get(..40).unwrap_or(start))
}

/// Lines without their LF.
struct Lines<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Lines<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        if self.rest.is_empty() {
            return None;
        }
        let mut parts = self.rest.splitn(2, |byte| *byte == b'\n');
        let line = parts.next()?;
        self.rest = parts.next().unwrap_or_default();
        Some(line)
    }
}

/// Strict base64 into memory that is allocated once and wiped at the end.
struct Decoder {
    out: Protected,
    used: usize,
    bits: u32,
    count: u32,
    padding: u32,
}

impl Decoder {
    /// `text` bounds the number of base64 digits to come.
    fn new(text: usize) -> Self {
        Self { out: Protected::new(text / 4 * 3 + 3), used: 0, bits: 0, count: 0, padding: 0 }
    }

    fn line(&mut self, line: &[u8]) -> Result<(), ArmorDefect> {
        for byte in line {
            if *byte == b'=' {
                self.padding += 1;
                continue;
            }
            let value =
                sextet(*byte).ok_or(ArmorDefect::Malformed("it holds a character that is not base64"))?;
            if self.padding > 0 {
                return Err(ArmorDefect::Malformed("base64 goes on after its padding"));
            }
            self.bits = self.bits << 6 | u32::from(value);
            self.count += 1;
            if self.count == 4 {
                self.flush(3);
            }
        }
        Ok(())
    }

    /// Writes `bytes` bytes of the 24 collected bits.
    fn flush(&mut self, bytes: usize) {
        let group = self.bits.to_be_bytes();
        for byte in group.iter().skip(1).take(bytes) {
            if let Some(place) = self.out.get_mut(self.used) {
                *place = *byte;
            }
            self.used += 1;
        }
        self.bits = 0;
        self.count = 0;
    }

    fn finish(mut self) -> Result<Protected, ArmorDefect> {
        match (self.count, self.padding) {
            (0, 0) => {}
            (2, 2) if self.bits & 0x0f == 0 => {
                self.bits <<= 12;
                self.flush(1);
            }
            (3, 1) if self.bits & 0x03 == 0 => {
                self.bits <<= 6;
                self.flush(2);
            }
            _ => return Err(ArmorDefect::Malformed("its base64 is cut off or badly padded")),
        }
        Ok(Protected::from(self.out.get(..self.used).unwrap_or_default()))
    }
}

fn sextet(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEGIN: &str = "-----BEGIN PGP SIGNATURE-----\n";
    const END: &str = "-----END PGP SIGNATURE-----\n";

    fn read(text: &str) -> Result<Vec<u8>, ArmorDefect> {
        decode(text.as_bytes(), "PGP SIGNATURE").map(|bytes| bytes.to_vec())
    }

    #[test]
    fn one_block_is_read_with_and_without_headers_checksum_and_crlf() {
        for text in [
            format!("{BEGIN}\nAQID\n{END}"),
            format!("{BEGIN}Comment: x\nHash:\n\nAQID\n=abcd\n{END}"),
            format!("\n  \n{BEGIN}\nAQ\nID\n{END}\n\t\n"),
            format!("{BEGIN}\nAQID\n{END}").replace('\n', "\r\n"),
            format!("{BEGIN}\nAQID\n{}", END.trim_end()),
        ] {
            assert_eq!(read(&text), Ok(vec![1, 2, 3]), "{text}");
        }
        assert_eq!(read(&format!("{BEGIN}\nAQ==\n{END}")), Ok(vec![1]));
        assert_eq!(read(&format!("{BEGIN}\nAQI=\n{END}")), Ok(vec![1, 2]));
        assert_eq!(read(&format!("{BEGIN}\n\n{END}")), Ok(vec![]));
    }

    #[test]
    fn text_around_the_block_is_refused() {
        let block = format!("{BEGIN}\nAQID\n{END}");
        assert_eq!(read(&format!("Hello\n{block}")), Err(ArmorDefect::TextOutside("Hello".into())));
        assert_eq!(read(&format!("{block}bye")), Err(ArmorDefect::TextOutside("bye".into())));
        assert_eq!(read(&format!("{block}{block}")), Err(ArmorDefect::SeveralBlocks));
    }

    #[test]
    fn other_labels_are_told_apart() {
        let message = format!("{BEGIN}\nAQID\n{END}").replace("SIGNATURE", "MESSAGE");
        let wrong = ArmorDefect::WrongLabel { label: "PGP MESSAGE".into(), body: Some(vec![1, 2, 3].into()) };
        assert_eq!(read(&message), Err(wrong));
        assert_eq!(
            read("-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\nx\n"),
            Err(ArmorDefect::Cleartext)
        );
        assert_eq!(
            read("-----BEGIN SSH SIGNATURE-----\nAQID\n-----END SSH SIGNATURE-----\n"),
            Err(ArmorDefect::OtherFormat("SSH SIGNATURE".into()))
        );
        for none in ["", "\n \n", "hello", "-----BEGIN-----", "----BEGIN PGP SIGNATURE----"] {
            assert_eq!(read(none), Err(ArmorDefect::NoArmor), "{none}");
        }
    }

    #[test]
    fn one_spelling_of_base64_and_of_the_frame() {
        for body in ["AR==", "AQJ=", "A", "AQ=", "AQ", "AQ==AQ==", "A*==", "=abcd\nAQID", "AQID\n=abcd\nAQID"]
        {
            let result = read(&format!("{BEGIN}\n{body}\n{END}"));
            assert!(matches!(result, Err(ArmorDefect::Malformed(_))), "{body}: {result:?}");
        }
        for text in [
            format!("{BEGIN}\nAQID\n"),
            format!("{BEGIN}AQID\n{END}"),
            format!("{BEGIN}\nAQID\n{}", END.replace("SIGNATURE", "MESSAGE")),
            format!("{BEGIN}\nAQID\n{BEGIN}{END}"),
        ] {
            assert!(matches!(read(&text), Err(ArmorDefect::Malformed(_))), "{text}");
        }
    }

    #[test]
    fn endless_headers_are_cut() {
        let header = format!("Comment: {}\n", "x".repeat(70)).repeat(60);
        assert_eq!(read(&format!("{BEGIN}{header}\nAQID\n{END}")), Err(ArmorDefect::HeadersTooLong));
    }
}

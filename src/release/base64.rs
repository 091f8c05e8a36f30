//! Base64 (RFC 4648 section 4), with one spelling for each sequence of bytes.

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Decodes padded base64. `None` for anything but the one spelling that
/// [`encode`] gives with padding: no blanks, no missing or surplus `=`, no
/// bits that decode to nothing.
pub fn decode(text: &[u8]) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(4) {
        return None;
    }
    let digits = text.strip_suffix(b"==").or_else(|| text.strip_suffix(b"=")).unwrap_or(text);
    let mut out = Vec::with_capacity(digits.len() / 4 * 3 + 2);
    let (mut bits, mut count) = (0u32, 0u32);
    for digit in digits {
        bits = (bits << 6) | sextet(*digit)?;
        count += 6;
        if count >= 8 {
            count -= 8;
            out.push(u8::try_from((bits >> count) & 0xff).ok()?);
        }
    }
    // Left over are 0, 2 or 4 bits, which must be zero.
    (bits & ((1 << count) - 1) == 0).then_some(out)
}

/// Encodes without padding, as fingerprints of SSH keys are shown.
pub fn encode_unpadded(bytes: &[u8]) -> String {
    let digit = |bits: u32| ALPHABET.get((bits & 63) as usize).map_or('A', |byte| char::from(*byte));
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let word = (0..3).fold(0u32, |word, at| (word << 8) | u32::from(chunk.get(at).copied().unwrap_or(0)));
        out.extend((0..=chunk.len()).map(|at| digit(word >> (18 - 6 * at))));
    }
    out
}

fn sextet(digit: u8) -> Option<u32> {
    ALPHABET.iter().position(|known| *known == digit).and_then(|at| u32::try_from(at).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_the_rfc() {
        for (plain, coded) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")]
        {
            assert_eq!(decode(coded.as_bytes()).unwrap(), plain.as_bytes());
            assert_eq!(encode_unpadded(plain.as_bytes()), coded.trim_end_matches('='));
        }
    }

    #[test]
    fn there_is_one_spelling() {
        for bad in ["Zg", "Zg=", "Zh==", "Zm9=", "Z===", "====", "Zm 9", "Zm9v\n", "Zg==Zg==", "Zm-_"] {
            assert_eq!(decode(bad.as_bytes()), None, "{bad}");
        }
    }
}

//! Packet frames: where each packet begins and ends (RFC 9580 section 4.2).
//!
//! Frames are found before any packet is parsed, so the number of packets is
//! known and bounded before anything costs time: Sequoia's own stream of
//! packets takes quadratic time on a file of many signatures.

/// Tag of a signature packet.
pub(crate) const SIGNATURE: u8 = 2;

/// One packet with its header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Frame<'a> {
    /// Packet type.
    pub tag: u8,
    /// Header and body.
    pub bytes: &'a [u8],
}

/// The packets of `data` up to `limit` of them, and the bytes that follow.
///
/// The rest is not empty if something there is no whole packet of definite
/// length, or if the limit was reached.
pub(crate) fn split(data: &[u8], limit: usize) -> (Vec<Frame<'_>>, &[u8]) {
    let mut frames = Vec::new();
    let mut rest = data;
    while frames.len() < limit
        && let Some((tag, length)) = measure(rest)
        && let Some((bytes, after)) = rest.split_at_checked(length)
    {
        frames.push(Frame { tag, bytes });
        rest = after;
    }
    (frames, rest)
}

/// Tag and whole length, header included, of the packet that `data` starts
/// with; `None` if there is none or its length is partial or indeterminate,
/// which no signature or key may have (section 4.2.1.4).
fn measure(data: &[u8]) -> Option<(u8, usize)> {
    let (first, rest) = data.split_first()?;
    if first & 0x80 == 0 {
        return None;
    }
    let (tag, header, body) = if first & 0x40 != 0 {
        let (header, body) = new_length(rest)?;
        (first & 0x3f, header, body)
    } else {
        let (header, body) = old_length(first & 3, rest)?;
        (first >> 2 & 0x0f, header, body)
    };
    // Tag 0 is reserved and must not be used (section 5).
    (tag != 0).then(|| body.checked_add(header)?.checked_add(1).map(|whole| (tag, whole)))?
}

fn new_length(rest: &[u8]) -> Option<(usize, usize)> {
    match *rest {
        [one @ 0..192, ..] => Some((1, usize::from(one))),
        [high @ 192..224, low, ..] => Some((2, (usize::from(high) - 192) * 256 + usize::from(low) + 192)),
        [255, a, b, c, d, ..] => Some((5, u32::from_be_bytes([a, b, c, d]).try_into().ok()?)),
        _ => None,
    }
}

fn old_length(kind: u8, rest: &[u8]) -> Option<(usize, usize)> {
    match (kind, rest) {
        (0, [one, ..]) => Some((1, usize::from(*one))),
        (1, [a, b, ..]) => Some((2, usize::from(u16::from_be_bytes([*a, *b])))),
        (2, [a, b, c, d, ..]) => Some((4, u32::from_be_bytes([*a, *b, *c, *d]).try_into().ok()?)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(data: &[u8]) -> (Vec<(u8, usize)>, usize) {
        let (frames, rest) = split(data, 16);
        (frames.iter().map(|frame| (frame.tag, frame.bytes.len())).collect(), rest.len())
    }

    #[test]
    fn both_header_formats_and_all_definite_lengths() {
        assert_eq!(tags(&[0xc2, 1, 9, 0x88, 2, 9, 9]), (vec![(2, 3), (2, 4)], 0));
        let mut long = vec![0xc2, 192, 8];
        long.extend([0; 200]);
        long.extend([0x89, 0, 3, 1, 1, 1, 0x8a, 0, 0, 0, 1, 1, 0xc2, 255, 0, 0, 0, 1, 1]);
        assert_eq!(tags(&long), (vec![(2, 203), (2, 6), (2, 6), (2, 7)], 0));
    }

    #[test]
    fn what_is_no_whole_packet_is_left_over() {
        for bad in [
            &[0x00, 1, 1][..],
            &[0xc0, 1, 1],
            &[0xc2, 224, 1],
            &[0x8b, 1, 1],
            &[0xc2, 9, 1],
            &[0xc2],
            &[0xc2, 200],
            &[0xc2, 255, 255, 255, 255, 255, 1],
        ] {
            assert_eq!(tags(bad), (vec![], bad.len()), "{bad:?}");
        }
        assert_eq!(tags(&[0xc2, 1, 9, 0, 0, 0]), (vec![(2, 3)], 3));
    }

    #[test]
    fn the_limit_bounds_the_work() {
        let many = [0xc2, 0].repeat(1000);
        let (frames, rest) = split(&many, 16);
        assert_eq!((frames.len(), rest.len()), (16, 1968));
    }
}

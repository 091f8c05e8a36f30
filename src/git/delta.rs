//! Deltas of pack files (gitformat-pack, "Deltified representation").

/// The base's and the result's size that a delta states, and what follows.
pub(super) fn sizes(delta: &[u8]) -> Option<(u64, u64, &[u8])> {
    let (base, rest) = varint(delta)?;
    let (result, rest) = varint(rest)?;
    Some((base, result, rest))
}

/// Applies a delta: copies from `base` and literal bytes, which make exactly
/// the stated size. The caller has bounded that size.
pub(super) fn apply(base: &[u8], delta: &[u8]) -> Result<Vec<u8>, &'static str> {
    let (base_size, size, mut rest) = sizes(delta).ok_or("a delta without sizes")?;
    if base_size != base.len() as u64 {
        return Err("a delta for a base of another size");
    }
    let size = usize::try_from(size).map_err(|_| "a delta beyond all bounds")?;
    let mut out = Vec::with_capacity(size);
    while let Some((op, after)) = rest.split_first() {
        let piece;
        (piece, rest) = match op {
            0x80.. => copy(base, *op, after)?,
            0 => return Err("a delta with the reserved instruction"),
            _ => after.split_at_checked(usize::from(*op)).ok_or("a delta cut short")?,
        };
        if piece.len() > size - out.len() {
            return Err("a delta that makes more than it states");
        }
        out.extend_from_slice(piece);
    }
    if out.len() == size { Ok(out) } else { Err("a delta that makes less than it states") }
}

/// The part of `base` that a copy instruction names, and what follows it: the
/// low bits of `op` say which bytes of offset and size are there.
fn copy<'a>(base: &'a [u8], op: u8, after: &'a [u8]) -> Result<(&'a [u8], &'a [u8]), &'static str> {
    let mut rest = after;
    let mut number = |bits: u8, bytes: u32| {
        (0..bytes).filter(|bit| bits >> bit & 1 == 1).try_fold(0usize, |value, bit| {
            let (byte, after) = rest.split_first()?;
            rest = after;
            Some(value | usize::from(*byte) << (8 * bit))
        })
    };
    let offset = number(op & 0x0f, 4).ok_or("a delta cut short")?;
    let size = match number(op >> 4 & 0x07, 3).ok_or("a delta cut short")? {
        0 => 0x10000,
        size => size,
    };
    let end = offset.checked_add(size).ok_or("a delta that copies from nowhere")?;
    Ok((base.get(offset..end).ok_or("a delta that copies from nowhere")?, rest))
}

/// Seven bits a byte, the lowest first.
fn varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut value = 0u64;
    let mut rest = bytes;
    for shift in (0..63).step_by(7) {
        let (byte, after) = rest.split_first()?;
        rest = after;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some((value, rest));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: &[u8] = b"0123456789";

    #[test]
    fn copies_and_literals_make_the_result() {
        // Copy 4 bytes from 2, insert "ab", copy all.
        let delta = [10, 16, 0x91, 2, 4, 2, b'a', b'b', 0x90, 10];
        assert_eq!(apply(BASE, &delta), Ok(b"2345ab0123456789".to_vec()));
        assert_eq!(apply(BASE, &[10, 0]), Ok(vec![]));
    }

    #[test]
    fn a_copy_without_size_is_64_kib() {
        let base = vec![7u8; 0x10000];
        assert_eq!(apply(&base, &[0x80, 0x80, 4, 0x80, 0x80, 4, 0x80]), Ok(base));
    }

    #[test]
    fn deltas_that_lie_are_refused() {
        for (what, delta) in [
            ("empty", &[][..]),
            ("one size", &[10]),
            ("other base", &[9, 1, 1, b'a']),
            ("too little", &[10, 2, 1, b'a']),
            ("too much", &[10, 1, 2, b'a', b'b']),
            ("reserved", &[10, 1, 0, 1, b'a']),
            ("literal cut", &[10, 3, 3, b'a']),
            ("copy cut", &[10, 3, 0x91, 2]),
            ("copy beyond the end", &[10, 4, 0x91, 8, 4]),
            ("copy from afar", &[10, 1, 0x9f, 0xff, 0xff, 0xff, 0xff, 1]),
            ("endless size", &[0xff; 20]),
        ] {
            assert!(apply(BASE, delta).is_err(), "{what}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_delta_makes_more_than_it_states(base: Vec<u8>, mut ops: Vec<u8>, size in 0u8..128) {
            ops.splice(0..0, [u8::try_from(base.len() % 128).unwrap_or(0), size]);
            let base = &base[..base.len() % 128];
            if let Ok(result) = apply(base, &ops) {
                assert_eq!(result.len(), usize::from(size));
            }
        }
    }
}

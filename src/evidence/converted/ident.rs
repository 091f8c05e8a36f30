//! `ident`: `$Id$` becomes `$Id: BLOB $`.
//!
//! git does this in two ways that differ where dollars stand close together:
//! in memory (`ident_to_worktree`, always by `git archive`) and in a stream
//! (`ident_filter_fn`, by `git checkout` where no other conversion is in the
//! way). Both are taken over as they are, odd places included.

use crate::release::ObjectId;

/// The forms of the content with the blob's id filled in, one or two.
pub(super) fn forms(bytes: &[u8], id: &ObjectId) -> Vec<Vec<u8>> {
    let mut forms = vec![expand(bytes, id), expand_streamed(bytes, id)];
    forms.dedup();
    forms
}

/// In memory: what stands between `$Id:` and the next `$` of the same line is replaced,
/// unless it holds a blank before its last byte: then it is the mark of
/// another system, and stays.
fn expand(bytes: &[u8], id: &ObjectId) -> Vec<u8> {
    let filled = format!("Id: {id} $");
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some(dollar) = find(rest, b'$') {
        let (before, after) = rest.split_at(dollar + 1);
        out.extend_from_slice(before);
        rest = after;
        match mark(rest) {
            Mark::Id(length) => {
                out.extend_from_slice(filled.as_bytes());
                rest = rest.get(length..).unwrap_or_default();
            }
            Mark::Other => {}
            Mark::End => break,
        }
    }
    out.extend_from_slice(rest);
    out
}

/// In a stream: each byte is looked at once, so a dollar that ends one thing
/// begins no other.
fn expand_streamed(bytes: &[u8], id: &ObjectId) -> Vec<u8> {
    const HEAD: &[u8] = b"$Id";
    let filled = format!(": {id} $");
    let mut out = Vec::with_capacity(bytes.len());
    // What is held back, how much of the head was seen after it, and whether
    // the end of a mark is looked for.
    let (mut held, mut seen, mut inside) = (Vec::new(), 0, false);
    for byte in bytes {
        if inside {
            held.push(*byte);
            if !matches!(byte, b'\n' | b'$') {
                continue;
            }
            if *byte == b'$' && !is_foreign(&held) {
                held.truncate(HEAD.len());
                held.extend_from_slice(filled.as_bytes());
            }
            inside = false;
        } else if HEAD.get(seen) == Some(byte) {
            seen += 1;
            continue;
        } else {
            let whole = seen == HEAD.len();
            held.extend_from_slice(HEAD.get(..seen).unwrap_or_default());
            seen = 0;
            match (whole, byte) {
                (true, b'$') => held.extend_from_slice(filled.as_bytes()),
                (_, byte) => held.push(*byte),
            }
            inside = whole && *byte == b':';
            if whole && *byte != b'$' {
                continue;
            }
        }
        out.append(&mut held);
    }
    out.append(&mut held);
    out.extend_from_slice(HEAD.get(..seen).unwrap_or_default());
    out
}

/// `is_foreign_ident`: white space before the last byte.
fn is_foreign(held: &[u8]) -> bool {
    let text = held.split(|byte| *byte == 0).next().unwrap_or_default();
    let Some(value) = text.strip_prefix(b"$Id: ") else { return false };
    let space = |byte: u8| matches!(byte, b' ' | b'\t' | b'\n' | b'\r');
    (0..value.len())
        .any(|at| value.get(at).is_some_and(|byte| space(*byte)) && value.get(at + 1) != Some(&b'$'))
}

enum Mark {
    /// A mark of this many bytes, its closing dollar included.
    Id(usize),
    Other,
    /// No dollar follows any more.
    End,
}

/// What follows a dollar.
fn mark(text: &[u8]) -> Mark {
    match text {
        [b'I', b'd', b'$', ..] => Mark::Id(3),
        [b'I', b'd', b':', value @ ..] => {
            let Some(length) = find(value, b'$') else { return Mark::End };
            let value = value.get(..length).unwrap_or_default();
            // git begins one byte later to look for blanks.
            let blank = value.get(1..).and_then(|value| find(value, b' ')).map(|at| at + 1);
            if value.contains(&b'\n') || blank.is_some_and(|at| at + 1 < length) {
                return Mark::Other;
            }
            Mark::Id(3 + length + 1)
        }
        _ => Mark::Other,
    }
}

fn find(bytes: &[u8], wanted: u8) -> Option<usize> {
    bytes.iter().position(|byte| *byte == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_marks_stay() {
        let id = ObjectId::parse("0123456789abcdef0123456789abcdef01234567").unwrap();
        let forms = |text: &str| -> Vec<String> {
            forms(text.as_bytes(), &id).into_iter().map(|form| String::from_utf8(form).unwrap()).collect()
        };
        let filled = format!("$Id: {id} $");
        assert_eq!(forms("$Id$ $Id$ $Id: old $ $Id:$"), [format!("{filled} {filled} {filled} {filled}")]);
        for same in ["$Id: a.c 1.1 me $", "$Id", "$Id: open", "$Id: a\n$", "$id$", "$Idea$", "", "$"] {
            assert_eq!(forms(same), [same]);
        }
        assert_eq!(forms("$$Id$"), [format!("${filled}"), "$$Id$".into()]);
    }
}

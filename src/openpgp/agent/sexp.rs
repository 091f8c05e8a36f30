//! Canonical S-expressions (RFC 9804 section 6.3), as gpg-agent answers:
//! `(7:sig-val(3:rsa(1:s2:xy)))`.

/// Lists within lists; a signature has three.
const MAX_DEPTH: usize = 8;

/// A string of bytes, or a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Sexp<'a> {
    Atom(&'a [u8]),
    List(Vec<Sexp<'a>>),
}

impl<'a> Sexp<'a> {
    /// The one expression that `bytes` are; `None` for anything else.
    pub fn parse(bytes: &'a [u8]) -> Option<Self> {
        let (parsed, rest) = expression(bytes, 0)?;
        rest.is_empty().then_some(parsed)
    }

    /// This list if its first element is `name`, or else the first list in it
    /// that begins so.
    pub fn list(&self, name: &str) -> Option<&Self> {
        let begins = |sexp: &Self| match sexp {
            Self::List(items) => {
                matches!(items.first(), Some(Self::Atom(first)) if *first == name.as_bytes())
            }
            Self::Atom(_) => false,
        };
        if begins(self) {
            return Some(self);
        }
        match self {
            Self::List(items) => items.iter().find(|item| begins(item)),
            Self::Atom(_) => None,
        }
    }

    /// The value of a list of a name and a value.
    pub fn value(&self) -> Option<&'a [u8]> {
        match self {
            Self::List(items) => match items.as_slice() {
                [Self::Atom(_), Self::Atom(value)] => Some(value),
                _ => None,
            },
            Self::Atom(_) => None,
        }
    }
}

fn expression(bytes: &[u8], depth: usize) -> Option<(Sexp<'_>, &[u8])> {
    match bytes.split_first()? {
        (b'(', rest) if depth < MAX_DEPTH => {
            let (mut items, mut rest) = (Vec::new(), rest);
            loop {
                match rest.split_first()? {
                    (b')', after) => return Some((Sexp::List(items), after)),
                    _ => {
                        let (item, after) = expression(rest, depth + 1)?;
                        items.push(item);
                        rest = after;
                    }
                }
            }
        }
        (b'0'..=b'9', _) => atom(bytes),
        _ => None,
    }
}

fn atom(bytes: &[u8]) -> Option<(Sexp<'_>, &[u8])> {
    let colon = bytes.iter().take(6).position(|byte| *byte == b':')?;
    let length: usize = std::str::from_utf8(bytes.get(..colon)?).ok()?.parse().ok()?;
    let body = bytes.get(colon + 1..)?;
    Some((Sexp::Atom(body.get(..length)?), body.get(length..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_found_by_its_names() {
        let text = b"(7:sig-val(5:eddsa(1:r2:)()(1:s3:0:1))(4:hash6:sha256))";
        let parsed = Sexp::parse(text).unwrap();
        let eddsa = parsed.list("sig-val").unwrap().list("eddsa").unwrap();
        assert_eq!(eddsa.list("r").unwrap().value(), Some(&b")("[..]));
        assert_eq!(eddsa.list("s").unwrap().value(), Some(&b"0:1"[..]));
        assert_eq!(eddsa.list("t"), None);
        assert_eq!(eddsa.value(), None);
    }

    #[test]
    fn what_is_no_expression_is_refused() {
        let deep = b"(".repeat(100_000);
        for text in [
            &b""[..],
            b"(",
            b")",
            b"()x",
            b"(3:ab)",
            b"(99999999999999999999:a)",
            b"(a)",
            b"-1:a",
            b"1",
            &deep,
        ] {
            assert_eq!(Sexp::parse(text), None, "{text:?}");
        }
        assert_eq!(Sexp::parse(b"()"), Some(Sexp::List(vec![])));
    }
}

//! The texts of loose refs and of `packed-refs`.

use std::collections::BTreeMap;

use crate::git::objects::Format;
use crate::release::ObjectId;

/// What is kept of `packed-refs`; hosting sites pack a ref for every change
/// ever proposed, and nothing asks for those.
pub(super) const KEPT: [&[u8]; 3] = [b"refs/heads/", b"refs/remotes/", b"refs/tags/"];

/// What a ref's file holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    Id(ObjectId),
    Symbolic,
}

/// A loose ref: `ID LF`, or `ref: NAME LF` (gitrepository-layout, git-symbolic-ref).
pub(super) fn parse_value(bytes: &[u8]) -> Result<Value, String> {
    let line = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    if line.starts_with(b"ref:") {
        return Ok(Value::Symbolic);
    }
    parse_id(line).map(Value::Id).ok_or_else(|| "it holds neither an object id nor another ref's name".into())
}

fn parse_id(digits: &[u8]) -> Option<ObjectId> {
    std::str::from_utf8(digits).ok().and_then(|text| ObjectId::parse(text).ok())
}

/// `packed-refs`: a header, then `ID SP NAME LF` with `^ID LF` after
/// annotated tags, which is not believed and left out.
pub(super) fn parse_packed(bytes: &[u8]) -> Result<BTreeMap<Vec<u8>, ObjectId>, String> {
    let mut refs = BTreeMap::new();
    if bytes.is_empty() {
        return Ok(refs);
    }
    let body = bytes.strip_suffix(b"\n").ok_or("its last line has no end")?;
    let mut format = None;
    let mut may_peel = false;
    let mut previous: &[u8] = b"";
    for (number, line) in body.split(|byte| *byte == b'\n').enumerate() {
        let at = |why: &str| format!("line {}: {why}", number + 1);
        if number == 0 && line.starts_with(b"# pack-refs with:") {
            continue;
        }
        if let Some(digits) = line.strip_prefix(b"^") {
            if !may_peel || parse_id(digits).is_none_or(|id| Some(Format::of(&id)) != format) {
                return Err(at("a peeled id that belongs to no ref"));
            }
            may_peel = false;
            continue;
        }
        let space = line.iter().position(|byte| *byte == b' ').ok_or_else(|| at("no object id and name"))?;
        let (digits, name) = line.split_at(space);
        let name = name.get(1..).unwrap_or_default();
        let id = parse_id(digits).ok_or_else(|| at("no object id"))?;
        if *format.get_or_insert(Format::of(&id)) != Format::of(&id) {
            return Err(at("ids of two hash functions"));
        }
        if let Some(why) = ref_name_defect(name) {
            return Err(at(&format!("the name {why}")));
        }
        if name == previous {
            return Err(at("the name comes twice"));
        }
        previous = name;
        may_peel = true;
        if KEPT.iter().any(|prefix| name.starts_with(prefix)) && refs.insert(name.to_vec(), id).is_some() {
            return Err(at("the name comes twice"));
        }
    }
    Ok(refs)
}

/// Why git would not accept `name` as a full ref name (git-check-ref-format).
pub(super) fn ref_name_defect(name: &[u8]) -> Option<&'static str> {
    if !name.starts_with(b"refs/") {
        return Some("does not lie below refs/");
    }
    if name.iter().any(|byte| *byte <= b' ' || *byte == 0x7f || b"~^:?*[\\".contains(byte)) {
        return Some("holds a character that git forbids");
    }
    if name.windows(2).any(|pair| pair == b".." || pair == b"@{") || name.ends_with(b".") {
        return Some("holds .. or @{ or ends with a dot");
    }
    let bad = |part: &[u8]| part.is_empty() || part.starts_with(b".") || part.ends_with(b".lock");
    name.split(|byte| *byte == b'/').any(bad).then_some("has a part that is empty, hidden or ends with .lock")
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0123456789abcdef0123456789abcdef01234567";

    fn packed(text: &str) -> Result<Vec<String>, String> {
        let refs = parse_packed(text.as_bytes())?;
        Ok(refs.keys().map(|name| String::from_utf8_lossy(name).into_owned()).collect())
    }

    #[test]
    fn packed_refs_of_git_are_read() {
        let text = format!(
            "# pack-refs with: peeled fully-peeled sorted \n{ID} refs/changes/01/1/1\n{ID} refs/heads/main\n\
             {ID} refs/tags/v1\n^{ID}\n"
        );
        assert_eq!(packed(&text), Ok(vec!["refs/heads/main".into(), "refs/tags/v1".into()]));
        assert_eq!(packed(""), Ok(vec![]));
    }

    #[test]
    fn packed_refs_git_would_not_write_are_refused() {
        let upper = ID.to_uppercase();
        let long = "0".repeat(64);
        for bad in [
            format!("{ID} refs/tags/v1"),
            format!("{ID} refs/tags/v1\n\n"),
            format!("{upper} refs/tags/v1\n"),
            format!("{ID}\trefs/tags/v1\n"),
            format!("{ID}  refs/tags/v1\n"),
            format!("{ID} refs/tags/../heads/x\n"),
            format!("{ID} refs/tags/a\r\n"),
            format!("{ID} /etc/passwd\n"),
            format!("{ID} HEAD\n"),
            format!("{ID} refs/tags/a\0b\n"),
            format!("{ID} refs/tags/v1\n{ID} refs/tags/v1\n"),
            format!("{ID} refs/tags/v1\n{ID} refs/tags/v2\n{ID} refs/tags/v1\n"),
            format!("{ID} refs/tags/v1\n{long} refs/tags/v2\n"),
            format!("^{ID}\n"),
            format!("{ID} refs/tags/v1\n^{ID}\n^{ID}\n"),
            format!("{ID} refs/tags/v1\n^xyz\n"),
            format!("{ID} refs/tags/v1\n# comment\n"),
            "ref: refs/heads/main\n".into(),
            "\n".into(),
        ] {
            assert!(packed(&bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn loose_refs_have_one_spelling() {
        assert!(matches!(parse_value(format!("{ID}\n").as_bytes()), Ok(Value::Id(_))));
        assert_eq!(parse_value(b"ref: refs/heads/main\n"), Ok(Value::Symbolic));
        for bad in
            ["", "\n", &ID[1..], &format!("{ID}\n\n"), &format!("{ID} x\n"), &format!(" {ID}\n"), "../x"]
        {
            assert!(parse_value(bad.as_bytes()).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn names_that_no_ref_can_have() {
        for good in
            ["refs/tags/v1", "refs/heads/a/b.c", "refs/heads/-x", "refs/heads/na\u{ef}ve", "refs/heads/@"]
        {
            assert_eq!(ref_name_defect(good.as_bytes()), None, "{good}");
        }
        for bad in [
            "heads/x",
            "refs/heads/../x",
            "refs//x",
            "refs/x/",
            "refs/.x",
            "refs/x.lock",
            "refs/x.lock/y",
            "refs/x y",
            "refs/x.",
            "refs/x@{1}",
            "refs/x\\y",
            "refs/x\u{7f}",
        ] {
            assert!(ref_name_defect(bad.as_bytes()).is_some(), "{bad}");
        }
    }
}

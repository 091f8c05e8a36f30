//! An annotated tag, taken apart without believing anything in it.
//!
//! A tag object is a few header lines, an empty line, a message and, at its
//! very end, at most one signature over everything before it (git's
//! signature-format). Where git takes the last line that could start a
//! signature and other readers take the first, a tag with two such lines can
//! show each of them another message: such a tag has a defect here.

use super::{ObjectId, Time};

/// Who did something, and when: the form of `tagger`, `author` and
/// `committer` lines, `NAME <EMAIL> SECONDS OFFSET`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Name; bytes in whatever encoding its maker used.
    pub name: Vec<u8>,
    /// Mail address; bytes likewise, without `<` and `>`.
    pub email: Vec<u8>,
    /// The time its maker states.
    pub time: Time,
    /// The maker's time zone, in minutes east of UTC.
    pub offset_minutes: i32,
}

impl Identity {
    /// Parses strictly, by the rules that `git fsck` holds new objects to.
    /// `None` for anything else.
    pub fn parse(line: &[u8]) -> Option<Self> {
        let open = line.iter().position(|byte| *byte == b'<')?;
        let (before, rest) = line.split_at(open);
        let name = before.strip_suffix(b" ")?;
        let rest = rest.strip_prefix(b"<")?;
        let close = rest.iter().position(|byte| matches!(byte, b'<' | b'>'))?;
        let (email, rest) = rest.split_at(close);
        let (seconds, zone) = split_once(rest.strip_prefix(b"> ")?, b' ')?;
        if name.contains(&b'>') || (seconds.len() > 1 && seconds.starts_with(b"0")) {
            return None;
        }
        Some(Self {
            name: name.into(),
            email: email.into(),
            time: Time::from_unix(number(seconds)?),
            offset_minutes: offset(zone)?,
        })
    }
}

/// `+0130` as 90; exactly a sign and four digits.
fn offset(zone: &[u8]) -> Option<i32> {
    let [sign, digits @ ..] = zone else { return None };
    if digits.len() != 4 {
        return None;
    }
    let digits = i32::try_from(number(digits)?).ok()?;
    let minutes = digits / 100 * 60 + digits % 100;
    match sign {
        b'+' => Some(minutes),
        b'-' => Some(-minutes),
        _ => None,
    }
}

fn number(digits: &[u8]) -> Option<i64> {
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(digits).ok()?.parse().ok()
}

fn split_once(bytes: &[u8], at: u8) -> Option<(&[u8], &[u8])> {
    let place = bytes.iter().position(|byte| *byte == at)?;
    let (before, rest) = bytes.split_at(place);
    Some((before, rest.get(1..)?))
}

/// What kind of object a tag says that it names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TargetKind {
    /// A commit, as a release tag should.
    Commit,
    /// A tree.
    Tree,
    /// A blob, like the keys that some projects tag.
    Blob,
    /// Another tag.
    Tag,
}

impl TargetKind {
    fn parse(word: &[u8]) -> Option<Self> {
        match word {
            b"commit" => Some(Self::Commit),
            b"tree" => Some(Self::Tree),
            b"blob" => Some(Self::Blob),
            b"tag" => Some(Self::Tag),
            _ => None,
        }
    }

    /// git's own word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Commit => "commit",
            Self::Tree => "tree",
            Self::Blob => "blob",
            Self::Tag => "tag",
        }
    }
}

/// The signature block at the end of a tag, by its armour; the block's bytes
/// from its first `-` on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Signature {
    /// No line starts a signature.
    None,
    /// `PGP SIGNATURE`: a detached OpenPGP signature.
    OpenPgp(Vec<u8>),
    /// `SSH SIGNATURE` (OpenSSH's PROTOCOL.sshsig).
    Ssh(Vec<u8>),
    /// `SIGNED MESSAGE`: CMS, made by gpgsm, smimesign or gitsign.
    X509(Vec<u8>),
    /// `PGP MESSAGE`: an inline-signed message, which git accepts.
    PgpMessage(Vec<u8>),
}

impl Signature {
    /// Why this kind cannot carry a release, as a finding's code and in
    /// words; `None` for a detached OpenPGP signature and for an SSH signature.
    pub fn refusal(&self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::OpenPgp(_) | Self::Ssh(_) => None,
            Self::None => Some(("tag-not-signed", "the tag carries no signature")),
            Self::X509(_) => Some(("tag-x509-signed", "the tag is signed with an X.509 certificate")),
            Self::PgpMessage(_) => Some((
                "unsupported-signature-format",
                "the tag carries an inline OpenPGP message instead of a detached signature",
            )),
        }
    }
}

/// Something about a tag that its maker's git would not have written, or that
/// two readers could read differently. A release tag has none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Defect {
    /// `tag-malformed`, `tag-multiple-signatures` or `tag-trailing-data`.
    pub code: &'static str,
    /// What is wrong and where.
    pub message: String,
}

/// A tag object's parts. A part is `None` if it is absent or unreadable; then
/// there is a defect too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParsedTag {
    /// The object that the tag names.
    pub object: Option<ObjectId>,
    /// What the tag says of that object's kind.
    pub target: Option<TargetKind>,
    /// The tag's inner name, which must be compared with its ref's.
    pub name: Option<Vec<u8>>,
    /// Who made the tag and when, as they say.
    pub tagger: Option<Identity>,
    /// The message, without signature.
    pub message: Vec<u8>,
    /// The bytes that a signature covers: everything before its block.
    pub payload: Vec<u8>,
    /// The signature block.
    pub signature: Signature,
    /// Everything wrong with the form.
    pub defects: Vec<Defect>,
}

/// Lines that start a signature for git (`gpg-interface.c`), with their ends.
/// git asks only whether a line starts with one of the first.
const ARMOR: [(&[u8], &[u8]); 4] = [
    (b"-----BEGIN PGP SIGNATURE-----", b"-----END PGP SIGNATURE-----"),
    (b"-----BEGIN SSH SIGNATURE-----", b"-----END SSH SIGNATURE-----"),
    (b"-----BEGIN SIGNED MESSAGE-----", b"-----END SIGNED MESSAGE-----"),
    (b"-----BEGIN PGP MESSAGE-----", b"-----END PGP MESSAGE-----"),
];

/// Takes a tag object's bytes apart (without the loose object's header).
///
/// Never fails: what is wrong is told by the result's defects.
pub fn parse_tag(raw: &[u8]) -> ParsedTag {
    let mut defects = Defects(Vec::new());
    for (byte, what) in [(0u8, "a NUL byte"), (b'\r', "a carriage return")] {
        if let Some(at) = raw.iter().position(|found| *found == byte) {
            defects.malformed(format!("it holds {what} at offset {at}"));
        }
    }
    let (payload, signature) = split_signature(raw, &mut defects);
    let (headers, message) = match find(payload, b"\n\n") {
        Some(end) => (payload.get(..end).unwrap_or_default(), payload.get(end + 2..).unwrap_or_default()),
        None => {
            // `git tag -m ''` without a signature ends after the headers.
            if !payload.ends_with(b"\n") || signature != Signature::None {
                defects.malformed("no empty line ends the headers".into());
            }
            (payload.strip_suffix(b"\n").unwrap_or(payload), &b""[..])
        }
    };
    let mut tag = ParsedTag {
        object: None,
        target: None,
        name: None,
        tagger: None,
        message: message.into(),
        payload: payload.into(),
        signature,
        defects: Vec::new(),
    };
    read_headers(headers, &mut tag, &mut defects);
    tag.defects = defects.0;
    tag
}

struct Defects(Vec<Defect>);

impl Defects {
    fn malformed(&mut self, message: String) {
        self.0.push(Defect { code: "tag-malformed", message });
    }
}

/// Exactly `object`, `type`, `tag` and `tagger`, in this order.
fn read_headers(headers: &[u8], tag: &mut ParsedTag, defects: &mut Defects) {
    let mut lines = headers.split(|byte| *byte == b'\n').peekable();
    let mut value = |key: &'static str| {
        let line = lines.next_if(|line| split_once(line, b' ').is_some_and(|(k, _)| k == key.as_bytes()));
        if line.is_none() {
            defects.malformed(format!("the header {key} is missing or not in its place"));
        }
        line.and_then(|line| split_once(line, b' ')).map(|(_, value)| value)
    };
    let object = value("object");
    let target = value("type");
    let name = value("tag");
    let tagger = value("tagger");
    tag.object = object.and_then(|hex| ObjectId::parse(std::str::from_utf8(hex).ok()?).ok());
    tag.target = target.and_then(TargetKind::parse);
    tag.name = name.filter(|name| !name.is_empty()).map(Into::into);
    tag.tagger = tagger.and_then(Identity::parse);
    for (key, given, read) in [
        ("object", object.is_some(), tag.object.is_some()),
        ("type", target.is_some(), tag.target.is_some()),
        ("tag", name.is_some(), tag.name.is_some()),
        ("tagger", tagger.is_some(), tag.tagger.is_some()),
    ] {
        if given && !read {
            defects.malformed(format!("the value of the header {key} is not well-formed"));
        }
    }
    for line in lines {
        let key = line.split(|byte| *byte == b' ').next().unwrap_or_default();
        defects.malformed(format!("unexpected header {}", super::path::printable(key)));
    }
}

/// Splits at the last line that starts a signature, as git does, and notes
/// everything that would let another reader split elsewhere.
fn split_signature<'a>(raw: &'a [u8], defects: &mut Defects) -> (&'a [u8], Signature) {
    let starts: Vec<usize> = line_starts(raw).filter(|at| armor_at(raw, *at).is_some()).collect();
    let Some((last, earlier)) = starts.split_last() else { return (raw, Signature::None) };
    if !earlier.is_empty() {
        let message = format!("{} lines start a signature; only one may", starts.len());
        defects.0.push(Defect { code: "tag-multiple-signatures", message });
    }
    let (payload, block) = raw.split_at(*last);
    let Some((begin, end)) = armor_at(raw, *last) else { return (raw, Signature::None) };
    check_block(block, begin, end, defects);
    let block = block.to_vec();
    let signature = match begin {
        b"-----BEGIN PGP SIGNATURE-----" => Signature::OpenPgp(block),
        b"-----BEGIN SSH SIGNATURE-----" => Signature::Ssh(block),
        b"-----BEGIN SIGNED MESSAGE-----" => Signature::X509(block),
        _ => Signature::PgpMessage(block),
    };
    (payload, signature)
}

/// The block is its first line, some lines, its last line, and the end.
fn check_block(block: &[u8], begin: &[u8], end: &[u8], defects: &mut Defects) {
    if !block.strip_prefix(begin).is_some_and(|rest| rest.starts_with(b"\n")) {
        defects.malformed("the signature's first line does not end after its dashes".into());
    }
    let ends = |at: &usize| block.get(*at..).is_some_and(|rest| rest.starts_with(end));
    let Some(at) = line_starts(block).find(ends) else {
        return defects.malformed("the signature block has no last line".into());
    };
    let after = block.get(at + end.len()..).unwrap_or_default();
    if !matches!(after, b"" | b"\n") {
        let message = "something follows the signature block".into();
        defects.0.push(Defect { code: "tag-trailing-data", message });
    }
}

fn armor_at(raw: &[u8], at: usize) -> Option<(&'static [u8], &'static [u8])> {
    let line = raw.get(at..)?;
    ARMOR.into_iter().find(|(begin, _)| line.starts_with(begin))
}

fn line_starts(raw: &[u8]) -> impl Iterator<Item = usize> {
    let after = raw.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1);
    std::iter::once(0).chain(after)
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

#[cfg(test)]
#[path = "tag_tests.rs"]
mod tests;

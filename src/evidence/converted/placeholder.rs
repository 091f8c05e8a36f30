//! The placeholders of git's pretty formats (git-log(1), "PRETTY FORMATS")
//! whose value follows from the commit, or from a few known names.

use super::Unknown;
use super::commit::{CommitText, Person};
use super::subst::Refs;
use crate::evidence::shown::brief;

/// Digits of the shortest abbreviation that git makes.
const MIN_ABBREVIATION: usize = 4;
/// Branches whose names are tried. A name of somebody's choice could say
/// anything, such as another version, or be code where the file is code.
const BRANCHES: [&str; 2] = ["main", "master"];

/// A placeholder that is filled in.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// `%H`
    Hash,
    /// `%h`
    ShortHash,
    /// `%T`
    Tree,
    /// `%t`
    ShortTree,
    /// `%P`
    Parents,
    /// `%p`
    ShortParents,
    /// `%an`, `%ce` and the like: author or committer, and which of its fields
    Person(bool, u8),
    /// `%d`, with brackets around it, or `%D`
    Refs(bool),
    /// `%(describe)`; git fills in the first one of an archive only, so each
    /// stands for itself.
    Describe(usize, Vec<u8>),
    /// `%s`
    Subject,
    /// `%f`
    Sanitized,
    /// `%b`
    Body,
    /// `%B`
    Message,
}

/// What stands behind a `%`.
pub(super) enum Item {
    Byte(u8),
    Value(Kind),
}

/// Reads what stands behind a `%`, and how many bytes it takes. `count` tells
/// `%(describe)`s apart.
pub(super) fn parse(text: &[u8], count: usize) -> Result<(Item, usize), Unknown> {
    let kind = match text {
        [b'%', ..] => return Ok((Item::Byte(b'%'), 1)),
        [b'n', ..] => return Ok((Item::Byte(b'\n'), 1)),
        [b'x', high, low, ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
            return Ok((Item::Byte(hex(*high) << 4 | hex(*low)), 3));
        }
        [b'H', ..] => Kind::Hash,
        [b'h', ..] => Kind::ShortHash,
        [b'T', ..] => Kind::Tree,
        [b't', ..] => Kind::ShortTree,
        [b'P', ..] => Kind::Parents,
        [b'p', ..] => Kind::ShortParents,
        [b'd', ..] => Kind::Refs(true),
        [b'D', ..] => Kind::Refs(false),
        [b's', ..] => Kind::Subject,
        [b'f', ..] => Kind::Sanitized,
        [b'b', ..] => Kind::Body,
        [b'B', ..] => Kind::Message,
        [who @ (b'a' | b'c'), field, ..] if b"nNeElLdDiIst".contains(field) => {
            return Ok((Item::Value(Kind::Person(*who == b'a', *field)), 2));
        }
        _ => return describe(text, count),
    };
    Ok((Item::Value(kind), 1))
}

fn hex(digit: u8) -> u8 {
    char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok()).unwrap_or_default()
}

fn describe(text: &[u8], count: usize) -> Result<(Item, usize), Unknown> {
    let unknown = || {
        let start = text.get(..text.len().min(16)).unwrap_or_default();
        Unknown(format!("the placeholder %{} of export-subst is not known here", brief(start)))
    };
    let rest = text.strip_prefix(b"(describe").ok_or_else(unknown)?;
    let end = rest.iter().position(|byte| *byte == b')').ok_or_else(unknown)?;
    if !matches!(rest.first(), Some(b':' | b')')) {
        return Err(unknown());
    }
    let length = b"(describe".len() + end + 1;
    let literal = [b"%", text.get(..length).unwrap_or_default()].concat();
    Ok((Item::Value(Kind::Describe(count, literal)), length))
}

impl Kind {
    /// Whether the value follows from more than the commit object.
    pub fn needs_refs(&self) -> bool {
        matches!(self, Self::Refs(_) | Self::Describe(..) | Self::Person(_, b'N' | b'E' | b'L'))
    }

    /// All values that git may fill in.
    pub fn values(&self, commit: &CommitText, refs: &Refs) -> Result<Vec<Vec<u8>>, Unknown> {
        Ok(match self {
            Self::Hash => vec![commit.id.clone().into()],
            Self::ShortHash => abbreviations(&commit.id),
            Self::Tree => vec![commit.tree.clone().into()],
            Self::ShortTree => abbreviations(&commit.tree),
            Self::Parents => vec![commit.parents.join(" ").into()],
            Self::ShortParents => short_parents(&commit.parents)?,
            Self::Person(author, field) => {
                let person = if *author { &commit.author } else { &commit.committer };
                let person = person.as_ref();
                let person =
                    person.ok_or_else(|| Unknown("a person of the commit has an unusual form".into()))?;
                of_person(person, *field, refs.author.as_ref().filter(|_| *author))?
            }
            Self::Refs(brackets) => decorations(refs, *brackets),
            Self::Describe(_, literal) => {
                let tag = refs.tag.iter().map(|tag| tag.clone().into_bytes());
                tag.chain([literal.clone()]).collect()
            }
            Self::Subject => vec![commit.subject()],
            Self::Sanitized => vec![commit.sanitized()],
            Self::Body => vec![commit.body()],
            Self::Message => vec![commit.message.clone()],
        })
    }
}

/// How long an abbreviation is depends on the builder's repository and
/// settings; whatever its length, it is a prefix.
fn abbreviations(id: &str) -> Vec<Vec<u8>> {
    (MIN_ABBREVIATION..=id.len()).filter_map(|length| Some(id.get(..length)?.into())).collect()
}

fn short_parents(parents: &[String]) -> Result<Vec<Vec<u8>>, Unknown> {
    match parents {
        [] => Ok(vec![vec![]]),
        [one] => Ok(abbreviations(one)),
        [one, two] => {
            let join = |one: &Vec<u8>| {
                let one = one.clone();
                abbreviations(two).into_iter().map(move |two| [one.as_slice(), b" ", &two].concat())
            };
            Ok(abbreviations(one).iter().flat_map(join).collect())
        }
        _ => Err(Unknown("abbreviations of more than two parents are not tried".into())),
    }
}

fn of_person(
    person: &Person,
    field: u8,
    mapped: Option<&(Vec<u8>, Vec<u8>)>,
) -> Result<Vec<Vec<u8>>, Unknown> {
    let local = |email: &[u8]| email.split(|byte| *byte == b'@').next().unwrap_or_default().to_vec();
    let with = |own: Vec<u8>, other: Option<Vec<u8>>| {
        let other = other.filter(|other| *other != own);
        [own].into_iter().chain(other).collect()
    };
    let date = person.date;
    let one = |text: String| vec![text.into_bytes()];
    Ok(match field {
        b'n' => vec![person.name.clone()],
        b'N' => with(person.name.clone(), mapped.map(|(name, _)| name.clone())),
        b'e' => vec![person.email.clone()],
        b'E' => with(person.email.clone(), mapped.map(|(_, email)| email.clone())),
        b'l' => vec![local(&person.email)],
        b'L' => with(local(&person.email), mapped.map(|(_, email)| local(email))),
        b'd' => one(date.normal()),
        b'D' => one(date.mail()),
        b'i' => one(date.iso()),
        b's' => one(date.short()),
        b't' => one(date.seconds.to_string()),
        b'I' => date.strict().into_iter().map(String::into_bytes).collect(),
        _ => return Err(Unknown("a placeholder of export-subst is not known here".into())),
    })
}

/// The names that `%d` shows depend on the builder's repository. Tried are the
/// tag that was asked for, whose name is vetted, and the usual main branch.
fn decorations(refs: &Refs, brackets: bool) -> Vec<Vec<u8>> {
    let mut tags = vec![String::new()];
    tags.extend(refs.tag.iter().map(|tag| format!("tag: {tag}")));
    let mut heads = vec![String::new(), "HEAD".into()];
    let mut tails = vec![String::new()];
    for main in BRANCHES.into_iter().filter(|name| refs.branches.contains(*name)) {
        heads.push(format!("HEAD -> {main}"));
        tails.extend([
            main.into(),
            format!("origin/{main}"),
            format!("origin/{main}, origin/HEAD"),
            format!("origin/{main}, {main}"),
            format!("origin/{main}, origin/HEAD, {main}"),
        ]);
    }
    let mut values = std::collections::BTreeSet::new();
    for head in &heads {
        for tag in &tags {
            for tail in &tails {
                let parts: Vec<&str> = [head, tag, tail]
                    .into_iter()
                    .filter(|part| !part.is_empty())
                    .map(|part| part.as_str())
                    .collect();
                let list = parts.join(", ");
                values.insert(match brackets && !list.is_empty() {
                    true => format!(" ({list})").into_bytes(),
                    false => list.into_bytes(),
                });
            }
        }
    }
    values.into_iter().collect()
}

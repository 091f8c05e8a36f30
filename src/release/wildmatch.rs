//! The patterns of gitattributes(5) and gitignore(5).
//!
//! A pattern becomes a small automaton that reads the path once, so that no
//! pattern, however malicious, takes more steps than its length times the
//! path's. (git tries alternatives one after the other, which takes
//! exponential time for some.)

/// One step of a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    /// Exactly this byte.
    Byte(u8),
    /// `?`: any byte but a slash.
    One,
    /// `[…]`: a byte of the set, never a slash.
    Class(Box<[bool; 256]>),
    /// `*`: any bytes but slashes.
    Star,
    /// `**` at the end, or before an escaped slash: any bytes.
    Any,
    /// `**/`: nothing, or any bytes and then a slash.
    Folders,
}

/// A compiled pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pattern {
    /// `None` for a pattern that can match nothing (a set without end, a
    /// class that does not exist, a backslash at the end).
    steps: Option<Vec<Step>>,
}

impl Pattern {
    /// Compiles a pattern. With `pathname` a star does not match a slash and
    /// `**` between slashes matches folders; without, there are no slashes in
    /// what is matched.
    pub fn new(pattern: &[u8], pathname: bool) -> Self {
        Self { steps: compile(pattern, pathname) }
    }

    /// Whether the pattern is malformed, and matches nothing.
    pub fn is_malformed(&self) -> bool {
        self.steps.is_none()
    }

    /// Whether the whole of `text` matches; adds the work done to `cost`.
    pub fn matches(&self, text: &[u8], cost: &mut u64) -> bool {
        *cost += 1;
        let Some(steps) = &self.steps else { return false };
        // Literal starts and `*.suffix` need no automaton.
        let literal = steps.iter().take_while(|step| matches!(step, Step::Byte(_))).count();
        let (start, steps) = steps.split_at(literal);
        let Some((head, text)) = text.split_at_checked(literal) else { return false };
        if !same(start, head) {
            return false;
        }
        if let [Step::Star, end @ ..] = steps
            && end.iter().all(|step| matches!(step, Step::Byte(_)))
        {
            let Some(free) = text.len().checked_sub(end.len()) else { return false };
            let (free, tail) = text.split_at(free);
            return same(end, tail) && !free.contains(&b'/');
        }
        run(steps, text, cost)
    }
}

/// Whether literal steps are these bytes; both have the same number.
fn same(steps: &[Step], bytes: &[u8]) -> bool {
    steps.iter().zip(bytes).all(|(step, byte)| *step == Step::Byte(*byte))
}

/// Where the automaton is: the steps that may come next, one flag each, and
/// the end as last.
struct Places {
    next: Vec<bool>,
    /// The `**/` steps that have matched some bytes already.
    within: Vec<bool>,
}

impl Places {
    fn none(steps: usize) -> Self {
        Self { next: vec![false; steps + 1], within: vec![false; steps + 1] }
    }

    fn is_empty(&self) -> bool {
        !self.next.contains(&true) && !self.within.contains(&true)
    }
}

fn run(steps: &[Step], text: &[u8], cost: &mut u64) -> bool {
    let mut here = Places::none(steps.len());
    set(&mut here.next, 0);
    for byte in text {
        *cost += steps.len() as u64 + 1;
        skip_empty(steps, &mut here.next);
        let mut then = Places::none(steps.len());
        for (at, step) in steps.iter().enumerate() {
            take(step, at, *byte, &here, &mut then);
        }
        if then.is_empty() {
            return false;
        }
        here = then;
    }
    skip_empty(steps, &mut here.next);
    here.next.last().copied().unwrap_or_default()
}

/// Lets the step at `at` read one byte.
fn take(step: &Step, at: usize, byte: u8, here: &Places, then: &mut Places) {
    let is = |flags: &[bool]| flags.get(at).copied().unwrap_or_default();
    let on = is(&here.next);
    match step {
        Step::Byte(wanted) if on && byte == *wanted => set(&mut then.next, at + 1),
        Step::One if on && byte != b'/' => set(&mut then.next, at + 1),
        Step::Class(class) if on && class.get(usize::from(byte)) == Some(&true) => {
            set(&mut then.next, at + 1)
        }
        Step::Star if on && byte != b'/' => set(&mut then.next, at),
        Step::Any if on => set(&mut then.next, at),
        Step::Folders if on || is(&here.within) => {
            set(&mut then.within, at);
            if byte == b'/' {
                set(&mut then.next, at + 1);
            }
        }
        _ => {}
    }
}

/// Steps that may match nothing let the one after them come next too.
fn skip_empty(steps: &[Step], here: &mut [bool]) {
    for (at, step) in steps.iter().enumerate() {
        if matches!(step, Step::Star | Step::Any | Step::Folders) && here.get(at).copied().unwrap_or_default()
        {
            set(here, at + 1);
        }
    }
}

fn set(flags: &mut [bool], at: usize) {
    if let Some(flag) = flags.get_mut(at) {
        *flag = true;
    }
}

fn compile(pattern: &[u8], pathname: bool) -> Option<Vec<Step>> {
    let mut steps = Vec::new();
    let mut rest = pattern;
    let mut before = None;
    while let Some((byte, after)) = rest.split_first() {
        let start = rest;
        rest = after;
        match byte {
            b'\\' => {
                let (byte, after) = rest.split_first()?;
                rest = after;
                steps.push(Step::Byte(*byte));
            }
            b'?' => steps.push(Step::One),
            b'[' => {
                let (class, after) = class(rest)?;
                rest = after;
                steps.push(Step::Class(class));
            }
            b'*' => {
                let stars = start.iter().take_while(|byte| **byte == b'*').count();
                rest = start.get(stars..).unwrap_or_default();
                let bounded = before.is_none_or(|byte| byte == b'/')
                    && (rest.is_empty() || rest.starts_with(b"/") || rest.starts_with(b"\\/"));
                if !pathname || stars < 2 || !bounded {
                    steps.push(Step::Star);
                } else if let Some(after) = rest.strip_prefix(b"/") {
                    rest = after;
                    steps.push(Step::Folders);
                } else {
                    steps.push(Step::Any);
                }
            }
            byte => steps.push(Step::Byte(*byte)),
        }
        let used = start.len() - rest.len();
        before = start.get(used - 1).copied();
    }
    Some(steps)
}

/// A bracket expression after its `[`; `None` if it has no end or names a
/// class that does not exist. A slash is in no set.
fn class(pattern: &[u8]) -> Option<(Box<[bool; 256]>, &[u8])> {
    let (negated, mut rest) = match pattern {
        [b'!' | b'^', rest @ ..] => (true, rest),
        _ => (false, pattern),
    };
    let mut class = Box::new([false; 256]);
    // The byte that a following `-` would make a range with.
    let mut previous = None;
    let mut first = true;
    loop {
        let (byte, after) = rest.split_first()?;
        if *byte == b']' && !first {
            rest = after;
            break;
        }
        first = false;
        let range_to = match (byte, previous, after) {
            (b'-', Some(from), [to, ..]) if *to != b']' => Some((from, after)),
            _ => None,
        };
        if let Some((from, after)) = range_to {
            let (to, after) = maybe_escaped(after)?;
            add(&mut class, |member| (from..=to).contains(&member));
            (previous, rest) = (None, after);
        } else if let Some((name, after)) = class_name(rest) {
            add(&mut class, named_class(name)?);
            (previous, rest) = (None, after);
        } else {
            let (member, after) = maybe_escaped(rest)?;
            add(&mut class, |byte| byte == member);
            (previous, rest) = (Some(member), after);
        }
    }
    if negated {
        class.iter_mut().for_each(|member| *member = !*member);
    }
    if let Some(slash) = class.get_mut(usize::from(b'/')) {
        *slash = false;
    }
    Some((class, rest))
}

fn add(class: &mut [bool; 256], holds: impl Fn(u8) -> bool) {
    for (byte, member) in (0u8..=255).zip(class.iter_mut()) {
        *member |= holds(byte);
    }
}

fn maybe_escaped(rest: &[u8]) -> Option<(u8, &[u8])> {
    let (byte, after) = rest.split_first()?;
    let (byte, after) = if *byte == b'\\' { after.split_first()? } else { (byte, after) };
    Some((*byte, after))
}

/// `[:name:]` as name; anything else up to the next `]` is an ordinary set.
fn class_name(rest: &[u8]) -> Option<(&[u8], &[u8])> {
    let inner = rest.strip_prefix(b"[:")?;
    let end = inner.iter().position(|byte| *byte == b']')?;
    let (name, after) = inner.split_at(end);
    Some((name.strip_suffix(b":")?, after.get(1..)?))
}

/// POSIX classes of ASCII characters, with git's idea of white space.
fn named_class(name: &[u8]) -> Option<fn(u8) -> bool> {
    Some(match name {
        b"alnum" => |byte| byte.is_ascii_alphanumeric(),
        b"alpha" => |byte| byte.is_ascii_alphabetic(),
        b"blank" => |byte| matches!(byte, b' ' | b'\t'),
        b"cntrl" => |byte| byte.is_ascii_control(),
        b"digit" => |byte| byte.is_ascii_digit(),
        b"graph" => |byte| byte.is_ascii_graphic(),
        b"lower" => |byte| byte.is_ascii_lowercase(),
        b"print" => |byte| matches!(byte, b' '..=b'~'),
        b"punct" => |byte| byte.is_ascii_punctuation(),
        b"space" => |byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r'),
        b"upper" => |byte| byte.is_ascii_uppercase(),
        b"xdigit" => |byte| byte.is_ascii_hexdigit(),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(pattern: &str, text: &str) -> bool {
        Pattern::new(pattern.as_bytes(), true).matches(text.as_bytes(), &mut 0)
    }

    #[test]
    fn stars_end_at_slashes() {
        assert!(path("*.c", "a.c") && path("*", "") && path("a*", "a") && path("a*b*c", "axxbyyc"));
        assert!(!path("*.c", "d/a.c") && !path("a*", "ab/c") && !path("a/*", "a/b/c"));
        assert!(path("*/b", "a/b") && !path("*/b", "b") && !path("*/b", "a/a/b"));
    }

    #[test]
    fn double_stars_match_folders_only_between_slashes() {
        assert!(path("**/b", "b") && path("**/b", "a/b") && path("**/b", "a/a/b") && !path("**/b", "ab"));
        assert!(path("a/**", "a/b") && path("a/**", "a/b/c") && !path("a/**", "a") && !path("a/**", "b/c"));
        assert!(path("a/**/b", "a/b") && path("a/**/b", "a/x/y/b") && !path("a/**/b", "a/xb"));
        assert!(path("a**b", "axxb") && !path("a**b", "ax/b") && path("**", "a/b/c"));
        assert!(path("a/***/b", "a/x/y/b") && path("**/**/b", "b"));
        assert!(path("**\\/b", "a/b") && path("**\\/b", "a/a/b") && !path("**\\/b", "b"));
    }

    #[test]
    fn classes_are_those_of_git() {
        assert!(path("[abc]", "b") && path("[a-c]x", "bx") && path("[!a-c]", "d") && path("[^a-c]", "d"));
        assert!(path("[]a]", "]") && path("[]a]", "a") && path("[!]a]", "b") && !path("[!]a]", "]"));
        assert!(path("[a-]", "-") && path("[-a]", "-") && path("[\\]]", "]") && path("[a-\\c]", "b"));
        assert!(path("[[:alpha:]_]", "_") && path("[[:digit:]-9]", "-") && path("[[:x]", ":"));
        assert!(!path("[[:bogus:]]", "b") && !path("[a", "a") && !path("[a", "[a") && !path("a\\", "a\\"));
        assert!(!path("[/]", "/") && !path("[!a]", "/") && !path("?", "/"));
        assert!(path("\\*", "*") && !path("\\*", "a") && path("a\\?", "a?"));
    }

    #[test]
    fn patterns_that_take_git_for_ever_end() {
        let pattern = "*a".repeat(100) + "b";
        assert!(!path(&pattern, &"a".repeat(1000)));
        let pattern = "**/a/".repeat(100) + "b";
        assert!(!path(&pattern, &"a/".repeat(500)));
    }

    proptest::proptest! {
        #[test]
        fn a_quoted_path_matches_itself(text in "[a-z*?\\[\\]\\\\/!-]{0,30}") {
            let quoted: String = text.chars().flat_map(|c| ['\\', c]).collect();
            assert!(path(&quoted, &text));
            assert!(path("**", &text));
        }
    }
}

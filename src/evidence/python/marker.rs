//! Environment markers (PEP 508), in a form that is the same for all
//! spellings, with the conditions on extras taken apart from the rest.

use super::normal_name;
use super::version::Version;
use std::collections::BTreeSet;

/// Bytes of one marker.
const MAX_MARKER: usize = 4000;
/// Brackets within brackets.
const MAX_DEPTH: usize = 16;

/// A marker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Marker {
    /// All hold.
    And(Vec<Marker>),
    /// One holds.
    Or(Vec<Marker>),
    /// The extra of this normal name is asked for.
    Extra(String),
    /// Any other comparison, in normal spelling.
    Atom(String),
}

/// A way in which a requirement applies: the extra that asks for it, empty if
/// none must, and the rest of its condition in normal form.
pub(crate) type Branch = (String, String);

impl Marker {
    /// Reads a marker; `None` if it is not one.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > MAX_MARKER {
            return None;
        }
        let mut reader = Reader { rest: text.trim_start(), depth: 0 };
        let marker = reader.or()?;
        reader.rest.is_empty().then_some(marker)
    }

    /// Both hold.
    pub fn and(self, other: Self) -> Self {
        Self::And(vec![self, other])
    }

    /// The normal form: brackets only where needed, parts sorted, each once.
    pub fn canonical(&self) -> String {
        match self {
            Self::Extra(name) => format!("extra == \"{name}\""),
            Self::Atom(text) => text.clone(),
            Self::And(_) | Self::Or(_) if self.flat().len() == 1 => {
                self.flat().first().map(|part| part.canonical()).unwrap_or_default()
            }
            Self::And(_) => {
                let parts = self.flat().into_iter().map(|part| match part {
                    Self::Or(_) if part.flat().len() > 1 => format!("({})", part.canonical()),
                    part => part.canonical(),
                });
                parts.collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>().join(" and ")
            }
            Self::Or(_) => {
                let parts = self.flat().into_iter().map(Self::canonical);
                parts.collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>().join(" or ")
            }
        }
    }

    /// The parts of an `and` or `or`, those of the same kind within it too.
    fn flat(&self) -> Vec<&Self> {
        let and = matches!(self, Self::And(_));
        match self {
            Self::And(parts) | Self::Or(parts) => parts
                .iter()
                .flat_map(|part| match part {
                    Self::And(_) if and => part.flat(),
                    Self::Or(_) if !and => part.flat(),
                    // A single part in brackets is that part.
                    Self::And(inner) | Self::Or(inner) if inner.len() == 1 => part.flat(),
                    part => vec![part],
                })
                .collect(),
            other => vec![other],
        }
    }

    fn asks_extra(&self) -> bool {
        match self {
            Self::Extra(_) => true,
            Self::Atom(_) => false,
            Self::And(parts) | Self::Or(parts) => parts.iter().any(Self::asks_extra),
        }
    }

    /// The branches of this condition; `None` if it ties extras together in a
    /// way that no build tool writes.
    pub fn branches(&self) -> Option<Vec<Branch>> {
        if !self.asks_extra() {
            return Some(vec![(String::new(), self.canonical())]);
        }
        let parts = self.flat();
        match self {
            Self::Or(_) => {
                let each: Option<Vec<_>> = parts.into_iter().map(Self::branches).collect();
                Some(each?.concat())
            }
            _ => {
                let (asking, rest): (Vec<&Self>, Vec<&Self>) =
                    parts.into_iter().partition(|part| part.asks_extra());
                let [asking] = asking.as_slice() else { return None };
                let extras = asking.flat();
                let rest = Self::And(rest.into_iter().cloned().collect()).canonical();
                extras
                    .into_iter()
                    .map(|extra| match extra {
                        Self::Extra(name) => Some((name.clone(), rest.clone())),
                        _ => None,
                    })
                    .collect()
            }
        }
    }
}

/// What is left of a marker's text; blanks at its start are always skipped.
struct Reader<'t> {
    rest: &'t str,
    depth: usize,
}

/// One side of a comparison.
enum Side {
    Variable(String),
    Text(String),
}

impl Reader<'_> {
    fn or(&mut self) -> Option<Marker> {
        let mut parts = vec![self.and()?];
        while self.word("or") {
            parts.push(self.and()?);
        }
        Some(if parts.len() == 1 { parts.remove(0) } else { Marker::Or(parts) })
    }

    fn and(&mut self) -> Option<Marker> {
        let mut parts = vec![self.one()?];
        while self.word("and") {
            parts.push(self.one()?);
        }
        Some(if parts.len() == 1 { parts.remove(0) } else { Marker::And(parts) })
    }

    fn one(&mut self) -> Option<Marker> {
        if !self.sign("(") {
            return self.comparison();
        }
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return None;
        }
        let inner = self.or()?;
        self.depth -= 1;
        self.sign(")").then_some(inner)
    }

    fn comparison(&mut self) -> Option<Marker> {
        let left = self.side()?;
        let operator = self.operator()?;
        let right = self.side()?;
        let (name, operator, text, turned) = match (left, right) {
            (Side::Variable(name), Side::Text(text)) => (name, operator, text, false),
            (Side::Text(text), Side::Variable(name)) => match operator {
                "in" | "not in" => (name, operator, text, true),
                "~=" | "===" => return None,
                "<" => (name, ">", text, false),
                "<=" => (name, ">=", text, false),
                ">" => (name, "<", text, false),
                ">=" => (name, "<=", text, false),
                operator => (name, operator, text, false),
            },
            _ => return None,
        };
        if name == "extra" {
            return (operator == "==").then(|| Marker::Extra(normal_name(&text)));
        }
        let text = version(&name, operator, text);
        // No text holds both quotes, so one of them always serves.
        let quote = if text.contains('"') { '\'' } else { '"' };
        let text = format!("{quote}{text}{quote}");
        Some(Marker::Atom(if turned {
            format!("{text} {operator} {name}")
        } else {
            format!("{name} {operator} {text}")
        }))
    }

    fn side(&mut self) -> Option<Side> {
        let quote = self.rest.chars().next().filter(|first| matches!(first, '"' | '\''));
        if let Some(quote) = quote {
            let (text, rest) = self.rest.get(1..)?.split_once(quote)?;
            let text = text.to_string();
            self.rest = rest.trim_start();
            return (!text.contains('\\')).then_some(Side::Text(text));
        }
        let known = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'.';
        let end = self.rest.bytes().position(|byte| !known(byte)).unwrap_or(self.rest.len());
        let (name, rest) = self.rest.split_at(end);
        let name = variable(name)?.to_string();
        self.rest = rest.trim_start();
        Some(Side::Variable(name))
    }

    fn operator(&mut self) -> Option<&'static str> {
        for sign in ["===", "~=", "==", "!=", "<=", ">=", "<", ">"] {
            if self.sign(sign) {
                return Some(sign);
            }
        }
        if self.word("not") {
            return self.word("in").then_some("not in");
        }
        self.word("in").then_some("in")
    }

    fn sign(&mut self, sign: &str) -> bool {
        let found = self.rest.strip_prefix(sign);
        self.rest = found.map_or(self.rest, str::trim_start);
        found.is_some()
    }

    fn word(&mut self, word: &str) -> bool {
        let found = self.rest.strip_prefix(word);
        // `not_a` does not begin with the word `not`.
        let found = found.filter(|rest| !rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_'));
        self.rest = found.map_or(self.rest, str::trim_start);
        found.is_some()
    }
}

/// Versions are compared as versions, so zeros at their end mean nothing.
fn version(name: &str, operator: &str, text: String) -> String {
    let versions = matches!(name, "python_version" | "python_full_version" | "implementation_version");
    let ordered = matches!(operator, "<" | "<=" | ">" | ">=" | "==" | "!=");
    match Version::parse(&text) {
        Some(version) if versions && ordered => version.canonical(),
        _ => text,
    }
}

/// The names of PEP 508, and the older spellings that tools still read.
fn variable(name: &str) -> Option<&str> {
    match name {
        "os_name" | "os.name" => Some("os_name"),
        "sys_platform" | "sys.platform" => Some("sys_platform"),
        "platform_machine" | "platform.machine" => Some("platform_machine"),
        "platform_version" | "platform.version" => Some("platform_version"),
        "platform_python_implementation" | "platform.python_implementation" | "python_implementation" => {
            Some("platform_python_implementation")
        }
        "platform_release"
        | "platform_system"
        | "python_version"
        | "python_full_version"
        | "implementation_name"
        | "implementation_version"
        | "extra" => Some(name),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::Marker;

    fn form(text: &str) -> Option<String> {
        Marker::parse(text).map(|marker| marker.canonical())
    }

    #[test]
    fn equal_markers_have_one_form() {
        let same = [
            "python_version < '3.10' and os_name == 'nt'",
            "(os_name==\"nt\") and (python_version<\"3.10\")",
            "((os.name == 'nt' and '3.10' > python_version))",
        ];
        for text in same {
            assert_eq!(
                form(text).as_deref(),
                Some("os_name == \"nt\" and python_version < \"3.10\""),
                "{text}"
            );
        }
        assert_eq!(form("(a == '1' or b == '2')"), None, "unknown variables are not markers");
        assert_eq!(
            form("os_name == 'nt' and (sys_platform == 'b' or sys_platform == 'a')").as_deref(),
            Some("(sys_platform == \"a\" or sys_platform == \"b\") and os_name == \"nt\"")
        );
        assert_eq!(form("'linux' in sys_platform").as_deref(), Some("\"linux\" in sys_platform"));
        assert_eq!(form("sys_platform not  in 'a b'").as_deref(), Some("sys_platform not in \"a b\""));
    }

    #[test]
    fn extras_are_told_from_the_rest() {
        let branches = |text| Marker::parse(text).unwrap().branches();
        let pair = |extra: &str, rest: &str| (extra.to_string(), rest.to_string());
        assert_eq!(branches("os_name == 'nt'"), Some(vec![pair("", "os_name == \"nt\"")]));
        assert_eq!(branches("extra == 'Use_It'"), Some(vec![pair("use-it", "")]));
        assert_eq!(
            branches("(os_name == 'nt') and extra == 'x'"),
            Some(vec![pair("x", "os_name == \"nt\"")])
        );
        assert_eq!(
            branches("os_name == 'nt' and (extra == 'x' or extra == 'y')"),
            Some(vec![pair("x", "os_name == \"nt\""), pair("y", "os_name == \"nt\"")])
        );
        assert_eq!(
            branches("os_name == 'nt' and extra == 'x' or extra == 'y'"),
            Some(vec![pair("x", "os_name == \"nt\""), pair("y", "")])
        );
        assert_eq!(
            branches("(os_name == 'b' or os_name == 'a') and extra == 'x'"),
            Some(vec![pair("x", "os_name == \"a\" or os_name == \"b\"")])
        );
        assert_eq!(branches("extra == 'x' and extra == 'y'"), None);
        assert_eq!(branches("(extra == 'x' or os_name == 'nt') and os_name == 'a'"), None);
    }

    #[test]
    fn hostile_markers_are_refused() {
        for bad in
            ["", "extra", "extra == x", "extra != 'x'", "os_name == 'a", "os_name == 'a' and", "1 == 1"]
        {
            assert_eq!(form(bad), None, "{bad}");
        }
        assert_eq!(form(&"(".repeat(3000)), None);
        assert_eq!(form(&"(".repeat(100_000)), None);
        assert_eq!(form("os_name == '\\x41'"), None);
    }
}

//! Version specifiers (PEP 440), in a form that is the same for all spellings.

use super::version::Version;
use std::collections::BTreeSet;

/// Clauses in one set.
const MAX_CLAUSES: usize = 100;
/// Operators, the longer before those they begin with.
const OPERATORS: [&str; 8] = ["===", "~=", "==", "!=", "<=", ">=", "<", ">"];

/// The clauses of a set, sorted, each in normal form, joined by commas; the
/// empty text if there is none. `None` if it is not a specifier set.
///
/// Zeros at the end of a version are dropped where they mean nothing: `>=1.0`
/// is `>=1`, but `~=1.0` and `==1.0.*` stay.
pub(crate) fn canonical(text: &str) -> Option<String> {
    let text = text.trim();
    let inner = text.strip_prefix('(').and_then(|text| text.strip_suffix(')'));
    let mut clauses = BTreeSet::new();
    for (index, part) in inner.unwrap_or(text).split(',').enumerate() {
        if index >= MAX_CLAUSES {
            return None;
        }
        // One comma at the end is what some tools accept.
        if !part.trim().is_empty() {
            clauses.insert(clause(part.trim())?);
        }
    }
    Some(clauses.into_iter().collect::<Vec<_>>().join(","))
}

/// A set in normal form with each `~=` and `==N.*` as the range of releases it
/// means, which is how poetry writes them.
pub(crate) fn ranges(set: &str) -> String {
    let range = |clause: &str| {
        let (text, keep) = match (clause.strip_prefix("~="), clause.strip_prefix("==")) {
            (Some(text), _) => (text, 1),
            (None, Some(text)) => (text.strip_suffix(".*")?, 0),
            _ => return None,
        };
        let version = Version::parse(text)?;
        let mut end = version.release().get(..version.release().len().checked_sub(keep)?)?.to_vec();
        let last = end.last_mut()?;
        *last = last.checked_add(1)?;
        let end = end.iter().map(ToString::to_string).collect::<Vec<_>>().join(".");
        canonical(&format!(">={version},<{end}"))
    };
    let clauses = set.split(',').map(|clause| range(clause).unwrap_or_else(|| clause.to_string()));
    let clauses = clauses.collect::<Vec<_>>().join(",");
    canonical(&clauses).unwrap_or(clauses)
}

fn clause(text: &str) -> Option<String> {
    let operator = OPERATORS.into_iter().find(|operator| text.starts_with(operator))?;
    let version = text.strip_prefix(operator)?.trim();
    if operator == "===" {
        let plain = !version.is_empty() && version.bytes().all(|byte| byte.is_ascii_graphic());
        return plain.then(|| format!("==={version}"));
    }
    if let ("==" | "!=", Some(prefix)) = (operator, version.strip_suffix(".*")) {
        return Some(format!("{operator}{}.*", Version::parse(prefix)?));
    }
    let version = Version::parse(version)?;
    match operator {
        "~=" if version.release().len() < 2 => None,
        "~=" => Some(format!("~={version}")),
        _ => Some(format!("{operator}{}", version.canonical())),
    }
}

#[cfg(test)]
mod tests {
    use super::canonical;

    #[test]
    fn equal_sets_have_one_form() {
        assert_eq!(canonical(">=1.0,<2").as_deref(), Some("<2,>=1"));
        assert_eq!(canonical("< 2.0.0 , >= 1"), canonical(">=1.0,<2"));
        assert_eq!(canonical("(>=1.0,<2.0)"), canonical(">=1,<2"));
        assert_eq!(canonical(""), Some(String::new()));
        assert_eq!(canonical("~=1.10").as_deref(), Some("~=1.10"));
        assert_eq!(canonical("==1.0.*").as_deref(), Some("==1.0.*"));
        assert_eq!(canonical("===1.0-weird").as_deref(), Some("===1.0-weird"));
    }

    #[test]
    fn different_sets_differ() {
        assert_ne!(canonical(">=1"), canonical(">1"));
        assert_ne!(canonical("~=1.1"), canonical("~=1.10"));
        assert_ne!(canonical("==1.0.*"), canonical("==1.*"));
        assert_ne!(canonical(">=1"), canonical(">=1,<2"));
    }

    #[test]
    fn ranges_are_the_releases_that_match() {
        for (set, range) in [
            ("~=1.10", "<2,>=1.10"),
            ("~=1.4.2", "<1.5,>=1.4.2"),
            ("==1.2.*", "<1.3,>=1.2"),
            (">=1", ">=1"),
            ("", ""),
        ] {
            assert_eq!(super::ranges(set), range, "{set}");
        }
        assert_eq!(super::ranges("!=1.5,==1.*"), canonical("!=1.5,>=1,<2").unwrap());
    }

    #[test]
    fn other_texts_are_no_specifiers() {
        for bad in ["1.0", "=1", ">= ", "~=1", "^1.0", ">=1;x", ">=1 <2", ">=1.*", "latest"] {
            assert_eq!(canonical(bad), None, "{bad}");
        }
        assert_eq!(canonical(&">=1,".repeat(1000)), None);
    }
}

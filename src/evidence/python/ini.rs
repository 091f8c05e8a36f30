//! INI files as Python's `configparser` reads `setup.cfg`: strict, names kept
//! in their case, comments only on lines of their own.

use super::{Check, No, plain_text, show};
use std::collections::BTreeMap;

/// Sections and options of a file.
const MAX_OPTIONS: usize = 20_000;

/// An option's value: its lines, trimmed, without empty ones.
pub(crate) type Value = Vec<String>;

/// A file's sections by name, each with its options by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Ini(pub BTreeMap<String, BTreeMap<String, Value>>);

impl Ini {
    /// Reads a file.
    ///
    /// # Errors
    /// If Python would not read it, or it is no plain text.
    pub fn parse(bytes: &[u8]) -> Check<Self> {
        let text = plain_text(bytes)?;
        let mut reader = Reader::default();
        for line in text.split('\n') {
            reader.line(line).map_err(No::Undecided)?;
        }
        Ok(Self(reader.sections))
    }
}

/// The state of `RawConfigParser._read`.
#[derive(Default)]
struct Reader {
    sections: BTreeMap<String, BTreeMap<String, Value>>,
    section: Option<String>,
    option: Option<String>,
    indent: usize,
    options: usize,
}

impl Reader {
    fn line(&mut self, line: &str) -> Result<(), String> {
        let value = line.trim();
        if value.is_empty() || value.starts_with(['#', ';']) {
            return Ok(());
        }
        let indent = line.chars().take_while(|letter| letter.is_whitespace()).count();
        if let (Some(section), Some(option)) = (&self.section, &self.option)
            && indent > self.indent
        {
            let lines = self.sections.get_mut(section).and_then(|section| section.get_mut(option));
            lines.into_iter().for_each(|lines| lines.push(value.into()));
            return Ok(());
        }
        self.indent = indent;
        self.options += 1;
        if self.options > MAX_OPTIONS {
            return Err(format!("has more than {MAX_OPTIONS} sections and options"));
        }
        match header(value) {
            Some(name) => self.start_section(name),
            None => self.start_option(value),
        }
    }

    fn start_section(&mut self, name: &str) -> Result<(), String> {
        if self.sections.insert(name.into(), BTreeMap::new()).is_some() {
            return Err(format!("has the section {} twice", show(name)));
        }
        (self.section, self.option) = (Some(name.into()), None);
        Ok(())
    }

    fn start_option(&mut self, line: &str) -> Result<(), String> {
        let Some(section) = self.section.as_ref().and_then(|name| self.sections.get_mut(name)) else {
            return Err(format!("has {} before any section", show(line)));
        };
        let Some((name, value)) = line.split_once(['=', ':']) else {
            return Err(format!("has the line {}, which is no option", show(line)));
        };
        let (name, value) = (name.trim_end(), value.trim());
        if name.is_empty() {
            return Err(format!("has the line {} without a name", show(line)));
        }
        let lines = if value.is_empty() { vec![] } else { vec![value.into()] };
        if section.insert(name.into(), lines).is_some() {
            return Err(format!("has the option {} twice in one section", show(name)));
        }
        self.option = Some(name.into());
        Ok(())
    }
}

/// The section that a line begins: all between its first bracket and its last
/// closing one.
fn header(line: &str) -> Option<&str> {
    let (name, _) = line.strip_prefix('[')?.rsplit_once(']')?;
    (!name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(a: &str, b: &str) -> bool {
        Ini::parse(a.as_bytes()).unwrap() == Ini::parse(b.as_bytes()).unwrap()
    }

    #[test]
    fn comments_indents_and_delimiters_mean_nothing() {
        assert!(same("# c\n[a]\nx : 1\ny =\n    p\n  # c\n\n    q\n", "[a]\nx = 1\ny = \n\tp\n\tq\n\n"));
        assert!(same("[a]\r\nx=1\r\n", "[a]\nx=1\n"));
    }

    #[test]
    fn case_values_and_sections_count() {
        let base = "[a]\nx = 1\n";
        for other in ["[a]\nX = 1\n", "[a]\nx = 2\n", "[A]\nx = 1\n", "[a]\nx = 1\n[b]\n", "[a]\nx = 1\n 2\n"]
        {
            assert!(!same(base, other), "{other}");
        }
    }

    #[test]
    fn an_inline_comment_is_part_of_the_value() {
        let ini = Ini::parse(b"[a]\nx = 1 # two\n").unwrap();
        assert_eq!(ini.0["a"]["x"], ["1 # two"]);
    }

    #[test]
    fn a_line_indented_as_the_option_is_no_continuation() {
        let ini = Ini::parse(b"[a]\n  x = 1\n  y = 2\n    z = 3\n").unwrap();
        assert_eq!(ini.0["a"]["y"], ["2", "z = 3"]);
    }

    #[test]
    fn what_python_refuses_is_refused() {
        for bad in ["x = 1\n", "[a]\n[a]\n", "[a]\nx=1\nx=2\n", "[a]\nword\n", "[a]\n= 1\n", "[a]\nx=\x0c1\n"]
        {
            assert!(Ini::parse(bad.as_bytes()).is_err(), "{bad:?}");
        }
        assert!(Ini::parse(&b"[a]\0\n"[..]).is_err());
        let many: String = (0..30_000).map(|n| format!("[{n}]\n")).collect();
        assert!(Ini::parse(many.as_bytes()).is_err());
    }
}

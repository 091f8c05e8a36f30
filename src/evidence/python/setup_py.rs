//! What `setup.py` states in plain literals. It is read, never run: whatever
//! would have to be run to be known stays unknown.

use super::literal::{Literal, Token, tokens, value};
use std::collections::BTreeMap;

/// Arguments of one call; each is looked up in all of the file.
const MAX_ARGUMENTS: usize = 100;

/// The arguments of the one call of `setup` in a `setup.py`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Call {
    /// Each named argument; `None` if its value is not a literal.
    pub arguments: BTreeMap<String, Option<Literal>>,
    /// Whether there may be other arguments, from `**` or by position.
    pub open: bool,
}

/// Reads a `setup.py`; `None` if it does not call `setup` exactly once, at
/// the end of whatever else it does.
pub(crate) fn call(source: &[u8]) -> Option<Call> {
    let source = std::str::from_utf8(source).ok()?;
    let tokens = tokens(source)?;
    let mut found = calls(&tokens);
    let (start, None) = (found.next()?, found.next()) else { return None };
    let mut rest = tokens.get(start..)?;
    let mut call = Call::default();
    loop {
        let (argument, after) = argument(rest)?;
        match argument {
            [] => {}
            [Token::Word(name), Token::Sign('='), given @ ..] if call.arguments.len() < MAX_ARGUMENTS => {
                let literal = literal(given, &tokens);
                if call.arguments.insert(name.clone(), literal).is_some() {
                    return None;
                }
            }
            // pbr's own: every argument is what setup.cfg says.
            [
                Token::Sign('*'),
                Token::Sign('*'),
                module @ ..,
                Token::Word(name),
                Token::Sign('('),
                Token::Sign(')'),
            ] if name == "cfg_to_args" && module.iter().all(is_dotted) => {}
            _ => call.open = true,
        }
        match after.split_first()? {
            (Token::Sign(','), after) => rest = after,
            _ => return Some(call),
        }
    }
}

fn is_dotted(token: &Token) -> bool {
    matches!(token, Token::Word(_) | Token::Sign('.'))
}

/// Where the arguments of each call of `setup` begin.
fn calls(tokens: &[Token]) -> impl Iterator<Item = usize> {
    let word = |token: Option<&Token>, wanted: &[&str]| matches!(token, Some(Token::Word(word)) if wanted.contains(&word.as_str()));
    tokens.windows(2).enumerate().filter_map(move |(index, pair)| {
        let before = |back: usize| index.checked_sub(back).and_then(|index| tokens.get(index));
        let call = word(pair.first(), &["setup"]) && pair.last() == Some(&Token::Sign('('));
        let method = before(1) == Some(&Token::Sign('.'));
        let module = word(before(2), &["setuptools", "core"]);
        (call && !word(before(1), &["def"]) && (!method || module)).then_some(index + 2)
    })
}

/// The tokens up to the comma or bracket that ends an argument.
fn argument(tokens: &[Token]) -> Option<(&[Token], &[Token])> {
    let mut depth = 0_usize;
    for (index, token) in tokens.iter().enumerate() {
        match token {
            Token::Sign(')') if depth == 0 => return Some(tokens.split_at(index)),
            Token::Sign(',') if depth == 0 => return Some(tokens.split_at(index)),
            Token::Sign('(' | '[' | '{') => depth += 1,
            Token::Sign(')' | ']' | '}') => depth = depth.checked_sub(1)?,
            _ => {}
        }
    }
    None
}

/// The value of an argument. A name stands for what it is set to, if that is
/// the only other place where the name occurs.
fn literal(given: &[Token], all: &[Token]) -> Option<Literal> {
    let (literal, rest) = value(given, 0)?;
    if !rest.is_empty() {
        return None;
    }
    let Literal::Word(name) = &literal else { return (!literal.has_words()).then_some(literal) };
    let places: Vec<usize> = all
        .iter()
        .enumerate()
        .filter(|(index, token)| {
            // As the name of an argument it is another thing.
            let named = all.get(index + 1) == Some(&Token::Sign('='))
                && !matches!(
                    index.checked_sub(1).and_then(|before| all.get(before)),
                    None | Some(Token::Line)
                );
            matches!(token, Token::Word(word) if word == name) && !named
        })
        .map(|(index, _)| index)
        .collect();
    let [set, _] = places.as_slice() else { return None };
    let Some([Token::Sign('='), rest @ ..]) = all.get(set + 1..) else { return None };
    let (literal, rest) = value(rest, 0)?;
    let ends = matches!(rest.first(), None | Some(Token::Line));
    (ends && !literal.has_words()).then_some(literal)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(items: &[&str]) -> Option<Literal> {
        Some(Literal::List(items.iter().map(|item| Literal::Text((*item).into())).collect()))
    }

    #[test]
    fn literal_arguments_are_read() {
        let call = call(
            b"from setuptools import setup, find_packages\nreqs = ['a>=1',\n  'b']\nsetup(\n name='x', packages=find_packages(),\n install_requires=reqs, extras_require={'t': ['c']},\n)\n",
        )
        .unwrap();
        assert!(!call.open);
        assert_eq!(call.arguments["install_requires"], list(&["a>=1", "b"]));
        assert_eq!(call.arguments["packages"], None);
        assert!(call.arguments["extras_require"].is_some());
    }

    #[test]
    fn an_argument_named_as_its_variable_is_read() {
        let call = call(b"install_requires = ['a']\nimport setuptools\nsetuptools.setup(install_requires=install_requires)\n").unwrap();
        assert_eq!(call.arguments["install_requires"], list(&["a"]));
    }

    #[test]
    fn what_must_be_run_stays_unknown() {
        for source in [
            "r = ['a']\nr.append('b')\nsetup(install_requires=r)\n",
            "r = ['a']\nr = ['b']\nsetup(install_requires=r)\n",
            "r = ['a'] + x\nsetup(install_requires=r)\n",
            "setup(install_requires=open('r').read())\n",
            "setup(install_requires=['a'] + extra)\n",
            "setup(install_requires=[x])\n",
        ] {
            assert_eq!(call(source.as_bytes()).unwrap().arguments["install_requires"], None, "{source}");
        }
        assert!(!call(b"setup(**util.cfg_to_args())").unwrap().open);
        for open in
            ["setup(**kw)", "setup(**f(x).cfg_to_args())", "setup(**cfg_to_args(x))", "setup(cfg_to_args())"]
        {
            assert!(call(open.as_bytes()).unwrap().open, "{open}");
        }
        assert!(call(b"setup(kw)").unwrap().open);
        for source in [
            "",
            "setup(a='b')\nsetup(a='c')\n",
            "x.setup(a='b')\n",
            "def setup(a='b'): pass\n",
            "setup(a='b', a='c')",
        ] {
            assert_eq!(call(source.as_bytes()), None, "{source}");
        }
    }
}

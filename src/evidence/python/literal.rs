//! Literals of Python source: text, lists and tables of text. Nothing is run.

/// Tokens of one file.
const MAX_TOKENS: usize = 200_000;
/// Brackets within brackets.
const MAX_DEPTH: usize = 32;

/// A value that needs no running to be known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Literal {
    /// A string.
    Text(String),
    /// A list or tuple.
    List(Vec<Literal>),
    /// A dictionary with keys of text.
    Table(Vec<(String, Literal)>),
    /// A name, a number or another single word.
    Word(String),
}

/// A piece of source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Token {
    /// A name, keyword or number.
    Word(String),
    /// A string without prefix whose escapes are known.
    Text(String),
    /// A string that is not plain text.
    Opaque,
    /// Any other single character.
    Sign(char),
    /// The end of a line outside of brackets.
    Line,
}

/// The tokens of a file; `None` if it is no plain source or too large.
pub(crate) fn tokens(source: &str) -> Option<Vec<Token>> {
    let mut lexer = Lexer { rest: source, depth: 0, tokens: vec![] };
    while !lexer.rest.is_empty() {
        lexer.step()?;
        if lexer.tokens.len() > MAX_TOKENS {
            return None;
        }
    }
    Some(lexer.tokens)
}

struct Lexer<'s> {
    rest: &'s str,
    depth: usize,
    tokens: Vec<Token>,
}

impl Lexer<'_> {
    fn step(&mut self) -> Option<()> {
        let first = self.rest.chars().next()?;
        match first {
            '\n' => {
                if self.depth == 0 {
                    self.tokens.push(Token::Line);
                }
                self.skip(1);
            }
            '#' => {
                let end = self.rest.find('\n').unwrap_or(self.rest.len());
                self.skip(end);
            }
            '\\' if self.rest.starts_with("\\\n") => self.skip(2),
            ' ' | '\t' | '\r' | '\x0c' => self.skip(1),
            '"' | '\'' => self.string(first, "")?,
            _ if first.is_alphanumeric() || first == '_' => self.word()?,
            _ => {
                match first {
                    '(' | '[' | '{' => self.depth += 1,
                    ')' | ']' | '}' => self.depth = self.depth.checked_sub(1)?,
                    _ => {}
                }
                self.tokens.push(Token::Sign(first));
                self.skip(first.len_utf8());
            }
        }
        Some(())
    }

    fn skip(&mut self, bytes: usize) {
        self.rest = self.rest.get(bytes..).unwrap_or_default();
    }

    fn word(&mut self) -> Option<()> {
        let inner = |letter: char| letter.is_alphanumeric() || letter == '_';
        let end = self.rest.find(|letter| !inner(letter)).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        let word = word.to_string();
        self.rest = rest;
        let quote = rest.chars().next().filter(|next| matches!(next, '"' | '\''));
        match (quote, word.to_ascii_lowercase().as_str()) {
            (
                Some(quote),
                prefix @ ("r" | "u" | "b" | "f" | "t" | "br" | "rb" | "fr" | "rf" | "tr" | "rt"),
            ) => self.string(quote, prefix),
            _ => {
                self.tokens.push(Token::Word(word));
                Some(())
            }
        }
    }

    fn string(&mut self, quote: char, prefix: &str) -> Option<()> {
        let triple: String = [quote; 3].iter().collect();
        let long = self.rest.starts_with(&triple);
        let end = if long { triple } else { quote.to_string() };
        self.skip(end.len());
        let mut text = String::new();
        let mut plain = matches!(prefix, "" | "u" | "r");
        loop {
            if self.rest.starts_with(&end) {
                self.skip(end.len());
                self.tokens.push(if plain { Token::Text(text) } else { Token::Opaque });
                return Some(());
            }
            let letter = self.rest.chars().next()?;
            self.skip(letter.len_utf8());
            match letter {
                '\n' if !long => return None,
                '\\' => {
                    let next = self.rest.chars().next()?;
                    self.skip(next.len_utf8());
                    match (prefix, next) {
                        ("r", next) => text.extend(['\\', next]),
                        (_, 'n') => text.push('\n'),
                        (_, 't') => text.push('\t'),
                        (_, '\n') => {}
                        (_, '\\' | '\'' | '"') => text.push(next),
                        _ => plain = false,
                    }
                }
                letter => text.push(letter),
            }
        }
    }
}

/// Reads one value from the start of the tokens; what is left of them comes
/// with it.
pub(crate) fn value(tokens: &[Token], depth: usize) -> Option<(Literal, &[Token])> {
    if depth > MAX_DEPTH {
        return None;
    }
    match tokens.split_first()? {
        (Token::Text(text), mut rest) => {
            let mut text = text.clone();
            while let Some((Token::Text(next), after)) = rest.split_first() {
                text.push_str(next);
                rest = after;
            }
            Some((Literal::Text(text), rest))
        }
        (Token::Word(word), rest) => Some((Literal::Word(word.clone()), rest)),
        (Token::Sign('['), rest) => list(rest, ']', depth),
        (Token::Sign('('), rest) => {
            let (list, rest) = list(rest, ')', depth)?;
            Some((list, rest))
        }
        (Token::Sign('{'), rest) => table(rest, depth),
        _ => None,
    }
}

fn list(mut rest: &[Token], end: char, depth: usize) -> Option<(Literal, &[Token])> {
    let mut items = Vec::new();
    let mut comma = false;
    loop {
        match rest.split_first()? {
            (Token::Sign(sign), after) if *sign == end => {
                // A single value in round brackets is that value.
                if end == ')' && !comma && items.len() == 1 {
                    return Some((items.pop()?, after));
                }
                return Some((Literal::List(items), after));
            }
            _ if !items.is_empty() && !comma => return None,
            _ => {
                let (item, after) = value(rest, depth + 1)?;
                items.push(item);
                rest = after;
                comma = false;
                if let Some((Token::Sign(','), after)) = rest.split_first() {
                    rest = after;
                    comma = true;
                }
            }
        }
    }
}

fn table(mut rest: &[Token], depth: usize) -> Option<(Literal, &[Token])> {
    let mut entries: Vec<(String, Literal)> = Vec::new();
    let mut comma = true;
    loop {
        if let Some((Token::Sign('}'), after)) = rest.split_first() {
            return Some((Literal::Table(entries), after));
        }
        if !comma {
            return None;
        }
        let (Literal::Text(key), after) = value(rest, depth + 1)? else { return None };
        let Some((Token::Sign(':'), after)) = after.split_first() else { return None };
        let (item, after) = value(after, depth + 1)?;
        entries.push((key, item));
        rest = after;
        comma = false;
        if let Some((Token::Sign(','), after)) = rest.split_first() {
            rest = after;
            comma = true;
        }
    }
}

impl Literal {
    /// The text, if this is one.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Whether Python takes it for false: nothing is in it.
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Text(text) => text.is_empty(),
            Self::List(items) => items.is_empty(),
            Self::Table(entries) => entries.is_empty(),
            Self::Word(_) => false,
        }
    }

    /// Whether names or numbers occur anywhere in it.
    pub fn has_words(&self) -> bool {
        match self {
            Self::Text(_) => false,
            Self::Word(_) => true,
            Self::List(items) => items.iter().any(Self::has_words),
            Self::Table(entries) => entries.iter().any(|(_, item)| item.has_words()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(source: &str) -> Option<Literal> {
        let tokens = tokens(source)?;
        let (literal, rest) = value(&tokens, 0)?;
        rest.iter().all(|token| *token == Token::Line).then_some(literal)
    }

    fn text(text: &str) -> Literal {
        Literal::Text(text.into())
    }

    #[test]
    fn literals_are_read() {
        assert_eq!(read("'a' \"b\" '''c\nd'''"), Some(text("abc\nd")));
        assert_eq!(read("['a', # c\n 'b',]"), Some(Literal::List(vec![text("a"), text("b")])));
        assert_eq!(read("('a')"), Some(text("a")));
        assert_eq!(read("('a',)"), Some(Literal::List(vec![text("a")])));
        assert_eq!(read("{'k': ['v'], 'l': 'w'}").map(|literal| literal.has_words()), Some(false));
        assert_eq!(read(r"r'a\d'"), Some(text("a\\d")));
        assert_eq!(read(r"'a\'\n'"), Some(text("a'\n")));
    }

    #[test]
    fn what_must_be_run_is_no_literal() {
        for bad in [
            "f'{x}'",
            "b'a'",
            r"'\x41'",
            "a + b",
            "['a'] + ['b']",
            "f('a')",
            "['a' if x else 'b']",
            "['a' for x in y]",
            "{'a', 'b'}",
            "{**x}",
            "[*x]",
        ] {
            assert_eq!(read(bad), None, "{bad}");
        }
        assert_eq!(read(&"[".repeat(10_000)), None);
        assert_eq!(read("'open"), None);
    }
}

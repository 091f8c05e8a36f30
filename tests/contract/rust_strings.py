"""String literals of Rust source, with what stands before and after them.

Enough of Rust's lexical grammar to tell literals from comments, characters
and lifetimes. Code under `#[cfg(test)]` is left out.
"""

import dataclasses
import pathlib
import re

TOKEN = re.compile(r"""
    (?P<comment>  //[^\n]* )
  | (?P<block>    /\*.*?\*/ )
  | (?P<raw>      b?r(?P<hashes>\#*)".*?"(?P=hashes) )
  | (?P<string>   b?"(?:\\.|[^"\\])*" )
  | (?P<char>     b?'(?:\\(?:u\{[0-9a-fA-F]+\}|x[0-9a-fA-F]{2}|.)|[^'\\])' )
  | (?P<lifetime> '[A-Za-z_]\w* )
  | (?P<word>     [A-Za-z_]\w* )
  | (?P<other>    \S )
""", re.VERBOSE | re.DOTALL)


@dataclasses.dataclass(frozen=True)
class Literal:
    """One string literal outside of tests."""

    text: str
    before: tuple
    after: tuple
    place: str

    @property
    def is_pattern(self):
        """Whether it is compared with, not told: an arm or one of several."""
        arm = self.after[:2] == ("=", ">")
        return arm or self.after[:1] == ("|",) or self.before[-1:] == ("|",)

    def called_by(self, *names):
        """Whether it is the first argument of a call of one of `names`."""
        return (self.before[-1:] == ("(",)
                and any("".join(self.before).endswith(f"{name}(")
                        for name in names))


def tokens(text):
    """Tokens as (kind, text, line), without comments."""
    for match in TOKEN.finditer(text):
        if match.lastgroup == "hashes" or match["raw"]:
            kind, content = "string", re.sub(r'^b?r#*"|"#*$', "", match[0])
        else:
            kind, content = match.lastgroup, match[0]
            if kind == "string":
                content = content[content.index('"') + 1:-1]
        if kind not in ("comment", "block"):
            yield kind, content, text.count("\n", 0, match.start()) + 1


def without_tests(stream):
    """Drops each item that `#[cfg(test)]` stands before."""
    stream = list(stream)
    marker = ["#", "[", "cfg", "(", "test", ")", "]"]
    index = 0
    while index < len(stream):
        if [text for _, text, _ in stream[index:index + 7]] != marker:
            yield stream[index]
            index += 1
            continue
        index += 7
        depth = 0
        while index < len(stream):
            kind, text, _ = stream[index]
            index += 1
            if kind == "string":
                continue
            depth += (text in "{[(") - (text in "}])")
            if depth == 0 and text in "};":
                break


def literals(folder):
    """Every string literal of the Rust files below `folder`."""
    for path in sorted(pathlib.Path(folder).rglob("*.rs")):
        if path.stem == "tests" or path.stem.endswith("_tests"):
            continue
        found = list(without_tests(tokens(path.read_text())))
        words = tuple(text for _, text, _ in found)
        for index, (kind, text, line) in enumerate(found):
            if kind == "string":
                yield Literal(text, words[max(0, index - 8):index],
                              words[index + 1:index + 3],
                              f"{path.relative_to(folder)}:{line}")

"""docs/findings.md and the source know the same finding codes.

Codes are found without knowing how the source passes them on: whatever looks
like one, a string of words with dashes between them, is one, unless it is
listed below. So a code cannot hide behind a new constructor or a table. Codes
of a single word do look like other strings; they are found as the first
argument of the functions that make findings.
"""

import collections
import functools
import pathlib
import re

import pytest
import rust_strings

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
SOURCE = REPOSITORY / "src"
PAGE = REPOSITORY / "docs" / "findings.md"

DASHED = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)+")
MAKERS = ["Finding::error", "Finding::warning", "Finding::note",
          "Finding::failure", "Failure::usage", "Failure::unavailable",
          "Failure::document"]

# Strings that look like codes and are something else.
OTHERS = {
    "kebab-case",       # how serde writes names
    "packed-refs",      # a file of git
    "export-ignore",    # an attribute of git
    "export-subst",     # an attribute of git
    "working-tree-encoding",    # an attribute of git
    # character encodings of files
    "utf-16", "utf-16le", "utf-16be", "utf-16le-bom", "utf-16be-bom",
    "utf-32", "utf-32le", "utf-32be", "windows-1252",
    # character encodings of commits
    "utf-8", "us-ascii", "iso-8859-1", "iso8859-1", "latin-1", "iso-8859-15",
    "iso8859-15", "latin-9", "windows-125",
    # the commands
    "keyring-add", "keyring-remove", "keyring-update", "keyring-list",
    "keyring-show", "keyring-check", "keyring-export", "keyring-request",
    "policy-check",     # the command
    "policy-explain",   # the command
    "policy-draft",     # the command
    "gpg-agent", "sig-val",  # the agent, and a word that it says
    # the commands of key
    "key-generate", "key-certify", "key-extend", "key-rotate", "key-revoke",
    "key-export-subkey", "key-publish", "key-check",
    "same-as",          # a kind of evidence
    "ssh-keys",         # a key of the policy
    "former-signers",   # a key of the policy
    "tag-note",         # an option
    # keys and algorithms of SSH
    "ssh-ed25519", "ecdsa-sha2-nistp256", "ssh-rsa", "rsa-sha2-256",
    "rsa-sha2-512",
    "verify-tag",       # the command
    "version-pattern",  # a key of the policy
    # keys and values of Cargo.toml
    "build-dependencies", "build-override", "cargo-features",
    "codegen-backend", "codegen-units", "crate-type", "crates-io",
    "debug-assertions", "default-features", "default-run", "default-target",
    "dev-dependencies", "dir-name", "doc-scrape-examples", "forced-target",
    "im-a-teapot", "license-file", "opt-level", "overflow-checks",
    "proc-macro", "registry-index", "required-features", "rust-version",
    "split-debuginfo",
    "archived-packages",    # a folder that npm never packs
    # keys of pyproject.toml and setup.cfg
    "allow-prereleases", "data-files", "script-files", "shared-data",
    "shared-scripts", "build-backend", "build-system",
    "end-before", "entry-points", "fancy-pypi-readme", "full-revisionid",
    "gui-scripts", "ignore-case", "optional-dependencies", "package-dir",
    "requires-python", "start-after", "start-at", "vcs-versioning",
    "version-file", "content-type", "py-modules",
    # fields of Python's metadata, files of an egg-info folder
    "author-email", "dist-info", "description-content-type", "download-url", "home-page",
    "import-name", "import-namespace", "license-expression",
    "maintainer-email", "metadata-version", "not-zip-safe", "project-url",
    "provides-dist", "provides-extra", "requires-dist", "requires-external",
    "root-is-purelib", "supported-platform", "wheel-version", "zip-safe",
}


@functools.cache
def in_source(source=SOURCE):
    """Places of each code that is told, and of each that is compared with."""
    told, compared = (collections.defaultdict(list) for _ in range(2))
    for literal in rust_strings.literals(source):
        if DASHED.fullmatch(literal.text) or literal.called_by(*MAKERS):
            where = compared if literal.is_pattern else told
            where[literal.text].append(literal.place)
    return told, compared


def rows(text=None):
    """Rows of the page's tables of codes."""
    text = PAGE.read_text() if text is None else text
    return [[cell.strip() for cell in line.strip("|").split(" | ")]
            for line in text.splitlines()
            if re.match(r"\| `[^`]+` \| \d", line)]


def on_page(text=None):
    return [row[0].strip("`") for row in rows(text)]


def test_every_code_of_the_source_is_on_the_page():
    told, _ = in_source()
    missing = {code: places for code, places in told.items()
               if code not in on_page() and code not in OTHERS}
    assert not missing


def test_every_code_of_the_page_is_told_by_the_source():
    told, _ = in_source()
    assert set(on_page()) - set(told) == set()


def test_no_code_is_compared_with_that_nobody_tells():
    """A hint for a code that was renamed would never be given."""
    told, compared = in_source()
    dead = {code: places for code, places in compared.items()
            if code not in told and code not in OTHERS}
    assert not dead


def test_what_is_no_code_still_exists():
    told, compared = in_source()
    assert OTHERS - set(told) - set(compared) == set()
    assert not OTHERS & set(on_page())


def test_page_has_each_code_once_with_all_it_needs():
    codes = on_page()
    assert len(codes) > 100
    assert sorted(codes) == sorted(set(codes))
    for row in rows():
        assert len(row) == 4, row
        code, exits, meaning, advice = row
        assert re.fullmatch(r"`[a-z0-9]+(-[a-z0-9]+)*`", code), row
        assert re.fullmatch(r"(0|1|2|3r?)(, (0|1|2|3r?))*", exits), row
        assert meaning.endswith("."), row
        assert len(advice) > 5, row


def test_archive_codes_are_all_there():
    """The archive room has a table of its own; its codes have constants."""
    text = (SOURCE / "archive" / "codes.rs").read_text()
    codes = re.findall(r'const \w+: &str = "([a-z0-9-]+)";', text)
    assert len(codes) > 20
    assert set(codes) <= set(on_page())


# The tests above are worth as much as the reading of the source.

SAMPLE = r'''
//! Text about "a-comment" is no code.
/* "a-block" */
fn f() -> &'static str {
    let quote = '"'; let life: &'static str = "plain";
    let escaped = "\"in-string\" \\"; let raw = r#"raw-"string" -x"#;
    tell(Finding::error("first-code", "s", "m", "h"));
    tell(Failure::usage("single", "s"));
    self.new_constructor("third-code");
    match code { "arm-one" | "arm-two" => "fourth-code", _ => "fifth-code" }
}
#[cfg(test)]
mod tests { fn g() { Finding::error("test-only", "}", "m", "h"); } }
const AFTER: &str = "sixth-code";
'''


@pytest.fixture
def sample(tmp_path):
    (tmp_path / "lib.rs").write_text(SAMPLE)
    (tmp_path / "tests.rs").write_text('const X: &str = "other-test";')
    return tmp_path


def test_reading_of_source(sample):
    told, compared = in_source(sample)
    assert set(told) == {"first-code", "single", "third-code", "fourth-code",
                         "fifth-code", "sixth-code"}
    assert set(compared) == {"arm-one", "arm-two"}
    assert told["first-code"] == ["lib.rs:7"]


def test_reading_of_page():
    text = "| code | exit |\n|---|---|\n| `a-b` | 1 | M. | Do. |\nsee `c-d`\n"
    assert on_page(text) == ["a-b"]

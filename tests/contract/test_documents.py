"""The documents say what is so: commands are run, lists are compared with the
source, links lead somewhere."""

import bz2
import gzip
import json
import lzma
import pathlib
import re

import contract_console
import pytest
import yaml
from contract_schema import SCHEMAS, TextLoader, faults, hold
from contract_world import ARTIFACT, AT, first_world, world

__all__ = ["first_world", "world"]

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
PAGES = sorted([*REPOSITORY.glob("*.md"), *REPOSITORY.glob("docs/*.md")])
SHOWN = [page for page in PAGES if "```console" in page.read_text()]


def text(name):
    return (REPOSITORY / name).read_text()


def names(pages):
    return [page.name for page in pages]


def test_there_are_documents_with_commands():
    assert {"README.md", "policy.md", "evidence.md",
            "result-format.md"} <= set(names(SHOWN))


@pytest.mark.parametrize("page", SHOWN, ids=names(SHOWN))
def test_commands_print_what_the_document_shows(world, page):
    played = list(contract_console.play(world, page.read_text()))
    assert played
    for command, expected, found, _ in played:
        assert contract_console.same(expected, found), (
            f"$ {command}{found}\ninstead of\n{expected}")


@pytest.mark.parametrize("page", SHOWN, ids=names(SHOWN))
def test_shown_documents_keep_the_contract(page):
    """Those that are shown whole."""
    shown = [expected for _, block in re.findall(
        r"```(console)\n(.*?)```", page.read_text(), re.S)
        for _, expected in contract_console.commands(block)]
    for output in shown:
        whole = re.search(
            r'^format: "countersign/(?!validation-record).*?^result:.*?(?=^\w|\Z)',
            output, re.M | re.S)
        if whole:
            document = yaml.safe_load(whole[0])
            assert faults(f"{document['command']}.json", document) == []


def test_comparing_of_output_can_fail():
    same = contract_console.same
    digest = "0123456789abcdef" * 4
    assert same(f"a {digest}\n", f"a {digest[::-1]}\n")
    assert same("a\n…\nz\n", "a\nb\nc\nz\n")
    assert not same("a\n…\nz\n", "a\nb\nc\n")
    assert not same("ok\n", "rejected\n")
    assert not same("", "unexpected\n")
    assert not same(f"a {digest}\n", "a 0123456789abcdef\n")


def test_pipelines_of_the_tree_digest_agree_with_the_helper(world):
    printed = [found.split()[0] for command, _, found, _ in
               contract_console.play(world, text("docs/evidence.md"))
               if "sha256sum" in command]
    ran = world.helped("compare", "--repository", "hello", "--tag", "v1.0",
                       "--artifact", f"dist/{ARTIFACT}", "--preset",
                       "git-archive@1", "--at", AT)
    hold(ran.sure())
    assert printed == [ran.result["tree_sha256"]] * 2


def test_pipeline_of_the_keyring_digest_agrees_with_the_helper(world):
    outputs = [found for command, _, found, _ in
               contract_console.play(world, text("docs/policy.md"))
               if "keyring_sha256" in command or "sha256sum" in command]
    digests = [re.search(r"[0-9a-f]{64}", output)[0] for output in outputs]
    assert len(digests) == 2 and len(set(digests)) == 1


# Policy

def written_policy():
    block = re.search(r"<!-- save: example.yaml -->\n+```yaml\n(.*?)```",
                      text("docs/policy.md"), re.S)
    return block[1]


def test_example_policy_fits_its_schema_and_has_every_key():
    data = yaml.load(written_policy(), TextLoader)
    assert faults("policy.json", data, closed=False) == []
    keys = set(re.findall(r"([a-z0-9-]+):", written_policy()))
    assert policy_keys() - keys == {"version-pattern"}


def policy_keys():
    """The keys that the reader of policies knows."""
    fields = re.findall(r"^    pub (\w+):", text("src/release/policy/raw.rs"),
                        re.M)
    keys = {field.strip("_").replace("_", "-") for field in fields}
    assert len(keys) > 20
    return keys


def test_policy_page_and_schema_have_exactly_the_keys_of_the_source():
    page = text("docs/policy.md")
    rows = set(re.findall(r"^\| `([a-z0-9-]+)` \|", page, re.M))
    # Keys of mappings that are described within a row.
    inner = {"any", "threshold", "reason", "until", "entries", "unpacked",
             "ratio"}
    assert inner <= set(re.findall(r"`([a-z-]+):?`", page))
    grammars = {"plain", "pep440", "semver"}
    codes = set(re.findall(r"^\| `([a-z-]+)` \| (?:error|warning) \|", page,
                           re.M))
    assert rows - grammars - codes | inner == policy_keys()

    def properties(part):
        if isinstance(part, dict):
            for key, value in part.items():
                if key == "properties":
                    yield from value
                yield from properties(value)
        elif isinstance(part, list):
            for value in part:
                yield from properties(value)
    schema = json.loads((SCHEMAS / "policy.json").read_text())
    assert set(properties(schema)) == policy_keys()


def test_policy_page_has_the_version_grammars_of_the_source():
    source = text("src/release/policy/template.rs")
    grammars = re.findall(r'^ +"(\w+)" => Some\(Self::', source, re.M)
    assert len(grammars) == 3
    for grammar in grammars:
        assert re.search(rf"^\| `{grammar}` \|", text("docs/policy.md"), re.M)


@pytest.mark.parametrize("pattern, fits, does_not", [
    ("*.x", ["a.x"], ["dir/a.x", "a.x.c"]),
    ("**/*.x", ["a.x", "dir/a.x", "d/e/a.x"], ["a.c"]),
    ("doc/**", ["doc/a", "doc/b/c"], ["doc2/a"]),
    ("[ab].c", ["a.c", "b.c"], ["c.c"]),
    ("{x,y}.c", ["x.c", "y.c"], ["z.c"]),
    (r"\*.c", ["*.c"], ["a.c"]),
    ("?.c", ["a.c"], ["aa.c", "a/c"]),
])
def test_globs_are_as_the_policy_page_says(world, pattern, fits, does_not):
    world.commit({name: b"x" for name in fits + does_not})
    world.tag("v1.1")
    world.archive("v1.0", f"dist/{ARTIFACT}".replace("1.0", "1.1"))
    world.write_policy(lambda policy: policy["projects"]["example/hello"]
                       ["artifacts"][0].update(omit=[pattern]))
    ran = world.helped("compare", "--repository", "hello", "--tag", "v1.1",
                       "--artifact", "dist/hello-1.1.tar.gz", "--policy",
                       "policy.yaml", "--project", "example/hello")
    missing = {finding["subject"] for finding in ran.document["findings"]
               if finding["code"] == "missing-file"}
    assert missing == set(does_not)


# Evidence

def test_evidence_page_has_the_archive_endings_of_the_source():
    endings = re.findall(r'\("(\.[a-z0-9.]+)", Format::',
                         text("src/archive/format.rs"))
    table = re.search(r"^## Archives\n(.*?)^The ending", text(
        "docs/evidence.md"), re.M | re.S)[1]
    rows = "".join(re.findall(r"^\|([^|]*)\|", table, re.M))
    assert sorted(re.findall(r"`(\.[a-z0-9.]+)`", rows)) == sorted(endings)


# Python has no writer for Zstandard; tests/archive_containers.rs reads it.
WRITERS = {".tar": None, ".tar.gz": gzip.compress, ".tgz": gzip.compress,
           ".crate": gzip.compress, ".tar.xz": lzma.compress,
           ".txz": lzma.compress, ".tar.bz2": bz2.compress,
           ".tbz2": bz2.compress, ".zip": None, ".whl": None}


@pytest.mark.parametrize("ending", WRITERS)
def test_endings_of_the_evidence_page_are_read(world, ending):
    zipped = ending in (".zip", ".whl")
    root = "" if ending == ".whl" else "hello-1.0"
    data = world.execute(
        "git", "-C", "hello", "archive", "--format",
        "zip" if zipped else "tar", *([f"--prefix={root}/"] if root else []),
        "v1.0")
    path = world.folder / f"hello-1.0{ending}"
    path.write_bytes((WRITERS[ending] or bytes)(data))
    ran = world.helped("compare", "--repository", "hello", "--tag", "v1.0",
                       "--artifact", path.name, "--preset", "git-archive@1",
                       f"--root={root}", "--at", AT)
    hold(ran.sure())
    assert ran.result["levels"] == {"identical": 4}


def test_content_decides_nothing(world):
    """A tarball under the name of another format is refused."""
    (world.folder / "x.tar.xz").write_bytes(
        (world.folder / "dist" / ARTIFACT).read_bytes())
    ran = world.helped("compare", "--repository", "hello", "--tag", "v1.0",
                       "--artifact", "x.tar.xz", "--preset", "git-archive@1")
    hold(ran.sure(1))
    assert ran.codes == ["archive-format"]


def test_evidence_page_has_the_presets_and_levels_of_the_source():
    page = text("docs/evidence.md")
    source = "".join(path.read_text() for path in sorted(
        (REPOSITORY / "src/evidence/presets").glob("*.rs")))
    presets = set(re.findall(r'name: "([a-z0-9-]+@\d+)"', source))
    assert len(presets) == 10
    listed = dict(re.findall(
        r"^\| \[`([a-z0-9-]+@\d+)`\]\((presets/[a-z0-9-]+\.md)\) \|", page,
        re.M))
    assert set(listed) == presets
    for name, path in listed.items():
        assert text(f"docs/{path}").startswith(f"# {name}\n")
    levels = re.findall(r'Self::\w+ => "([a-z-]+)"',
                        text("src/evidence/explain.rs"))
    table = page[page.index("## Levels"):page.index("Of the permission")]
    assert re.findall(r"^\| `([a-z-]+)` \|", table, re.M) == levels


def test_evidence_page_has_the_limits_of_the_source():
    source = text("src/archive/limits.rs")
    body = re.search(r"fn default\(\) -> Self \{(.*?)\n    \}", source,
                     re.S)[1]
    table = text("docs/evidence.md").partition("## Limits")[2]
    numbers = {int(number) for number in re.findall(r"\| (\d+)\b", table)}
    for name, value in re.findall(r"(\w+): ([0-9_]+(?: << \d+)?)", body):
        base, _, shift = value.replace("_", "").partition(" << ")
        assert int(base) << int(shift or 0) in numbers, name


# All of them

def test_exit_codes_are_those_of_the_source():
    codes = dict(re.findall(r"pub const ([A-Z]+): u8 = (\d);",
                            text("src/exit.rs")))
    assert codes == {"OK": "0", "REJECTED": "1", "USAGE": "2",
                     "UNAVAILABLE": "3"}
    rows = re.findall(r"^\| (\d) \| `(\w+)` \|", text(
        "docs/result-format.md"), re.M)
    assert {outcome.upper(): code for code, outcome in rows} == codes
    assert re.findall(r"^\| (\d) \|", text("README.md"), re.M) == sorted(
        codes.values())


def test_every_command_is_described(world):
    listed = re.findall(r"^  ([a-z-]+) ", world.helped(
        "--help").stdout.decode().partition("Commands:")[2], re.M)
    assert "verify-tag" in listed
    for command in listed:
        assert f"`{command}" in text("README.md")
        assert re.search(rf"^### {command}\b", text("docs/result-format.md"),
                         re.M)


def test_make_targets_that_are_named_exist():
    targets = set(re.findall(r"^([a-z-]+):", text("Makefile"), re.M))
    for name in ("README.md", "CONTRIBUTING.md"):
        named = set(re.findall(r"(?:^    |`)make ([a-z-]+)\b", text(name),
                               re.M))
        assert named and named <= targets, named - targets


def anchors(path):
    headings = re.findall(r"^#+ (.*)$", path.read_text(), re.M)
    return {re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-")
            for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=names(PAGES))
def test_links_lead_somewhere(page):
    for link in re.findall(r"\]\(([^)]+)\)", page.read_text()):
        file, _, anchor = link.partition("#")
        if "://" in file:
            continue
        target = (page.parent / file).resolve() if file else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


@pytest.mark.parametrize("page", PAGES, ids=names(PAGES))
def test_pages_name_no_place_of_a_machine(page):
    found = re.findall(r"(?:/work/|/root/|/tmp/|/home/)\S*", page.read_text())
    assert found == []


def test_schemas_are_all_linked():
    page = text("docs/result-format.md") + text("docs/policy.md")
    for path in SCHEMAS.glob("*.json"):
        if path.stem not in ("common", "usage"):
            assert f"schema/{path.name}" in page, path.name

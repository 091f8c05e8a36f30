"""Source archives that the real pbr and setuptools make of random histories,
against what the helper derives from the same repository.

Each history has merges, commits with and without order in time, odd names,
bytes that are no text, commits in another encoding, co-authors, a mailmap and
tags of every form. The seeds are fixed: a failure can be repeated.
"""

import dataclasses
import io
import os
import pathlib
import random
import subprocess
import sys
import tarfile

import pytest
import yaml
from contract_world import AT, find_helper

SEEDS = range(8)
PEOPLE = [b"Ann", b"Bob B.", b"\xc3\x89va \xe6\xb8\xac", b"Jenkins",
          b"jenkins@review", b"O'N\xe9il", b"cut\xe2\x82",
          b"Co-authored-by: trick", b"zed"]
PLACES = [b"ann@x", b"BOB@x", b"infra@lists.x", b"zuul@review.x", b"e@x", b""]
WORDS = [b"fix", b"`code`", b"a_b", b"*", b"\\", b"Merge", b"tests.",
         b"\xc3\xa9", b"\xff", b"tab\there", b"end..",
         b"\xe6\xb8\xac\xe8\xaf\x95", b"Co-authored-by:"]
TRAILERS = [b"Co-authored-by: Cy <cy@x>", b"Co-authored-by:",
            b"Co-authored-by:\tD\td", b"  Co-authored-by: Ann <ann@x>  ",
            b"co-authored-by: none <no@x>", b"Co-authored-by:\xc2\xa0",
            b"Co-authored-by: \xe6\xb8\xac\tW\xc3\xa4\tx",
            b"x Co-authored-by: y Co-authored-by: z",
            b"Co-authored-by: \xc3", b"Signed-off-by: S <s@x>"]
TAGS = ["0.{n}.1", "v0.{n}", "0.{n}-rc1", "0.{n}.0b2", "0.{n}.0.0a1",
        "0.{n}.1.dev3", "0.{n}.2.3", "release-{n}", "series/{n}", "0.{n}-eol",
        "deep/refs/tags/0.{n}.9", "V0.{n}.5", "0.{n}.4.post1"]
MAILMAP = (b"# people\nAnn Proper <ann@proper> <ann@x>\nRobert <bob@X>\n"
           b"\xc3\x89va <eva@x> \xc3\x89va \xe6\xb8\xac <E@x>\n")


@dataclasses.dataclass
class Release:
    """A repository with a tag, and the archive that pbr made of it."""

    repository: pathlib.Path
    tag: str
    artifact: pathlib.Path

    def compare(self):
        done = subprocess.run(
            [find_helper(), "compare", "--repository", self.repository,
             "--tag", self.tag, "--artifact", self.artifact,
             "--preset", "python-pbr@1", "--explain", "all", "--at", AT],
            capture_output=True, check=False)
        return done.returncode, yaml.safe_load(done.stdout)

    def generated(self):
        """Level and detail of what pbr wrote from the history."""
        code, document = self.compare()
        assert code == 0, document["findings"]
        found = {line["path"]: (line["level"], line["detail"])
                 for line in document["result"]["explanations"]}
        return found["AUTHORS"], found["ChangeLog"]


def environment(folder):
    return {"PATH": os.environ["PATH"], "HOME": str(folder),
            "LC_ALL": "C.UTF-8", "TZ": "UTC", "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": "/dev/null"}


def git(folder, *arguments, **options):
    return subprocess.run(
        ["git", "-C", folder / "demo", "-c", "user.name=t",
         "-c", "user.email=t@x", *arguments],
        check=True, capture_output=True, env=environment(folder),
        **options).stdout


def message(chance):
    lines = [b" ".join(chance.choices(WORDS, k=chance.randint(1, 5)))]
    if chance.random() < 0.2:
        lines.append(b"goes on  ")
    if chance.random() < 0.6:
        lines += [b"", *chance.choices(TRAILERS, k=chance.randint(1, 3))]
    end = b"\r\n" if chance.random() < 0.05 else b"\n"
    return end.join(lines) + b"\n"


def person(chance, when):
    name, place = chance.choice(PEOPLE), chance.choice(PLACES)
    return b"%s <%s> %d +0100" % (name, place, when)


def data(content):
    return b"data %d\n%s\n" % (len(content), content)


def history(chance, commits):
    """A stream for `git fast-import`: `refs/heads/main` and its tags."""
    files = {
        b"setup.cfg": b"[metadata]\nname = demo\nsummary = d\n"
                      b"[files]\npackages = demo\n",
        b"setup.py": b"import setuptools\nsetuptools.setup(pbr=True)\n",
        b"demo/__init__.py": b"",
        b".mailmap": MAILMAP,
    }
    if chance.random() < 0.5:
        files[b"AUTHORS.in"] = chance.choice([b"Founders\n\n", b"no end"])
    for mark in range(1, commits + 1):
        when = 1_700_000_000 + mark * 1000 + chance.randint(-5000, 5000)
        yield b"commit refs/heads/main\nmark :%d\n" % mark
        yield b"author %s\n" % person(chance, when + 7)
        yield b"committer %s\n" % person(chance, when)
        text = message(chance)
        if chance.random() < 0.15:
            yield b"encoding ISO-8859-1\n"
        merge = mark > 3 and chance.random() < 0.3
        if merge:
            text = chance.choice([b"Merge ", b"Mergers "]) + text
        yield data(text)
        if mark > 1:
            # A parent that is not the last makes branches; merges tie them up.
            yield b"from :%d\n" % (mark - 1)
        if merge:
            yield b"merge :%d\n" % chance.randint(1, mark - 2)
        if mark == 1:
            for path, content in files.items():
                yield b"M 100644 inline %s\n%s" % (path, data(content))
        else:
            yield b"M 100644 inline demo/f%d.py\n" % chance.randint(0, 9)
            yield data(b"# %d\n" % mark)
        yield b"\n"


def tagged(folder, chance, name, commit):
    options = ["-m", "t"] if chance.random() < 0.5 else []
    git(folder, "tag", *options, name, commit)


def make(folder, seed):
    """The repository, with tags that pbr sees and tags that come later."""
    chance = random.Random(seed)
    (folder / "demo").mkdir()
    git(folder, "init", "-q", "-b", "main")
    git(folder, "fast-import", "--quiet", input=b"".join(history(chance, 40)))
    git(folder, "reset", "-q", "--hard", "main")
    commits = git(folder, "rev-list", "main").decode().split()
    later = []
    for number in range(1, 12):
        name = chance.choice(TAGS).format(n=number)
        commit = chance.choice(commits[1:])
        if chance.random() < 0.3:
            later.append((name, commit))
        else:
            tagged(folder, chance, name, commit)
    version = chance.choice(["1.4.0", "1.4.0.0rc2", "2.0.1"])
    tag = chance.choice(["", "v"]) + version
    git(folder, "tag", "-a", "-m", "t", tag)
    subprocess.run([sys.executable, "setup.py", "-q", "sdist"], check=True,
                   cwd=folder / "demo", capture_output=True,
                   env=environment(folder))
    [artifact] = (folder / "demo/dist").iterdir()
    for name, commit in later:
        tagged(folder, chance, name, commit)
    git(folder, "notes", "add", "-m",
        "Co-authored-by: a note that came later <n@x>")
    release = Release(folder / "demo/.git", tag, artifact)
    return release, [name for name, _ in later]


@pytest.mark.parametrize("seed", SEEDS)
def test_what_pbr_makes_of_a_random_history_is_derived(tmp_path, seed):
    release, later = make(tmp_path, seed)
    authors, changelog = release.generated()
    assert (authors[0], changelog[0]) == ("derived", "derived")
    # Tags that pbr did not see are told, where they would have a heading.
    for name in later:
        git(tmp_path, "tag", "-d", name)
    _, changelog = release.generated()
    assert changelog == ("derived", "the subjects and version tags of the "
                         "tag's whole history")


@pytest.mark.parametrize("name, change", [
    ("AUTHORS", lambda text: text + b"Zzz <z@x>\n"),
    ("AUTHORS", lambda text: text[1:]),
    ("ChangeLog", lambda text: text.replace(b"* ", b"* not ", 1)),
    ("ChangeLog", lambda text: text.replace(b"=\n\n", b"=\n\n9.9\n---\n\n")),
    ("ChangeLog", lambda text: text + b"* evil\n"),
])
def test_a_change_of_what_pbr_made_is_noticed(tmp_path, name, change):
    release, _ = make(tmp_path, 0)
    with tarfile.open(release.artifact) as archive:
        members = [(member, member.isfile() and archive.extractfile(member))
                   for member in archive]
        members = [(member, file and file.read()) for member, file in members]
    with tarfile.open(release.artifact, "w:gz") as archive:
        for member, content in members:
            if member.name.endswith(f"/{name}"):
                assert change(content) != content
                content = change(content)
                member.size = len(content)
            archive.addfile(member, content and io.BytesIO(content))
    code, document = release.compare()
    assert code == 1
    assert [(finding["code"], finding["subject"])
            for finding in document["findings"]
            if finding["severity"] == "error"] == [("evidence-mismatch", name)]

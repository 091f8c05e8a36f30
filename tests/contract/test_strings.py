"""Whatever strangers choose, real PyYAML reads the same from a document."""

import hashlib
import json
import os
import re
import subprocess

import pytest
import yaml
from cases_explain import compare, plant, rewrite, validate, verify_tag
from cases_release import EXPLAIN
from contract_schema import faults, hold, single
from contract_world import ARTIFACT, PROJECT, first_world, printable, world

__all__ = ["first_world", "world"]

# Strings that YAML 1.1 reads as something else, or that break a document.
# The first 23 came back changed from a writer of plain scalars.

HOSTILE = json.loads(r'''
["no","yes","on","off","Yes","1:30","190:20:30","2026-11-20",
"2026-11-20T10:00:00Z","2026-11-20 10:00:00","2026-11-20t10:00:00.5+01:00",
"1_000","0b1_1","=","<<","0x_1F","685_230.15","20:30.15","1__0","0_1",
"12:30:45","1:2","10:00",
"y","n","N","Y","True","0777","0o17","0b11","~","null","Null","1e3","1.e+3",
"12e3","1.","+1","-1","0x1F",".5","NaN",".nan",".inf","1.2.3","1.10",""," lead",
"trail ","# c","a: b","- x","@at","%pct","`b","!t","&a","*a","a\nb","a\r\nb",
"\u0085x","\u2028","\ufeffx","tab\t","'q'","?","? x","|","{a}","[a]","4e5f",
"1234567","0123456","0012","089","12345e6","0.1e3","-.inf","\u007f",
"\u001b[31m","\u0000","emoji \ud83c\udf89","07:00","1e-5","1.5e+3","1.5e3",
"_1","0b","0x","99:99","---","...","--- a","a #b","a:","2001:db8::1","1:60"]
''')


def test_the_list_of_hostile_strings_is_whole():
    assert len(set(HOSTILE)) == 98


@pytest.mark.parametrize("shape", ["plain", "quoted"])
def test_the_reader_is_the_one_that_misreads(shape):
    """If PyYAML were to read plain scalars as text, these tests would show
    nothing."""
    changed = 0
    for text in HOSTILE[:23]:
        try:
            read = yaml.safe_load(f"k: {json.dumps(text)}\n"
                                  if shape == "quoted" else f"k: {text}\n")
        except yaml.YAMLError:
            read = None
        changed += read != {"k": text}
    assert changed == (23 if shape == "plain" else 0)


def explained(world):
    ran = world.helped(*EXPLAIN)
    hold(ran.sure())
    return ran.result


def test_hostile_text_of_the_policy_survives(world):
    def change(policy):
        certificates = [world.keys["stranger"].primary]
        policy["groups"].update({
            text: {"certificates": certificates, "note": text}
            for text in HOSTILE})
        policy["projects"][PROJECT]["taggers"]["any"] += HOSTILE
        policy["projects"][PROJECT]["repository"] = HOSTILE[0]
        policy["projects"][PROJECT]["artifacts"][0]["files"] = [
            {"path": f"f{index}", "exact": text}
            for index, text in enumerate(HOSTILE)]
    world.write_policy(change)
    result = explained(world)
    taggers = result["taggers"][1:]
    assert [tagger["group"] for tagger in taggers] == HOSTILE
    assert [tagger["note"] for tagger in taggers] == HOSTILE
    files = result["artifacts"][0]["files"]
    assert [file["exact"] for file in files] == HOSTILE
    assert result["repository"] == HOSTILE[0]


def as_file_name(text):
    """Whether a folder of this file system can hold the name."""
    return text not in ("", ".", "..") and not set(text) & {"\0", "/"}


MORE_NAMES = [b"back\\slash", b"caf\xe9", b"\xff\xfe", "bidi\u202ex".encode(),
              b"new\nline", b"quo\"te", b"a\\x0ab", b"\\xff"]
NAMES = [text.encode() for text in HOSTILE if as_file_name(text)] + MORE_NAMES


def test_hostile_file_names_survive(world):
    folder = world.folder / "files"
    folder.mkdir()
    for name in NAMES:
        open(os.path.join(os.fsencode(folder), name), "wb").close()
    document = hold(world.helped("checksum", "files"))
    good = {artifact["name"] for artifact in document["result"]["artifacts"]}
    bad = {finding["subject"] for finding in document["findings"]}
    assert good | bad == {printable(name) for name in NAMES}
    assert {"no", "2026-11-20", "1_000", "1.10", "0777"} <= good
    assert {"=", "1:30", "caf\\xe9", "back\\\\slash"} <= bad
    assert not good & bad


def test_hostile_names_of_unexpected_files_survive(world):
    for name in NAMES:
        path = os.path.join(os.fsencode(world.folder / "dist"), name)
        open(path, "wb").close()
    document = hold(validate(world))
    subjects = {finding["subject"] for finding in document["findings"]}
    assert subjects == {printable(name) for name in NAMES}


def is_ref(name):
    return subprocess.run(["git", "check-ref-format", b"refs/heads/" + name],
                          check=False).returncode == 0


def test_hostile_branch_names_survive(world):
    names = [name for name in NAMES if is_ref(name)
             and printable(name) == name.decode("utf-8", "replace")]
    assert len(names) > 40
    commit = world.git("rev-parse", "main")
    lines = [b"create refs/heads/" + name + b" " + commit.encode() + b"\n"
             for name in names]
    world.git("update-ref", "--stdin", input=b"".join(lines))
    world.write_policy(lambda policy: policy["projects"][PROJECT].update(
        branches=["**"]))
    ran = verify_tag(world)
    hold(ran.sure())
    expected = sorted(names + [b"main"])
    assert ran.result["tag"]["branches"] == [
        name.decode() for name in expected]


def test_hostile_paths_in_git_survive(world):
    """As findings where the artifact lacks them."""
    world.commit({os.fsdecode(name): b"x" for name in NAMES})
    world.tag("v1.1")
    world.archive("v1.0", "dist/hello-1.1.tar")
    ran = compare(world, tag="v1.1", artifact="dist/hello-1.1.tar")
    hold(ran)
    missing = [finding["subject"] for finding in ran.document["findings"]
               if finding["code"] == "missing-file"]
    assert sorted(missing) == sorted(printable(name) for name in NAMES)


def usable(name):
    """Whether a path of this name may be in an archive at all."""
    text = name.decode("utf-8", "replace")
    return (not re.search(r"[\x00-\x1f\x7f\\\ufffd]|[. ]\Z", text)
            and not re.match(r"[A-Za-z]:", text))


def test_hostile_paths_in_an_artifact_survive(world):
    """As explanations, as lines of the tree digest, and as findings."""
    names = [name for name in NAMES if usable(name)]
    # y and Y, n and N, and so on are one file for some systems.
    twins = {}
    for name in names:
        twins.setdefault(name.lower(), name)
    names = list(twins.values())
    assert len(names) > 60
    world.commit({os.fsdecode(name): b"x" for name in names})
    world.tag("v1.1")
    world.archive("v1.1", "dist/hello-1.1.tar")
    ran = compare(world, "--explain", "all", tag="v1.1",
                  artifact="dist/hello-1.1.tar")
    hold(ran.sure())
    explanations = ran.result["explanations"]
    expected = sorted(names + [b".gitignore", b"README", b"hello.c",
                               b"run.sh"])
    shown = [printable(name) for name in expected]
    assert [each["path"] for each in explanations] == shown
    assert [each["line"].split(" ", 3)[3] for each in explanations] == shown
    lines = "".join(each["line"] + "\n" for each in explanations)
    digest = hashlib.sha256(lines.encode()).hexdigest()
    assert ran.result["tree_sha256"] == digest
    other = compare(world, artifact="dist/hello-1.1.tar")
    assert {finding["subject"] for finding in other.document["findings"]
            if finding["code"] == "unexplained-file"} == {
        printable(name) for name in names}


def test_hostile_reasons_survive_in_the_record(world):
    reasons = [text for text in HOSTILE if text.strip()]
    for index, _ in enumerate(reasons):
        rewrite(world.folder / "dist" / ARTIFACT,
                plant(f"hello-1.0/f{index:03}", b"x"))
    world.write_policy(lambda policy: policy["projects"][PROJECT]["artifacts"]
                       [0].update(files=[
                           {"path": f"f{index:03}", "unverified": {
                               "reason": reason, "until": "2027-01-01"}}
                           for index, reason in enumerate(reasons)]))
    hold(validate(world, "--record", "record.yaml").sure())
    record = single((world.folder / "record.yaml").read_text())
    assert faults("validation-record.json", record) == []
    told = [each["reason"] for each in record["artifacts"][0]["unverified"]]
    assert told == reasons


@pytest.mark.parametrize("text", [text for text in HOSTILE if "\0" not in text])
def test_hostile_arguments_survive(world, text):
    ran = world.helped("compare", "--repository", "hello", "--artifact",
                       f"dist/{ARTIFACT}", "--preset", "git-archive@1",
                       f"--tag={text}")
    document = hold(ran)
    if document["outcome"] == "rejected":
        finding, = document["findings"]
        assert (finding["code"], finding["subject"]) == (
            "tag-not-found", printable(text.encode()))
    else:
        assert document["command"] == "usage"

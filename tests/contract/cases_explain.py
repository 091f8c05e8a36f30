"""Ways in which checksum, verify-tag, compare and validate can end.

A case has a name, COMMAND/OUTCOME/what, and does what leads there.
"""

import dataclasses
import gzip
import hashlib
import io
import os
import pathlib
import re
import shutil
import tarfile

import yaml

from contract_schema import faults, hold, misplaced, schema, single
from contract_world import ARTIFACT, AT, LATE, PROJECT

CASES = {}


def case(name):
    def keep(function):
        assert name not in CASES
        CASES[name] = function
        return function
    return keep


def simple(name, *arguments):
    CASES[name] = lambda world: world.helped(*arguments)


simple("usage/usage/nothing typed")
simple("usage/usage/unknown command", "frobnicate")
simple("usage/usage/unknown option", "checksum", "dist", "--frobnicate")
simple("usage/usage/argument that is no UTF-8", b"\xff")


# checksum

simple("checksum/ok", "checksum", "dist")
simple("usage/usage/checksum without folder", "checksum")
simple("checksum/unavailable/no folder", "checksum", "gone")
simple("checksum/unavailable/a file", "checksum", "policy.yaml")


@case("checksum/usage/output among artifacts")
def _(world):
    return world.helped("checksum", "dist", "--output", "dist/x.yaml")


@case("checksum/rejected/empty folder")
def _(world):
    (world.folder / "empty").mkdir()
    return world.helped("checksum", "empty")


@case("checksum/rejected/odd files")
def _(world):
    folder = world.folder / "dist"
    (folder / "link").symlink_to(ARTIFACT)
    (folder / "folder").mkdir()
    os.mkfifo(folder / "fifo")
    (folder / "a b").touch()
    pathlib.Path(os.fsdecode(os.fsencode(folder) + b"/\xff\n")).touch()
    return world.helped("checksum", "dist")


# verify-tag

def verify_tag(world, *extra, tag="v1.0", repository="hello"):
    return world.helped("verify-tag", "--repository", repository, "--tag",
                        tag, "--project", PROJECT, *world.rules, *extra)


CASES["verify-tag/ok"] = verify_tag
simple("usage/usage/verify-tag without tag", "verify-tag")
CASES["usage/usage/verify-tag with a bad name"] = (
    lambda world: verify_tag(world, tag="a..b"))
CASES["verify-tag/rejected/no such tag"] = (
    lambda world: verify_tag(world, tag="v9.9"))
CASES["verify-tag/rejected/no release"] = (
    lambda world: verify_tag(world, tag="nightly"))
CASES["verify-tag/rejected/moved"] = (
    lambda world: verify_tag(world, "--tag-object", "0" * 40))
CASES["verify-tag/rejected/later"] = (
    lambda world: world.helped("verify-tag", *world.source, *world.rules[:-1],
                               LATE))
CASES["verify-tag/unavailable/no repository"] = (
    lambda world: verify_tag(world, repository="gone"))
CASES["verify-tag/unavailable/other folder"] = (
    lambda world: verify_tag(world, repository="dist"))


@case("verify-tag/usage/bad policy")
def _(world):
    (world.folder / "policy.yaml").write_text("format: [\n")
    return verify_tag(world)


@case("verify-tag/usage/policy of another format")
def _(world):
    world.write_policy(lambda policy: policy.update(format="other@v2"))
    return verify_tag(world)


@case("verify-tag/usage/secret key in the keyring")
def _(world):
    primary = world.keys["release"].primary
    (world.folder / f"keyring/{primary}.asc").write_bytes(world.secret())
    return verify_tag(world)


@case("verify-tag/usage/unknown project")
def _(world):
    return world.helped("verify-tag", "--repository", "hello", "--tag",
                        "v1.0", "--project", "example/other", *world.rules)


@case("verify-tag/rejected/lightweight")
def _(world):
    world.git("tag", "v1.1")
    return verify_tag(world, tag="v1.1")


@case("verify-tag/rejected/not signed")
def _(world):
    world.git("tag", "--annotate", "--message=x", "v1.1")
    return verify_tag(world, tag="v1.1")


@case("verify-tag/rejected/of a tree")
def _(world):
    world.git("-c", f"user.signingkey={world.keys['maintainer'].subkey}!",
              "tag", "--sign", "--message=x", "v1.1", "main^{tree}")
    return verify_tag(world, tag="v1.1")


@case("verify-tag/rejected/signed by others")
def _(world):
    world.tag("v1.1", key="release")
    world.tag("v1.2", key="stranger")
    first = verify_tag(world, tag="v1.1")
    assert first.codes == ["signer-not-allowed"]
    hold(first)
    second = verify_tag(world, tag="v1.2")
    assert second.codes == ["unknown-signer"]
    return second


@case("verify-tag/rejected/on no branch, under another name")
def _(world):
    world.git("checkout", "--quiet", "-b", "feature")
    world.commit({"new": b"1"})
    world.tag("v1.1")
    world.git("update-ref", "refs/tags/v1.2", "refs/tags/v1.1")
    ran = verify_tag(world, tag="v1.2")
    assert ran.codes == ["commit-not-on-branch", "tag-name-mismatch"]
    return ran


def ssh_tag(world, name="v1.1"):
    """A tag signed with a fresh SSH key; the line of its .pub file."""
    key = world.folder / "ssh"
    world.execute("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "ada",
                  "-f", key)
    world.git("-c", "gpg.format=ssh", "-c", f"user.signingkey={key}", "tag",
              "--sign", "--message=Release", name)
    return key.with_suffix(".pub").read_text().strip()


def masked(world, ran, name="v1.1"):
    """The key, and so the tag, is another one in each run."""
    key = world.execute("ssh-keygen", "-lf", "ssh.pub").split()[1]
    other = b"SHA256:" + 43 * b"A"
    return masked_object(world, dataclasses.replace(
        ran, stdout=ran.stdout.replace(key, other),
        stderr=ran.stderr.replace(key, other)), name)


def masked_object(world, ran, name):
    """An OpenPGP signature holds random bits, and so has the tag's id."""
    tag = world.git("rev-parse", name).encode()
    return dataclasses.replace(
        ran, stdout=ran.stdout.replace(tag, 40 * b"0"),
        stderr=ran.stderr.replace(tag, 40 * b"0"))


@case("verify-tag/ok/by a person with an SSH key")
def _(world):
    line = ssh_tag(world)

    def change(policy):
        team = policy["groups"]["maintainers"]
        team["people"] = [{"name": "Ada", "ssh-keys": [line]}]
        policy["projects"][PROJECT]["signatures"] = {"max-age": "7d"}
    assert faults("policy.json", world.write_policy(change)) == []
    ran = verify_tag(world, tag="v1.1")
    signer, = ran.result["tag"]["signers"]
    assert signer["person"] == "Ada"
    assert signer["certificate"] == signer["key"]
    return masked(world, ran)


@case("verify-tag/rejected/by an SSH key of nobody")
def _(world):
    ssh_tag(world)
    ran = verify_tag(world, tag="v1.1")
    assert ran.codes == ["ssh-unknown-key"]
    return masked(world, ran)


@case("verify-tag/rejected/too few people")
def _(world):
    def change(policy):
        policy["groups"]["maintainers"]["certificates"].append(
            world.keys["release"].primary)
        policy["projects"][PROJECT]["taggers"]["threshold"] = 2
    assert faults("policy.json", world.write_policy(change)) == []
    ran = verify_tag(world)
    assert ran.codes == ["too-few-signers"]
    return ran


def tag_note(world, by="maintainer", **change):
    note = {"format": "countersign/tag-note@v1", "project": PROJECT,
            "tag": "v1.0", "object": world.git("rev-parse", "v1.0")} | change
    (world.folder / "note").write_text(
        "".join(f"{key}: {value}\n" for key, value in note.items()))
    world.execute("gpg", "--armor", "--yes", "--local-user",
                  f"{world.keys[by].subkey}!", "--detach-sign", "note")
    return verify_tag(world, "--tag-note", "note")


@case("verify-tag/ok/with a note")
def _(world):
    return tag_note(world)


@case("verify-tag/rejected/with a note for another object")
def _(world):
    ran = tag_note(world, object="0" * 40)
    assert ran.codes == ["tag-note-mismatch"]
    return ran


@case("verify-tag/usage/with a note that is none")
def _(world):
    ran = tag_note(world, format="countersign/other@v1")
    assert ran.codes == ["bad-tag-note"]
    return ran


@case("verify-tag/ok/seen")
def _(world):
    ran = verify_tag(world, "--seen", "seen.yaml")
    assert ran.document["changed"] is True
    seen = yaml.safe_load((world.folder / "seen.yaml").read_text())
    assert faults("seen.json", seen) == []
    assert seen["projects"] == {PROJECT: {"v1.0": {
        "object": world.git("rev-parse", "v1.0"), "first_seen": AT}}}
    return ran


@case("verify-tag/ok/seen before")
def _(world):
    verify_tag(world, "--seen", "seen.yaml").sure()
    ran = verify_tag(world, "--seen", "seen.yaml")
    assert ran.document["changed"] is False
    return ran


@case("verify-tag/ok/seen, check only")
def _(world):
    ran = verify_tag(world, "--seen", "seen.yaml", "--check")
    assert ran.document["changed"] is True
    assert not (world.folder / "seen.yaml").exists()
    return ran


@case("verify-tag/rejected/seen as another object")
def _(world):
    (world.folder / "seen.yaml").write_text(
        "format: countersign/seen@v1\nprojects: {%s: {v1.0: {object: '%s', "
        "first_seen: '%s'}}}\n" % (PROJECT, "1" * 40, AT))
    ran = verify_tag(world, "--seen", "seen.yaml")
    assert ran.codes == ["tag-moved"]
    return ran


@case("verify-tag/usage/bad record of tags")
def _(world):
    (world.folder / "seen.yaml").write_text("format: countersign/seen@v2\n")
    return verify_tag(world, "--seen", "seen.yaml")


@case("verify-tag/unavailable/record of tags cannot be written")
def _(world):
    return verify_tag(world, "--seen", "gone/seen.yaml")


@case("verify-tag/unavailable/alternates")
def _(world):
    (world.folder / "hello/.git/objects/info/alternates").write_text("/tmp")
    return verify_tag(world)


# compare

def compare(world, *extra, artifact=f"dist/{ARTIFACT}", tag="v1.0",
            by=("--preset", "git-archive@1")):
    return world.helped("compare", "--repository", "hello", "--tag", tag,
                        "--artifact", artifact, "--at", AT, *by, *extra)


BY_POLICY = ("--policy", "policy.yaml", "--project", PROJECT)
CASES["compare/ok"] = compare
CASES["compare/ok/all"] = lambda world: compare(world, "--explain", "all")
CASES["compare/ok/by policy"] = (
    lambda world: compare(world, by=BY_POLICY))
CASES["usage/usage/compare without rules"] = (
    lambda world: compare(world, by=()))
CASES["compare/usage/unknown preset"] = (
    lambda world: compare(world, by=("--preset", "magic@9")))
CASES["compare/usage/bad root"] = (
    lambda world: compare(world, "--root", "../x"))
CASES["compare/usage/no archive"] = (
    lambda world: compare(world, artifact="policy.yaml"))
CASES["compare/rejected/no such tag"] = (
    lambda world: compare(world, tag="v9.9"))
CASES["compare/rejected/other root"] = (
    lambda world: compare(world, "--root", "other"))
CASES["compare/unavailable/no artifact"] = (
    lambda world: compare(world, artifact="dist/gone.tar.gz"))
CASES["compare/unavailable/no subdirectory"] = (
    lambda world: compare(world, "--subdirectory", "gone"))


@case("compare/usage/unsafe name")
def _(world):
    shutil.copy(world.folder / "dist" / ARTIFACT, world.folder / "a b.tar.gz")
    return compare(world, artifact="a b.tar.gz")


@case("compare/rejected/not of the policy")
def _(world):
    shutil.copy(world.folder / "dist" / ARTIFACT, world.folder / "x.tar.gz")
    return compare(world, artifact="x.tar.gz", by=BY_POLICY)


@case("compare/unavailable/a link")
def _(world):
    (world.folder / "x.tar.gz").symlink_to(f"dist/{ARTIFACT}")
    return compare(world, artifact="x.tar.gz")


@case("compare/rejected/cut off")
def _(world):
    path = world.folder / "dist" / ARTIFACT
    path.write_bytes(path.read_bytes()[:100])
    return compare(world, "--explain", "all")


def rewrite(path, change):
    """Takes a tarball apart, lets `change` alter its list of (member,
    content), and puts it together again."""
    with tarfile.open(path) as archive:
        members = [(member, archive.extractfile(member).read()
                    if member.isfile() else b"") for member in archive]
    change(members)
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w",
                      format=tarfile.USTAR_FORMAT) as archive:
        for member, content in members:
            member.size, member.pax_headers = len(content), {}
            archive.addfile(member, io.BytesIO(content))
    path.write_bytes(gzip.compress(out.getvalue(), mtime=0))


def plant(name, content, mode=0o644):
    def change(members):
        member = tarfile.TarInfo(name)
        member.mode = mode
        members.append((member, content))
    return change


def tamper(members):
    plant("hello-1.0/evil.m4", b"evil")(members)
    plant("outside", b"")(members)
    folder = tarfile.TarInfo("hello-1.0/empty")
    folder.type, folder.mode = tarfile.DIRTYPE, 0o755
    members.append((folder, b""))
    for index, (member, content) in enumerate(members):
        if member.name.endswith("hello.c"):
            members[index] = (member, content + b"\n")
        if member.name.endswith("run.sh"):
            member.mode = 0o644
    members[:] = [entry for entry in members
                  if not entry[0].name.endswith("README")]


TAMPERED = {"unexplained-file", "outside-root", "unexplained-folder",
            "modified-file", "mode-differs", "missing-file"}


@case("compare/rejected/tampered")
def _(world):
    rewrite(world.folder / "dist" / ARTIFACT, tamper)
    return compare(world, "--explain", "all")


@case("compare/rejected/root folder of another name")
def _(world):
    ran = compare(world, "--root", "other")
    assert ran.codes == ["outside-root"]
    return ran


# validate

def validate(world, *extra):
    return world.helped("validate", *world.source, *world.rules,
                        "--artifacts", "dist", *extra)


CASES["validate/ok"] = validate
CASES["validate/ok/all"] = lambda world: validate(world, "--explain", "all")
simple("usage/usage/validate without anything", "validate")
CASES["usage/usage/validate with a bad time"] = (
    lambda world: validate(world, "--tag-object", "abc"))


@case("validate/ok/by an SSH key, with the tag seen, and a record")
def _(world):
    world.git("tag", "--delete", "v1.0")
    line = ssh_tag(world, "v1.0")

    def change(policy):
        policy["groups"]["maintainers"] = {"ssh-keys": [line]}
    assert faults("policy.json", world.write_policy(change)) == []
    ran = validate(world, "--seen", "seen.yaml", "--record", "record.yaml")
    record = single((world.folder / "record.yaml").read_text())
    assert faults("validation-record.json", record) == []
    assert record["tag"]["signers"][0]["key"].startswith("ssh:SHA256:")
    assert (world.folder / "seen.yaml").exists()
    return masked(world, ran, "v1.0")


@case("validate/rejected/tag seen as another object")
def _(world):
    validate(world, "--seen", "seen.yaml").sure()
    world.git("tag", "--delete", "v1.0")
    world.git("-c", f"user.signingkey={world.keys['maintainer'].subkey}!",
              "tag", "--sign", "--message=Again", "v1.0")
    ran = validate(world, "--seen", "seen.yaml", "--record", "record.yaml")
    assert ran.codes == ["tag-moved"]
    assert not (world.folder / "record.yaml").exists()
    return masked_object(world, ran, "v1.0")


@case("validate/ok/with a record and a manifest")
def _(world):
    (world.folder / "manifest.yaml").write_bytes(
        world.helped("checksum", "dist").sure().stdout)
    ran = validate(world, "--record", "record.yaml", "--manifest",
                   "manifest.yaml")
    record = single((world.folder / "record.yaml").read_text())
    assert faults("validation-record.json", record) == []
    assert misplaced(record, schema("validation-record.json"),
                     "validation-record.json") == []
    return ran


@case("validate/ok/every kind of evidence")
def _(world):
    evidence = [("hello-1.0/exact.txt", b"exactly 1.0\n", 0o644),
                ("hello-1.0/pinned.sh", b"#!/bin/sh\n", 0o755),
                ("hello-1.0/gen.h", b"made\n", 0o644)]
    for arguments in evidence:
        rewrite(world.folder / "dist" / ARTIFACT, plant(*arguments))

    def change(policy):
        artifact = policy["projects"][PROJECT]["artifacts"][0]
        artifact["omit"] = ["README"]
        artifact["files"] = [
            {"path": "exact.txt", "exact": "exactly 1.0\n"},
            {"path": "pinned.sh", "executable": True,
             "sha256": hashlib.sha256(b"#!/bin/sh\n").hexdigest()},
            {"path": "gen.h", "unverified": {
                "reason": "made by hand", "until": "2027-01-01"}}]
    world.write_policy(change)
    rewrite(world.folder / "dist" / ARTIFACT, lambda members: members.remove(
        next(entry for entry in members if "README" in entry[0].name)))
    ran = validate(world, "--explain", "all")
    artifact, = ran.sure().result["artifacts"]
    assert artifact["levels"] == {"exact": 1, "identical": 3, "omitted": 1,
                                  "pinned": 1, "unverified": 1}
    assert ran.codes == ["unverified-file"]
    return ran


@case("validate/ok/SHA-256 repository, subdirectory, binary certificate")
def _(world):
    shutil.rmtree(world.folder / "hello")
    world.execute("git", "init", "--quiet", "--object-format=sha256",
                  "--initial-branch=main", "hello")
    world.commit({"part/a": b"a", "part/b/c": b"c", "other": b"o"})
    world.tag("v1.0")
    world.execute("git", "-C", "hello/part", "archive", "--format=tar.gz",
                  "--prefix=hello-1.0/", f"--output=../../dist/{ARTIFACT}",
                  "v1.0")
    world.write_policy(lambda policy: policy["projects"][PROJECT]["artifacts"]
                       [0].update(subdirectory="part"))
    primary = world.keys["release"].primary
    (world.folder / f"keyring/{primary}.asc").unlink()
    (world.folder / f"keyring/{primary}.pgp").write_bytes(
        world.execute("gpg", "--export", primary))
    ran = validate(world, "--explain", "all")
    assert len(ran.sure().result["tag"]["commit"]) == 64
    assert ran.result["artifacts"][0]["levels"] == {"identical": 2}
    return ran


@case("validate/usage/bad manifest")
def _(world):
    (world.folder / "manifest.yaml").write_text("format: x\n")
    return validate(world, "--manifest", "manifest.yaml")


@case("validate/usage/no manifest")
def _(world):
    return validate(world, "--manifest", "gone.yaml")


@case("validate/rejected/manifest differs")
def _(world):
    text = world.helped("checksum", "dist").sure().stdout
    (world.folder / "manifest.yaml").write_bytes(
        re.sub(rb'sha512: "..', b'sha512: "00', text))
    return validate(world, "--manifest", "manifest.yaml")


@case("validate/rejected/tampered")
def _(world):
    rewrite(world.folder / "dist" / ARTIFACT, tamper)
    (world.folder / "dist/extra.txt").touch()
    ran = validate(world, "--record", "record.yaml")
    assert set(ran.codes) == TAMPERED | {"unexpected-file"}
    assert not (world.folder / "record.yaml").exists()
    return ran


@case("validate/rejected/empty folder")
def _(world):
    (world.folder / "dist" / ARTIFACT).unlink()
    return validate(world)


@case("validate/rejected/no such tag")
def _(world):
    world.git("tag", "--delete", "v1.0")
    return validate(world)


@case("validate/rejected/evidence expired, rules unused")
def _(world):
    def change(policy):
        artifact = policy["projects"][PROJECT]["artifacts"][0]
        artifact["omit"] = ["*.old"]
        artifact["files"] = [{"path": "gone", "exact": ""}]
    world.write_policy(change)
    return validate(world)


@case("validate/unavailable/no repository")
def _(world):
    shutil.rmtree(world.folder / "hello")
    return validate(world)


@case("validate/unavailable/record cannot be written")
def _(world):
    return validate(world, "--record", "gone/record.yaml")

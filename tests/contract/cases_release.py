"""Ways in which sign, verify, publish and the policy commands can end."""

import hashlib
import os
import shutil

from cases_explain import (BY_POLICY, CASES, case, rewrite, simple, tamper,
                           validate)
from contract_schema import faults
from contract_world import ARTIFACT, AT, LATE, LIST, PROJECT, RECORD

# sign

CASES["sign/ok"] = lambda world: world.sign()
CASES["sign/ok/check"] = lambda world: world.sign("--check")


@case("sign/ok/with the tag seen")
def _(world):
    ran = world.sign("--seen", "seen.yaml")
    assert ran.sure().result["tag"]["first_seen"] == AT
    assert "v1.0" in (world.folder / "seen.yaml").read_text()
    return ran


@case("sign/usage/bad record of tags")
def _(world):
    (world.folder / "seen.yaml").write_text("tags: {}\n")
    return world.sign("--seen", "seen.yaml")


simple("usage/usage/sign without anything", "sign")
CASES["usage/usage/key in a file"] = (
    lambda world: world.helped("sign", *world.source, *world.rules,
                               "--artifacts", "dist", "--key", "key.asc"))
CASES["sign/rejected/key of another"] = (
    lambda world: world.sign(key="stranger"))
CASES["sign/unavailable/no output folder"] = (
    lambda world: world.sign("--output-dir", "gone"))


def with_key(world, key):
    return world.helped("sign", *world.source, *world.rules, "--artifacts",
                        "dist", "--key", "-", stdin=key)


CASES["sign/usage/no key"] = lambda world: with_key(world, b"")
CASES["sign/usage/endless key"] = (
    lambda world: with_key(world, b"\0" * (1 << 20)))
CASES["sign/rejected/no such key"] = (
    lambda world: with_key(world, b"not a key"))


@case("sign/rejected/secret of the primary")
def _(world):
    return with_key(world, world.execute(
        "gpg", "--armor", "--export-secret-keys",
        world.keys["release"].primary))


@case("sign/rejected/tampered")
def _(world):
    rewrite(world.folder / "dist" / ARTIFACT, tamper)
    ran = world.sign()
    assert os.listdir(world.folder / "dist") == [ARTIFACT]
    return ran


@case("sign/rejected/twice")
def _(world):
    world.sign().sure()
    return world.sign()


def by_record(world, *extra, digest=None):
    record = world.folder / "record.yaml"
    if not record.exists():
        validate(world, "--record", "record.yaml").sure()
    digest = digest or hashlib.sha256(record.read_bytes()).hexdigest()
    return world.helped("sign", "--record", "record.yaml", "--record-sha256",
                        digest, *world.rules, "--artifacts", "dist", "--key",
                        "-", *extra, stdin=world.secret())


CASES["sign/ok/by record"] = by_record
CASES["sign/rejected/other record"] = (
    lambda world: by_record(world, digest="0" * 64))


@case("sign/rejected/other bytes than the record's")
def _(world):
    validate(world, "--record", "record.yaml").sure()
    rewrite(world.folder / "dist" / ARTIFACT, tamper)
    return by_record(world)


@case("sign/rejected/other policy and keyring than the record's")
def _(world):
    validate(world, "--record", "record.yaml").sure()
    world.vet("stranger")
    world.write_policy(lambda policy: policy["groups"]["maintainers"].update(
        note="other"))
    ran = by_record(world)
    assert ran.codes == ["record-keyring-differs", "record-policy-differs"]
    return ran


@case("sign/usage/no record")
def _(world):
    (world.folder / "record.yaml").write_text("format: x\n")
    return by_record(world)


@case("sign/unavailable/no repository")
def _(world):
    shutil.rmtree(world.folder / "hello")
    return world.sign()


# verify

def verify(world, *paths):
    return world.helped("verify", "--keyring", "keyring", "--at", AT, *paths)


def signed(world):
    world.sign().sure()
    return world.folder / "dist"


@case("verify/ok")
def _(world):
    signed(world)
    return verify(world, "dist")


@case("verify/ok/one file, by policy, going out now")
def _(world):
    signed(world)
    return verify(world, *BY_POLICY, "--mode", "release", f"dist/{ARTIFACT}")


@case("verify/ok/list")
def _(world):
    signed(world)
    return verify(world, f"dist/{LIST}")


simple("usage/usage/verify without anything", "verify")
simple("verify/unavailable/no file", "verify", "--keyring", "keyring", "gone")
CASES["verify/rejected/not signed"] = lambda world: verify(world, "dist")
CASES["verify/rejected/file not signed"] = (
    lambda world: verify(world, f"dist/{ARTIFACT}"))


@case("verify/usage/a signature")
def _(world):
    signed(world)
    return verify(world, f"dist/{ARTIFACT}.asc")


@case("verify/usage/unsafe name")
def _(world):
    (world.folder / "a b").touch()
    return verify(world, "a b")


@case("verify/rejected/later, going out now")
def _(world):
    signed(world)
    return world.helped("verify", "--keyring", "keyring", "--at", LATE,
                        "--mode", "release", "dist")


@case("verify/rejected/later, from the archive")
def _(world):
    signed(world)
    ran = world.helped("verify", "--keyring", "keyring", "--at", LATE, "dist")
    # Nobody vouches for what an unproven list says, so it is not read.
    # So it is not known which files it covers, and none is called unlisted.
    assert set(ran.codes) == {"age-unproven"}
    return ran


@case("verify/ok/later, its date believed")
def _(world):
    signed(world)
    ran = world.helped("verify", "--keyring", "keyring", "--at", LATE,
                       "--age", "claimed", "dist")
    assert set(ran.codes) == {"age-unproven"}
    return ran


def ages(world):
    """A list of the signatures, signed before the key of the release ended
    by somebody whose key goes on."""
    folder = signed(world)
    keeper = "keeper <keeper@example.org>"
    if "keeper" not in world.keys:
        world.execute("gpg", "--quick-generate-key", keeper, "ed25519",
                      "sign", "10y")
        world.keys["keeper"] = world.listed(keeper)
    world.vet("keeper")
    lines = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n"
             for path in sorted(folder.glob("*.asc"))]
    (world.folder / "ages").write_text("".join(lines))
    world.execute("gpg", "--armor", "--faked-system-time", "20261201T000000!",
                  "--local-user", f"{world.keys['keeper'].primary}!",
                  "--detach-sign", "ages")


@case("verify/ok/later, its age proven")
def _(world):
    ages(world)
    ran = world.helped("verify", "--keyring", "keyring", "--at", LATE,
                       "--age-proof", "ages", "dist")
    assert ran.sure().result["age_proofs"][0]["entries"] == 2
    return ran


@case("verify/rejected/a proof of age that was changed")
def _(world):
    ages(world)
    with open(world.folder / "ages", "a") as file:
        file.write("\n")
    return world.helped("verify", "--keyring", "keyring", "--at", LATE,
                        "--age-proof", "ages", "dist")


CASES["verify/usage/no such proof"] = (
    lambda world: verify(world, "--age-proof", "gone", "keyring"))
CASES["verify/usage/a proof for what goes out now"] = (
    lambda world: verify(world, "--mode", "release", "--age", "claimed",
                         "keyring"))


@case("verify/rejected/everything wrong")
def _(world):
    folder = signed(world)
    (folder / ARTIFACT).write_bytes(b"other")
    (folder / RECORD).unlink()
    (folder / "stray.txt").touch()
    (folder / "folder").mkdir()
    (folder / "link").symlink_to(LIST)
    ran = verify(world, "dist")
    assert set(ran.codes) == {
        "bad-signature", "checksum-mismatch", "listed-file-missing",
        "unlisted-file", "folder-not-checked", "not-a-regular-file"}
    return ran


@case("verify/rejected/signature of another file")
def _(world):
    folder = signed(world)
    for name in (ARTIFACT, f"{ARTIFACT}.asc"):
        shutil.copy(folder / name, folder / name.replace("1.0", "2.0"))
    return verify(world, "dist/hello-2.0.tar.gz")


@case("verify/usage/bad keyring")
def _(world):
    (world.folder / "keyring/notes.txt").touch()
    return verify(world, "dist")


# publish

def publish(world, *extra, site="site", record=f"dist/{RECORD}"):
    return world.helped("publish", "--record", record, "--artifacts", "dist",
                        "--site", site, *world.rules, *extra)


@case("publish/ok")
def _(world):
    signed(world)
    (world.folder / "site").mkdir()
    return publish(world)


@case("publish/ok/again")
def _(world):
    signed(world)
    (world.folder / "site").mkdir()
    assert publish(world).sure().document["changed"] is True
    ran = publish(world)
    assert ran.document["changed"] is False
    return ran


@case("publish/ok/check")
def _(world):
    signed(world)
    (world.folder / "site").mkdir()
    ran = publish(world, "--check")
    assert ran.sure().document["changed"] is True
    assert os.listdir(world.folder / "site") == []
    return ran


simple("usage/usage/publish without anything", "publish")


@case("publish/usage/no record")
def _(world):
    signed(world)
    return publish(world, record="policy.yaml")


@case("publish/unavailable/no site")
def _(world):
    signed(world)
    return publish(world)


@case("publish/unavailable/destination is a link")
def _(world):
    signed(world)
    (world.folder / "site").mkdir()
    (world.folder / "site/example").symlink_to("/tmp")
    return publish(world)


@case("publish/rejected/site differs")
def _(world):
    signed(world)
    there = world.folder / "site/example/hello"
    there.mkdir(parents=True)
    (there / ARTIFACT).write_bytes(b"older")
    ran = publish(world)
    assert os.listdir(there) == [ARTIFACT]
    return ran


@case("publish/rejected/tampered")
def _(world):
    folder = signed(world)
    (world.folder / "site").mkdir()
    (folder / ARTIFACT).write_bytes(b"other")
    (folder / "stray.txt").touch()
    ran = publish(world, "--project", "example/other")
    assert {"bad-signature", "checksum-mismatch", "unexpected-file",
            "record-of-other-project"} <= set(ran.codes)
    return ran


@case("publish/rejected/not signed")
def _(world):
    (world.folder / "site").mkdir()
    validate(world, "--record", "record.yaml").sure()
    return publish(world, record="record.yaml")


# policy

CHECK = ["policy", "check", "--policy", "policy.yaml"]
EXPLAIN = ["policy", "explain", PROJECT, "--policy", "policy.yaml"]
simple("policy-check/ok", *CHECK, "--at", AT)
simple("policy-check/ok/with keyring", *CHECK, "--keyring", "keyring",
       "--at", AT)
simple("usage/usage/policy check without policy", "policy", "check")
simple("usage/usage/policy alone", "policy")
simple("policy-check/usage/no policy", "policy", "check", "--policy", "gone")
simple("policy-check/unavailable/no keyring", *CHECK, "--keyring", "gone")
simple("policy-check/unavailable/output cannot be written", *CHECK,
       "--output", "gone/x.yaml")
DRAFT = ["policy", "draft", "--repository", "hello", "--tag", "v1.0",
         "--artifact", "dist/hello-1.0.tar.gz", "--project", PROJECT,
         "--at", AT]
simple("policy-draft/ok", *DRAFT)
simple("policy-draft/ok/written", *DRAFT, "--policy", "new.yaml")
simple("policy-draft/rejected/no such tag",
       *[word if word != "v1.0" else "v9.0" for word in DRAFT])
simple("policy-draft/usage/no file name",
       *[".." if word.startswith("dist/") else word for word in DRAFT])
simple("policy-draft/unavailable/no repository",
       *[word if word != "hello" else "gone" for word in DRAFT])
simple("policy-draft/unavailable/the draft's file exists", *DRAFT,
       "--policy", "policy.yaml")
simple("policy-explain/ok", *EXPLAIN)
simple("policy-explain/ok/a version", *EXPLAIN, "--version", "1.0")
simple("policy-explain/usage/no version", *EXPLAIN, "--version", "../1")
simple("policy-explain/usage/unknown project", "policy", "explain", "x",
       "--policy", "policy.yaml")
simple("policy-explain/unavailable/output cannot be written", *EXPLAIN,
       "--output", "gone/x.yaml")


@case("policy-check/ok/former signer that can still sign")
def _(world):
    def change(policy):
        policy["projects"][PROJECT]["former-signers"] = [
            world.keys["maintainer"].primary]
    world.write_policy(change)
    ran = world.helped(*CHECK, "--keyring", "keyring", "--at", AT)
    assert ran.codes == ["former-signer-alive"]
    return ran


@case("policy-check/rejected")
def _(world):
    def change(policy):
        policy["groups"]["unused"] = {
            "certificates": [world.keys["stranger"].primary]}
        policy["projects"][PROJECT]["artifacts"].append(
            {"name": "{version}.iso", "preset": "magic@9", "files": [
                {"path": "x", "unverified": {
                    "reason": "r", "until": "2026-01-01"}}]})
    world.write_policy(change)
    ran = world.helped(*CHECK, "--keyring", "keyring", "--at", AT)
    assert set(ran.codes) == {
        "unused-group", "unknown-preset", "unknown-archive-format",
        "unverified-expired", "certificate-not-in-keyring"}
    return ran


@case("policy-check/usage/a key twice")
def _(world):
    path = world.folder / "policy.yaml"
    path.write_text(path.read_text().replace(
        '"tag":', '"tag": "{version}", "tag":'))
    return world.helped(*CHECK)


@case("policy-explain/ok/everything set")
def _(world):
    def change(policy):
        key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI" + 43 * "A"
        policy["groups"]["maintainers"].update(
            {"not-before": "2026-01-01", "not-after": "2027-01-01T00:00:00Z",
             "ssh-keys": [f"{key[:-1]}E grace"],
             "people": [{"name": "Ada", "ssh-keys": [key],
                         "certificates": [world.keys["release"].primary]}]})
        policy["projects"][PROJECT]["taggers"]["threshold"] = 3
        policy["projects"][PROJECT].update(
            {"name": "hi", "destination": "else/where",
             "signatures": {"max-age": "2w", "max-life": "1y",
                            "weak-keys-until": "2027-01-01"},
             "version-pattern": r"[0-9]+\.[0-9]+"})
        policy["projects"][PROJECT]["artifacts"][0].update({
            "root": "r-{version}", "subdirectory": "sub", "omit": ["a", "b"],
            "limits": {"entries": 1, "unpacked": 2, "ratio": 3},
            "files": [{"path": "x-{version}", "exact": "", "executable": True},
                      {"path": "y", "sha256": "0" * 64},
                      {"path": "z", "unverified": {
                          "reason": "r", "until": "2027-01-01"}}]})
    data = world.write_policy(change)
    assert faults("policy.json", data) == []
    return world.helped(*EXPLAIN, "--version", "1.0")

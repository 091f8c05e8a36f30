"""Ways in which the commands of key can end.

The key that they work on is made once, so that its fingerprint is the same in
every copy of the world.
"""

import os
import subprocess

import yaml
from cases_explain import case, simple
from cases_release import CASES
from contract_schema import faults
from contract_world import ARTIFACT, AT, PROJECT, Ran

# What makes a new key gives another document each time, and so does a list
# of signatures, of which no two are the same.
FRESH = {"key-generate/ok", "key-rotate/ok", "key-rotate/ok/superseded",
         "verify/ok/later, its age proven"}
PASSPHRASE, OTHER = "correct horse battery staple", "another for the machine"
SHELL = 'exec "$0" "$@" 3<"$HOME/pass" 4<"$HOME/other" 5<"$HOME/short"'
LATER = ("--at", "2026-11-21T10:00:00Z")


def key(world, *arguments, stdin=b""):
    """Runs `key …` with a passphrase on 3, another one on 4, a bad one on
    5."""
    for name, text in (("pass", PASSPHRASE), ("other", OTHER),
                       ("short", "short")):
        (world.home / name).write_text(text + "\n")
    done = subprocess.run(
        ["sh", "-c", SHELL, world.helper, "key", *map(os.fspath, arguments)],
        input=stdin, capture_output=True, cwd=world.folder,
        env=world.environment | {"HOME": str(world.home)}, check=False)
    for secret in (PASSPHRASE, OTHER):
        assert secret.encode() not in done.stdout + done.stderr
    return Ran(done.returncode, done.stdout, done.stderr)


def generate(world, *extra, folder="out", passphrase="3",
             expires="2027-11-20"):
    return key(world, "generate", "--user-id", "Release <r@example.org>",
               "--expires", expires, "--output-dir", folder,
               "--passphrase-fd", passphrase, "--at", AT, *extra)


def born(world):
    """Makes `out`, and `born` with the one key; its fingerprint."""
    shared = world.home / "born"
    if not shared.exists():
        shared.mkdir()
        generate(world, folder=shared).sure()
    for name, target in (("born", shared), ("out", None)):
        path = world.folder / name
        if target and not path.exists():
            world.execute("cp", "-r", shared, path)
        elif not target:
            path.mkdir(exist_ok=True)
    secret, = shared.glob("*.secret.asc")
    return secret.name.removesuffix(".secret.asc")


def step(world, verb, *extra, out="out", passphrase="3", at=LATER):
    name = born(world)
    return key(world, verb, "--key", f"born/{name}.secret.asc",
               "--passphrase-fd", passphrase, "--output-dir", out, *extra,
               *at)


def subkey(world):
    name = born(world)
    ran = key(world, "check", "--public", f"born/{name}.asc", "--at", AT)
    return ran.result["subkeys"][0]["key"]


simple("usage/usage/key alone", "key")
simple("usage/usage/key generate without anything", "key", "generate")
simple("usage/usage/key extend without a date", "key", "extend", "--key", "x",
       "--output-dir", "x")
simple("usage/usage/key export-subkey to standard output", "key",
       "export-subkey", "--key", "x", "--output-fd", "1")


CASES["sign/unavailable/no agent"] = (
    lambda world: world.helped("sign", *world.source, *world.rules,
                               "--artifacts", "dist", "--agent",
                               "--agent-socket", "gone"))
simple("usage/usage/sign with an agent nowhere", "sign", "--agent")


@case("key-generate/ok")
def _(world):
    (world.folder / "out").mkdir()
    ran = generate(world, "--subkey-expires", "2027-05-20")
    modes = {path.name[41:]: path.stat().st_mode & 0o777
             for path in (world.folder / "out").iterdir()}
    private = ("secret.asc", "revoke-compromised.asc",
               "revoke-superseded.asc", "revoke-retired.asc")
    assert modes == dict.fromkeys(private, 0o600) | {"asc": 0o644}
    return ran


CASES["key-generate/unavailable/no folder"] = generate


@case("key-generate/rejected/in the past")
def _(world):
    (world.folder / "out").mkdir()
    return generate(world, expires="2026-01-01")


@case("key-generate/rejected/subkey outlives it")
def _(world):
    (world.folder / "out").mkdir()
    return generate(world, "--subkey-expires", "2028-01-01")


@case("key-generate/usage/short passphrase")
def _(world):
    (world.folder / "out").mkdir()
    return generate(world, passphrase="5")


CASES["key-generate/usage/no descriptor"] = (
    lambda world: generate(world, passphrase="99"))


def certify(world, *extra, fingerprint=None, file=None, out="out"):
    release = world.keys["release"].primary
    return step(world, "certify", file or f"keyring/{release}.asc",
                "--fingerprint", fingerprint or release, *extra, out=out)


CASES["key-certify/ok"] = certify
CASES["key-certify/rejected/another"] = (
    lambda world: certify(world, fingerprint="0" * 40))
CASES["key-certify/rejected/no such user id"] = (
    lambda world: certify(world, "--user-id", "somebody else"))
CASES["key-certify/usage/no certificate"] = (
    lambda world: certify(world, file="gone"))
CASES["key-certify/unavailable/no folder"] = (
    lambda world: certify(world, out="gone"))


@case("key-certify/ok/twice")
def _(world):
    certify(world).sure()
    release = world.keys["release"].primary
    ran = certify(world, file=f"out/{release}.asc")
    assert ran.codes == ["already-certified"]
    return ran


@case("key-certify/rejected/itself")
def _(world):
    name = born(world)
    return certify(world, file=f"born/{name}.asc", fingerprint=name)


@case("key-certify/rejected/a secret key")
def _(world):
    return certify(world, file=f"born/{born(world)}.secret.asc")


EXTEND = ("extend", "--expires", "2028-11-20", "--subkey-expires",
          "2028-05-20")
CASES["key-extend/ok"] = lambda world: step(world, *EXTEND)
CASES["key-extend/rejected/not later"] = (
    lambda world: step(world, "extend", "--expires", "2027-01-01"))
CASES["key-extend/rejected/clock"] = (
    lambda world: step(world, *EXTEND, at=("--at", AT)))
CASES["key-extend/usage/no public file"] = (
    lambda world: step(world, *EXTEND, "--public", "gone"))
CASES["key-extend/usage/passphrase of nothing"] = (
    lambda world: step(world, *EXTEND, passphrase="9"))
CASES["key-extend/unavailable/no folder"] = (
    lambda world: step(world, *EXTEND, out="gone"))
CASES["key-extend/rejected/wrong passphrase"] = (
    lambda world: step(world, *EXTEND, passphrase="4"))
CASES["key-extend/rejected/of somebody else"] = (
    lambda world: step(world, *EXTEND, "--public",
                       f"keyring/{world.keys['release'].primary}.asc"))


@case("key-extend/rejected/key is there")
def _(world):
    step(world, *EXTEND).sure()
    ran = step(world, *EXTEND)
    assert ran.codes == ["output-exists"] * 2
    return ran


ROTATE = ("rotate", "--subkey-expires", "2027-10-20", "--old")
CASES["key-rotate/ok"] = lambda world: step(world, *ROTATE, "expires")
CASES["key-rotate/ok/superseded"] = (
    lambda world: step(world, *ROTATE, "superseded"))
CASES["key-rotate/rejected/outlives"] = (
    lambda world: step(world, "rotate", "--subkey-expires", "2028-10-20",
                       "--old", "expires"))
CASES["key-rotate/rejected/from the future"] = (
    lambda world: step(world, *ROTATE, "superseded", "--old-from",
                       "2027-01-01"))
CASES["key-rotate/usage/date of nothing"] = (
    lambda world: step(world, *ROTATE, "expires", "--old-from",
                       "2026-11-21"))
CASES["key-rotate/unavailable/no folder"] = (
    lambda world: step(world, *ROTATE, "expires", out="gone"))

REVOKE = ("revoke", "--reason")
CASES["key-revoke/ok"] = (
    lambda world: step(world, *REVOKE, "superseded", "--subkey",
                       subkey(world)))
CASES["key-revoke/ok/all"] = (
    lambda world: step(world, *REVOKE, "compromised", "--certificate",
                       born(world), "--message", "stolen"))
CASES["key-revoke/rejected/another"] = (
    lambda world: step(world, *REVOKE, "compromised", "--certificate",
                       "0" * 40))
CASES["key-revoke/rejected/no such subkey"] = (
    lambda world: step(world, *REVOKE, "compromised", "--subkey", "0" * 40))
CASES["key-revoke/rejected/before it was made"] = (
    lambda world: step(world, *REVOKE, "retired", "--subkey", subkey(world),
                       "--from", "2026-01-01"))
CASES["key-revoke/usage/no public file"] = (
    lambda world: step(world, *REVOKE, "retired", "--certificate",
                       born(world), "--public", "gone"))
CASES["key-revoke/unavailable/no folder"] = (
    lambda world: step(world, *REVOKE, "retired", "--certificate",
                       born(world), out="gone"))


def export(world, *extra, to="ci.asc", passphrase="3", own="4"):
    name = born(world)
    return key(world, "export-subkey", "--key", f"born/{name}.secret.asc",
               "--passphrase-fd", passphrase, "--output-key", to, *extra,
               *(["--export-passphrase-fd", own] if own else
                 ["--unencrypted"]), *LATER)


CASES["key-export-subkey/ok"] = export
CASES["key-export-subkey/ok/not locked"] = (
    lambda world: export(world, own=None))
CASES["key-export-subkey/rejected/wrong passphrase"] = (
    lambda world: export(world, passphrase="4"))
CASES["key-export-subkey/rejected/same passphrase"] = (
    lambda world: export(world, passphrase="3", own="3"))
CASES["key-export-subkey/rejected/no such subkey"] = (
    lambda world: export(world, "--subkey", "0" * 40))
CASES["key-export-subkey/usage/short passphrase"] = (
    lambda world: export(world, own="5"))
CASES["key-export-subkey/unavailable/no folder"] = (
    lambda world: export(world, to="gone/ci.asc"))


def publish(world, *extra, file=None, out="out"):
    name = born(world)
    return key(world, "publish", file or f"born/{name}.asc", "--output-dir",
               out, "--at", AT, *extra)


@case("key-publish/ok")
def _(world):
    ran = publish(world, "--first")
    name = born(world)
    record = yaml.safe_load(
        (world.folder / f"out/{name}.dates.yaml").read_text())
    assert faults("key-dates.json", record) == []
    assert record["certificate"] == name
    return ran


@case("key-publish/ok/again")
def _(world):
    publish(world, "--first").sure()
    ran = publish(world)
    assert not ran.document["changed"]
    return ran


@case("key-publish/ok/with a revocation")
def _(world):
    return publish(world, "--first", "--revocation",
                   f"born/{born(world)}.revoke-compromised.asc")


CASES["key-publish/rejected/not said to be first"] = publish
CASES["key-publish/rejected/another"] = (
    lambda world: publish(world, "--first", "--fingerprint", "0" * 40))
CASES["key-publish/rejected/not a revocation"] = (
    lambda world: publish(world, "--first", "--revocation", "policy.yaml"))
CASES["key-publish/rejected/not the signer"] = (
    lambda world: publish(world, "--first", "--policy", "policy.yaml",
                          "--project", PROJECT))
CASES["key-publish/rejected/not a certificate"] = (
    lambda world: publish(world, "--first", file="policy.yaml"))
CASES["key-publish/usage/no certificate"] = (
    lambda world: publish(world, "--first", file="gone"))
CASES["key-publish/unavailable/no folder"] = (
    lambda world: publish(world, "--first", out="gone"))


def check(world, *extra, stdin=b"", at=AT):
    name = born(world)
    return key(world, "check", "--public", f"born/{name}.asc", "--at", at,
               *extra, stdin=stdin)


CASES["key-check/ok"] = check
CASES["key-check/ok/soon"] = (
    lambda world: check(world, "--days", "400d"))
CASES["key-check/rejected/expired"] = (
    lambda world: check(world, at="2028-01-01T00:00:00Z"))
CASES["key-check/rejected/not in the keyring, not the signer"] = (
    lambda world: check(world, "--policy", "policy.yaml", "--project",
                        PROJECT, "--keyring", "keyring"))
CASES["key-check/rejected/key of another"] = (
    lambda world: check(world, "--key", "-", stdin=world.secret()))
CASES["key-check/usage/bad record"] = (
    lambda world: check(world, "--dates", "policy.yaml"))
CASES["key-check/usage/no key"] = (
    lambda world: check(world, "--key", "-"))
CASES["key-check/unavailable/no signed file"] = (
    lambda world: check(world, "--signed", "gone"))


@case("key-check/ok/everything")
def _(world):
    name = born(world)
    export(world, own=None).sure()
    publish(world, "--first").sure()
    (world.folder / f"keyring/{name}.asc").write_bytes(
        (world.folder / f"born/{name}.asc").read_bytes())
    world.write_policy(lambda policy: policy["projects"][PROJECT].update(
        signer=name))
    secret = (world.folder / "ci.asc").read_bytes()
    world.helped("sign", *world.source, *world.rules[:-1], LATER[1],
                 "--artifacts", "dist", "--key", "-", stdin=secret).sure()
    return check(world, "--policy", "policy.yaml", "--project", PROJECT,
                 "--keyring", "keyring", "--dates", f"out/{name}.dates.yaml",
                 "--key", "-", "--signed", f"dist/{ARTIFACT}", stdin=secret,
                 at=LATER[1])


@case("key-check/rejected/record and certificate of two keys")
def _(world):
    publish(world, "--first").sure()
    name = born(world)
    record = world.folder / f"out/{name}.dates.yaml"
    record.write_text(record.read_text().replace(name, "0" * 40))
    ran = check(world, "--dates", record.relative_to(world.folder))
    assert set(ran.codes) == {"dates-differ"}
    return ran

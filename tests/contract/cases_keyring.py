"""Ways in which the keyring commands can end."""

import shutil

import yaml
from cases_explain import case
from cases_release import CASES
from contract_schema import TextLoader, faults
from contract_world import AT, LATE, PROJECT

PLACE = ["--keyring", "keyring", "--at", AT]
VETTED = ["--vetted-by", "Grace, in person", "--vetted-at", "2026-11-19"]


def keyring(world, verb, *arguments, place=tuple(PLACE), **options):
    return world.helped("keyring", verb, *place, *arguments, **options)


def simple(name, verb, *arguments, place=tuple(PLACE)):
    CASES[name] = lambda world: keyring(
        world, verb, *[argument(world) if callable(argument) else argument
                       for argument in arguments], place=place)


def primary(name):
    return lambda world: world.keys[name].primary


def offered(world, name="stranger"):
    (world.folder / f"{name}.asc").write_bytes(world.execute(
        "gpg", "--armor", "--export", world.keys[name].primary))
    return f"{name}.asc"


def add(world, *extra, name="stranger", **options):
    return keyring(world, "add", offered(world, name), "--fingerprint",
                   world.keys["stranger"].primary, *VETTED, *extra, **options)


GONE = ["--keyring", "gone", "--at", AT]


def broken(world):
    (world.folder / "keyring/keyring.yaml").write_text(
        "format: countersign/keyring@v1\ncertificates: {}\nadmin: true\n")
    return world


simple("usage/usage/keyring with an unknown option", "list", "--frobnicate")
CASES["usage/usage/keyring without command"] = (
    lambda world: world.helped("keyring"))

# add


@case("keyring-add/ok")
def _(world):
    ran = add(world, "--person", "Stranger", "--project", PROJECT, "--note",
              "a=b: 'c'")
    text = (world.folder / "keyring/keyring.yaml").read_text()
    assert faults("keyring.json", yaml.load(text, TextLoader),
                  closed=False) == []
    return ran


@case("keyring-add/ok/again")
def _(world):
    add(world).sure()
    ran = add(world)
    assert ran.document["changed"] is False
    return ran


CASES["keyring-add/rejected/another"] = (
    lambda world: add(world, name="release"))
CASES["keyring-add/usage/broken keyring"] = lambda world: add(broken(world))
CASES["keyring-add/unavailable/no keyring"] = (
    lambda world: add(world, place=GONE))
simple("keyring-add/usage/no file", "add", "gone.asc", "--fingerprint",
       primary("stranger"), *VETTED)


@case("keyring-add/rejected/a secret")
def _(world):
    (world.folder / "secret.asc").write_bytes(world.secret("stranger"))
    return keyring(world, "add", "secret.asc", "--fingerprint",
                   world.keys["stranger"].primary, *VETTED)


# remove

simple("keyring-remove/ok", "remove", primary("maintainer"))
simple("keyring-remove/ok/not there", "remove", primary("stranger"))
simple("keyring-remove/rejected/in use", "remove", primary("maintainer"),
       "--policy", "policy.yaml")
simple("keyring-remove/usage/no policy", "remove", primary("maintainer"),
       "--policy", "gone")
simple("keyring-remove/unavailable/no keyring", "remove",
       primary("maintainer"), place=GONE)

# update


@case("keyring-update/ok")
def _(world):
    ran = keyring(world, "update", offered(world, "maintainer"))
    assert ran.document["changed"] is False
    return ran


@case("keyring-update/ok/a new subkey")
def _(world):
    # Keys are shared with other worlds: an unfinished copy is older.
    name, whole = "stranger", world.folder / "stranger.asc"
    add(world).sure()
    path = world.folder / f"keyring/{world.keys[name].primary}.asc"
    path.write_bytes(world.execute(
        "gpg", "--armor", "--export-filter",
        f"drop-subkey=fpr = {world.keys[name].subkey}", "--export",
        world.keys[name].primary))
    ran = keyring(world, "update", whole)
    assert [change["what"] for change in ran.result["changes"]] == ["subkey"]
    return ran


STATE = ["--fingerprint", primary("maintainer"), "--state"]
simple("keyring-update/ok/retired", "update", *STATE, "retired", "--since",
       "2026-11-20", "--note", "left")
simple("keyring-update/ok/compromised", "update", *STATE, "compromised")
simple("keyring-update/rejected/from the future", "update", *STATE,
       "compromised", "--since", "2027-01-01")
simple("usage/usage/keyring state of nobody", "update", "--state", "retired")
CASES["keyring-update/usage/not there"] = (
    lambda world: keyring(world, "update", offered(world)))
simple("keyring-update/unavailable/no keyring", "update", *STATE, "retired",
       place=GONE)

# list, show

simple("keyring-list/ok", "list")
CASES["keyring-list/usage/broken keyring"] = (
    lambda world: keyring(broken(world), "list"))
simple("keyring-list/unavailable/no keyring", "list", place=GONE)
simple("keyring-show/ok", "show", primary("maintainer"))
simple("keyring-show/usage/not there", "show", primary("stranger"))
simple("keyring-show/unavailable/no keyring", "show", primary("stranger"),
       place=GONE)

# check

POLICY = ["--policy", "policy.yaml"]
simple("keyring-check/ok", "check", *POLICY)
simple("keyring-check/ok/soon", "check", *POLICY, "--within", "400")
simple("keyring-check/ok/late", "check", *POLICY,
       place=["--keyring", "keyring", "--at", LATE])
simple("keyring-check/usage/no policy", "check", "--policy", "gone")
simple("keyring-check/unavailable/no keyring", "check", place=GONE)


@case("keyring-check/rejected")
def _(world):
    add(world, "--project", "example/other").sure()
    keyring(world, "update", "--state", "retired", "--since", "2026-01-01",
            "--fingerprint", world.keys["stranger"].primary).sure()
    for name in ("maintainer", "release"):
        keyring(world, "update", "--state", "compromised", "--fingerprint",
                world.keys[name].primary).sure()
    (world.folder / f"keyring/{world.keys['release'].primary}.asc").unlink()
    ran = keyring(world, "check", *POLICY)
    assert set(ran.codes) == {
        "certificate-not-in-keyring", "group-without-usable-key",
        "not-vetted", "state-conflict"}
    return ran


# export

def exported(form, *extra):
    return ("export", "--format", form, "--output-dir", "out", *extra)


for form in ("keys", "debian", "arch", "gentoo", "sequoia-git", "wkd"):
    simple(f"keyring-export/ok/{form}", *exported(
        form, *POLICY, "--project", PROJECT))
simple("keyring-export/ok", *exported("keys"))
simple("keyring-export/rejected/no ssh keys", *exported(
    "git-allowed-signers"))
simple("keyring-export/usage/unknown project", *exported(
    "keys", *POLICY, "--project", "example/other"))
simple("keyring-export/usage/into the keyring", "export", "--format", "keys",
       "--output-dir", "./keyring")
simple("keyring-export/unavailable/a file in the way", "export", "--format",
       "keys", "--output-dir", "policy.yaml")
simple("usage/usage/odd site", *exported("arch", "--site-url", "https://$x"))

# request


def request(world, *extra, key="stranger"):
    return world.helped(
        "keyring", "request", "--certificate", offered(world), "--project",
        PROJECT, "--statement", "I release hello.", "--request",
        "request.yaml", "--at", AT, "--key", "-", *extra,
        stdin=world.secret(key))


@case("keyring-request/ok")
def _(world):
    ran = request(world)
    text = (world.folder / "request.yaml").read_text()
    assert faults("vetting-request.json", yaml.load(text, TextLoader),
                  closed=False) == []
    return ran


CASES["keyring-request/rejected/key of another"] = (
    lambda world: request(world, key="release"))


@case("keyring-request/rejected/a secret as certificate")
def _(world):
    (world.folder / "secret.asc").write_bytes(world.secret("stranger"))
    return world.helped(
        "keyring", "request", "--certificate", "secret.asc", "--project",
        PROJECT, "--statement", "x", "--request", "request.yaml", "--at", AT)


@case("keyring-request/usage/no certificate")
def _(world):
    return world.helped(
        "keyring", "request", "--certificate", "gone.asc", "--project",
        PROJECT, "--statement", "x", "--request", "request.yaml", "--at", AT)


@case("keyring-request/unavailable/no folder")
def _(world):
    return world.helped(
        "keyring", "request", "--certificate", offered(world), "--project",
        PROJECT, "--statement", "x", "--request", "gone/request.yaml", "--at",
        AT)


@case("keyring-check/ok/request")
def _(world):
    request(world).sure()
    return keyring(world, "check", *POLICY, "--request", "request.yaml")


@case("keyring-check/rejected/request of another")
def _(world):
    request(world).sure()
    path = world.folder / "request.yaml"
    path.write_text(path.read_text().replace(PROJECT, "example/other"))
    ran = keyring(world, "check", *POLICY, "--request", "request.yaml")
    assert set(ran.codes) == {"bad-signature", "unknown-project"}
    return ran


@case("keyring-check/usage/no request")
def _(world):
    shutil.copy(world.folder / "policy.yaml", world.folder / "request.yaml")
    return keyring(world, "check", "--request", "request.yaml")


@case("keyring-add/ok/request")
def _(world):
    request(world).sure()
    return keyring(world, "add", "--request", "request.yaml", "--fingerprint",
                   world.keys["stranger"].primary, *VETTED)

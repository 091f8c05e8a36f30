"""A release to try the helper on: keys by the real gpg, a repository by the
real git, at fixed times. Nothing here comes from outside of its folder.

There is no conftest.py here on purpose: the role tests import theirs by that
name. Test files import the fixtures they use.
"""

import dataclasses
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import pytest
import yaml

MADE = "20261101T000000!"
LOOKED = "20261121T000000!"
AT = "2026-11-20T10:00:00Z"
LATE = "2031-01-01T00:00:00Z"
PROJECT = "example/hello"
ARTIFACT = "hello-1.0.tar.gz"
LIST = "hello-1.0.SHA256SUMS"
RECORD = f"{ARTIFACT}.validation.yaml"


# Keys are made, and tags signed, at one time; what was signed since is looked
# at later. Whoever looks sees all that gpg says.
GPG = """#!/bin/sh
case " $* " in
*" --verify "* | *" --import "*) set -- --faked-system-time '{looked}' "$@" ;;
*) set -- --quiet --faked-system-time '{made}' "$@" ;;
esac
exec {gpg} --batch --no-tty --pinentry-mode loopback --passphrase '' "$@"
"""

# Where a document gives no time, now is a time of ours.
HELPER = """#!/bin/sh
case " $* " in
*" --at "* | *" checksum "* | *" explain "* | *" --help "*) ;;
*) set -- "$@" --at {at} ;;
esac
exec {helper} "$@"
"""


def find_helper():
    """The helper under test. Without it the tests fail: they never skip."""
    name = os.environ.get("COUNTERSIGN_BIN")
    assert name, "COUNTERSIGN_BIN must name the countersign executable"
    path = pathlib.Path(name).resolve()
    assert os.access(path, os.X_OK), f"{path} is not executable"
    return path


def execute(*command, **options):
    """Runs a command that must succeed; its output."""
    options = {"check": True, "capture_output": True} | options
    return subprocess.run([os.fspath(part) for part in command],
                          **options).stdout


@dataclasses.dataclass
class Key:
    """A certificate that only certifies, and its signing subkey."""

    primary: str
    subkey: str


@dataclasses.dataclass
class Ran:
    """What a run of the helper said."""

    code: int
    stdout: bytes
    stderr: bytes

    @property
    def document(self):
        return yaml.safe_load(self.stdout)

    @property
    def result(self):
        return self.document["result"]

    @property
    def codes(self):
        return [finding["code"] for finding in self.document["findings"]]

    def sure(self, code=0):
        assert self.code == code, (self.stdout + self.stderr).decode()
        return self


class World:
    """A folder with `hello` (the repository), `dist`, `keyring`,
    `policy.yaml` and a home for gpg."""

    def __init__(self, folder, home):
        self.folder, self.home = folder, home
        self.helper = find_helper()
        self.bin = home / "bin"
        self.gnupg = home / "gnupg"
        self.keys = {}
        self.variables = {}

    # What is run in it.

    @property
    def environment(self):
        return {
            "PATH": f"{self.bin}:{pathlib.Path(sys.executable).parent}:"
                    f"{os.environ['PATH']}",
            "HOME": str(self.home), "GNUPGHOME": str(self.gnupg),
            "LC_ALL": "C.UTF-8", "TZ": "UTC",
            "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null",
            "GIT_AUTHOR_NAME": "A Maintainer",
            "GIT_AUTHOR_EMAIL": "maintainer@example.org",
            "GIT_AUTHOR_DATE": "2026-11-10T12:00:00Z",
            "GIT_COMMITTER_NAME": "A Maintainer",
            "GIT_COMMITTER_EMAIL": "maintainer@example.org",
            "GIT_COMMITTER_DATE": "2026-11-10T12:00:00Z",
        } | {f"{name.upper()}_{part.upper()}": getattr(key, part)
             for name, key in self.keys.items()
             for part in ("primary", "subkey")} | self.variables

    def execute(self, *command, **options):
        options = {"cwd": self.folder, "env": self.environment} | options
        return execute(*command, **options)

    def git(self, *arguments, **options):
        return self.execute("git", "-C", "hello", *arguments,
                            **options).decode().strip()

    def helped(self, *arguments, stdin=b"", **options):
        """Runs the helper."""
        done = subprocess.run(
            [self.helper, *map(os.fspath, arguments)], input=stdin,
            cwd=self.folder, env=self.environment, check=False,
            **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
            | options)
        return Ran(done.returncode, done.stdout, done.stderr)

    # How it is made.

    def make(self):
        self.bin.mkdir(parents=True)
        self.gnupg.mkdir(mode=0o700)
        self.script("gpg", GPG)
        self.script("countersign", HELPER)
        for name in ("maintainer", "release", "stranger"):
            self.keys[name] = self.make_key(f"{name} <{name}@example.org>")
        (self.folder / "keyring").mkdir()
        for name in ("maintainer", "release"):
            self.vet(name)
        self.make_repository()
        self.write_policy()
        (self.folder / "dist").mkdir()
        self.archive("v1.0", "dist/" + ARTIFACT)
        return self

    def script(self, name, text):
        path = self.bin / name
        path.write_text(text.format(
            gpg=shutil.which("gpg"), helper=self.helper, made=MADE,
            looked=LOOKED, at=AT))
        path.chmod(0o755)

    def fingerprints(self, user):
        listing = self.execute("gpg", "--with-colons", "--list-keys", user)
        return re.findall(r"^fpr:+([0-9A-F]{40}):", listing.decode(), re.M)

    def listed(self, user):
        """A certificate whose primary key signs."""
        primary, = self.fingerprints(user)
        return Key(primary, primary)

    def make_key(self, user):
        self.execute("gpg", "--quick-generate-key", user, "ed25519", "cert",
                     "2y")
        self.execute("gpg", "--quick-add-key", self.fingerprints(user)[0],
                     "ed25519", "sign", "1y")
        return Key(*self.fingerprints(user))

    def vet(self, name):
        primary = self.keys[name].primary
        (self.folder / "keyring" / f"{primary}.asc").write_bytes(
            self.execute("gpg", "--armor", "--export", primary))

    def secret(self, name="release"):
        """The signing subkey alone, as it is exported for signing."""
        return self.execute("gpg", "--armor", "--export-secret-subkeys",
                            f"{self.keys[name].subkey}!")

    def make_repository(self):
        self.execute("git", "init", "--quiet", "--initial-branch=main",
                     "hello")
        self.commit({"README": b"Says hello.\n",
                     "hello.c": b"int main(void) { return 0; }\n",
                     "run.sh": b"#!/bin/sh\necho hello\n",
                     ".gitignore": b"*.o\n"})
        (self.folder / "hello/run.sh").chmod(0o755)
        self.git("add", "run.sh")
        self.git("commit", "--quiet", "--amend", "--no-edit")
        self.tag("v1.0")

    def commit(self, files):
        for name, content in files.items():
            path = os.fsencode(self.folder / "hello") + b"/" + os.fsencode(
                name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            pathlib.Path(os.fsdecode(path)).write_bytes(content)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message=Say hello")

    def tag(self, name, key="maintainer"):
        self.git("-c", f"user.signingkey={self.keys[key].subkey}!", "tag",
                 "--sign", "--message=Release", name)

    def archive(self, tag, target):
        root = pathlib.PurePath(target).name
        root = root.removesuffix(".gz").removesuffix(".tar")
        kind = "tar.gz" if target.endswith(".gz") else "tar"
        self.git("archive", f"--format={kind}", f"--prefix={root}/",
                 f"--output=../{target}", tag)

    def policy(self):
        """The policy as data."""
        return {
            "format": "countersign/policy@v1",
            "groups": {"maintainers": {
                "certificates": [self.keys["maintainer"].primary],
                "note": "met in person, 2026"}},
            "projects": {PROJECT: {
                "repository": "https://git.example.org/example/hello",
                "tag": "v{version}",
                "branches": ["main", "stable/*"],
                "taggers": {"any": ["maintainers"]},
                "signer": self.keys["release"].primary,
                "artifacts": [{"name": "hello-{version}.tar.gz",
                               "preset": "git-archive@1"}],
            }},
        }

    def write_policy(self, change=lambda policy: None, name="policy.yaml"):
        policy = self.policy()
        change(policy)
        # JSON is YAML, and leaves nothing to guess about types. Only its
        # pairs of surrogates are none.
        text = re.sub(r"\\ud[89ab][0-9a-f]{2}\\ud[c-f][0-9a-f]{2}",
                      beyond_the_basic_plane,
                      json.dumps(policy, indent=2) + "\n")
        (self.folder / name).write_text(text)
        return policy

    # The arguments that every command of a stage shares.

    @property
    def rules(self):
        return ["--policy", "policy.yaml", "--keyring", "keyring", "--at", AT]

    @property
    def source(self):
        return ["--repository", "hello", "--tag", "v1.0", "--project",
                PROJECT]

    def sign(self, *extra, key="release", folder="dist"):
        return self.helped("sign", *self.source, *self.rules, "--artifacts",
                           folder, "--key", "-", *extra,
                           stdin=self.secret(key))

    def release(self):
        """Signs, and publishes into `site`."""
        self.sign().sure()
        (self.folder / "site").mkdir()
        self.helped("publish", "--record", f"dist/{RECORD}", "--artifacts",
                    "dist", "--site", "site", *self.rules).sure()

    def downloader(self):
        """What lies on the site, and a certificate from elsewhere; nothing
        else."""
        self.release()
        primary = self.keys["release"].primary
        certificate = (self.folder / f"keyring/{primary}.asc").read_bytes()
        for path in self.folder.iterdir():
            if path.name not in ("site", "hello"):
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        (self.folder / f"{primary}.asc").write_bytes(certificate)
        self.variables["FINGERPRINT"] = primary
        self.gnupg = self.folder / ".gnupg"
        self.gnupg.mkdir(mode=0o700)

    def copy(self, folder):
        """The same world in another place, free to change; keys are shared."""
        shutil.copytree(self.folder, folder, symlinks=True)
        other = World(folder, self.home)
        other.keys = self.keys
        return other


@pytest.fixture(scope="session")
def first_world():
    """The world that others are copies of."""
    # Not pytest's folder: the path of gpg-agent's socket must be short.
    top = pathlib.Path(tempfile.mkdtemp(prefix="cs-"))
    (top / "world").mkdir()
    world = World(top / "world", top / "home")
    try:
        yield world.make()
    finally:
        subprocess.run(["gpgconf", "--kill", "all"], env=world.environment,
                       check=False)
        shutil.rmtree(top)


@pytest.fixture
def world(first_world, tmp_path):
    """A world of the test's own."""
    return first_world.copy(tmp_path / "world")


def beyond_the_basic_plane(pair):
    return f"\\U{ord(json.loads(chr(34) + pair[0] + chr(34))):08x}"


def printable(data):
    """The escape of docs/result-format.md, written down a second time: bytes
    as text that cannot mislead."""
    hiding = set("\u061c\u200b\u2028\u2029\u2060\ufeff")
    for first, last in ("\u200c\u200f", "\u202a\u202e", "\u2066\u2069",
                        "\u206a\u206f"):
        hiding |= set(map(chr, range(ord(first), ord(last) + 1)))
    out = []
    for char in data.decode("utf-8", "surrogateescape"):
        raw = char.encode("utf-8", "surrogateescape")
        control = ord(char) < 32 or 127 <= ord(char) < 160
        if char == "\\":
            out.append("\\\\")
        elif control or char in hiding or 0xdc80 <= ord(char) <= 0xdcff:
            out.extend(f"\\x{byte:02x}" for byte in raw)
        else:
            out.append(char)
    return "".join(out)

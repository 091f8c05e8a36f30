"""People with keys, a project with signed tags, and a way to run the real
ansible-playbook on them."""

import dataclasses
import json
import os
import pathlib
import re
import subprocess
import sys

import yaml

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
PROJECT = "example/hello"
TAG = "v1.0"
ARTIFACT = "hello-1.0.tar.gz"
# What signing puts beside it.
SIGNED = sorted([
    f"{ARTIFACT}.asc", f"{ARTIFACT}.validation.yaml",
    "hello-1.0.SHA256SUMS", "hello-1.0.SHA256SUMS.asc"])


def run(*command, **options):
    options.setdefault("check", True)
    options.setdefault("capture_output", True)
    return subprocess.run([str(part) for part in command], **options)


class Person:
    """A gpg home with one key: a primary that only certifies, and a signing
    subkey."""

    def __init__(self, folder, name):
        self.home = folder / name
        self.home.mkdir(mode=0o700)
        user = f"{name} <{name}@example.org>"
        self.gpg("--quick-generate-key", user, "ed25519", "cert", "1y")
        self.primary = self._fingerprints()[0]
        self.gpg("--quick-add-key", self.primary, "ed25519", "sign", "1y")
        self.subkey = self._fingerprints()[1]

    def gpg(self, *arguments, **options):
        return run("gpg", "--homedir", self.home, "--batch", "--quiet",
                   "--pinentry-mode", "loopback", "--passphrase", "",
                   *arguments, **options).stdout

    def _fingerprints(self):
        listing = self.gpg("--with-colons", "--list-keys").decode()
        return re.findall(r"^fpr:+([0-9A-F]{40}):", listing, re.M)

    def certificate(self):
        return self.gpg("--armor", "--export", self.primary)

    def secret_subkey(self, armor=True):
        """The signing subkey alone, as the real ceremony exports it."""
        return self.gpg(*(["--armor"] if armor else []),
                        "--export-secret-subkeys", f"{self.subkey}!")

    def secret_primary(self):
        return self.gpg("--armor", "--export-secret-keys", self.primary)

    def stop_agent(self):
        run("gpgconf", "--homedir", self.home, "--kill", "all", check=False)


class Project:
    """A git repository; tags are signed by a person's key."""

    def __init__(self, path, tagger):
        self.path = path
        self.tagger = tagger
        path.mkdir()
        self.git("init", "--quiet", "--initial-branch=main")
        (path / "hello.c").write_text("int main(void) { return 0; }\n")
        (path / "README").write_text("Says nothing.\n")
        self.git("add", ".")
        self.git("commit", "--quiet", "--message=First")

    def git(self, *arguments):
        environment = {
            "PATH": os.environ["PATH"], "GNUPGHOME": str(self.tagger.home),
            "HOME": "/nonexistent", "GIT_CONFIG_NOSYSTEM": "1",
        }
        who = ["-c", "user.name=A Tagger", "-c", "user.email=a@example.org",
               "-c", f"user.signingkey={self.tagger.subkey}!"]
        return run("git", *who, *arguments, cwd=self.path,
                   env=environment).stdout

    def tag(self, name):
        self.git("tag", "--sign", "--message=Release", name)
        return self.git("rev-parse", f"refs/tags/{name}").decode().strip()

    def archive(self, tag, root, target):
        self.git("archive", "--format=tar.gz", f"--prefix={root}/",
                 f"--output={target}", tag)


@dataclasses.dataclass
class World:
    """What the trusted side has. Made once; tests change copies of it."""

    tagger: Person
    signer: Person
    stranger: Person
    project: Project
    policy: pathlib.Path
    keyring: pathlib.Path
    dist: pathlib.Path
    tag_object: str


def policy_text(tagger, signer):
    return yaml.safe_dump({
        "format": "countersign/policy@v1",
        "groups": {"taggers": {"certificates": [tagger.primary]}},
        "projects": {PROJECT: {
            "repository": "https://git.example.org/example/hello",
            "tag": "v{version}",
            "branches": ["main"],
            "taggers": {"any": ["taggers"]},
            "signer": signer.primary,
            "destination": "example/hello",
            "artifacts": [{
                "name": "hello-{version}.tar.gz",
                "root": "hello-{version}",
                "preset": "git-archive@1",
            }],
        }},
    })


@dataclasses.dataclass
class Played:
    """What a run of ansible-playbook showed and left."""

    code: int
    output: str
    facts: dict

    @property
    def ok(self):
        return self.code == 0

    @property
    def changed(self):
        return sum(map(int, re.findall(r"\bchanged=(\d+)", self.output)))

    def ran(self, task):
        """Whether a task of this name was reached."""
        return f"{task}]" in self.output


class Player:
    """Runs playbooks in a home of its own."""

    def __init__(self, folder, binary):
        self.folder = folder
        self.home = folder / "home"
        self.home.mkdir()
        self.cache = folder / "facts"
        self.binary = binary
        self.environment = {
            "HOME": str(self.home),
            "PATH": f"{pathlib.Path(sys.executable).parent}:"
                    f"{os.environ['PATH']}",
            "LANG": "C.UTF-8",
            "TMPDIR": str(folder / "tmp"),
            # By default it is in the user's own home, whatever HOME says.
            "ANSIBLE_REMOTE_TMP": str(folder / "remote"),
            "ANSIBLE_CONFIG": str(REPOSITORY / "ansible.cfg"),
            "ANSIBLE_ROLES_PATH": str(REPOSITORY / "roles"),
            "ANSIBLE_CACHE_PLUGIN": "jsonfile",
            "ANSIBLE_CACHE_PLUGIN_CONNECTION": str(self.cache),
            "ANSIBLE_LOCALHOST_WARNING": "false",
            "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false",
            "ANSIBLE_NOCOLOR": "1",
        }
        (folder / "tmp").mkdir()

    def play(self, playbook, *arguments, prefix=(), **environment):
        """Runs a playbook file."""
        done = run(*prefix, "ansible-playbook", playbook, *arguments,
                   env=self.environment | environment, cwd=REPOSITORY,
                   stdin=subprocess.DEVNULL, check=False)
        facts = {}
        if (self.cache / "localhost").is_file():
            facts = json.loads((self.cache / "localhost").read_text())
        output = done.stdout.decode() + done.stderr.decode()
        print(output)
        return Played(done.returncode, output, facts)

    def role(self, name, variables, *arguments, play=None, **options):
        """Runs one role with these variables."""
        path = self.folder / f"{name}.yaml"
        path.write_text(yaml.safe_dump([{
            "hosts": "localhost", "connection": "local",
            "gather_facts": False, **(play or {}),
            "tasks": [{"ansible.builtin.include_role": {"name": name},
                       "vars": variables}],
        }]))
        return self.play(path, *arguments, **options)


def prefixed(verb, variables):
    return {f"countersign_{verb}_{key}": value
            for key, value in variables.items()}


def snapshot(*folders):
    """Every file with its bytes, to show that nothing changed."""
    return {path: path.is_file() and path.read_bytes()
            for folder in folders for path in sorted(folder.rglob("*"))}


def key_file(folder, text):
    """A key on its way in: a file outside of all that is searched."""
    path = folder / "key"
    path.write_bytes(text)
    return path

"""People with keys, and the project that they release."""

import os
import shutil

import yaml
from rig import HERE, RIG, run

PROJECT = "example/hello"


class Person:
    """A gpg home with one key: a primary that only certifies, and a signing
    subkey."""

    def __init__(self, folder, name):
        self.home = folder / name
        self.home.mkdir(mode=0o700)
        user = f"{name} <{name}@example.org>"
        self.gpg("--quick-generate-key", user, "ed25519", "cert", "1y")
        self.primary = self.fingerprints()[0]
        self.gpg("--quick-add-key", self.primary, "ed25519", "sign", "1y")
        self.subkey = self.fingerprints()[1]

    def gpg(self, *arguments, **options):
        return run("gpg", "--homedir", self.home, "--batch", "--quiet",
                   "--pinentry-mode", "loopback", "--passphrase", "",
                   *arguments, **options).stdout

    def fingerprints(self):
        listing = self.gpg("--with-colons", "--list-keys").decode()
        return [line.split(":")[9] for line in listing.splitlines()
                if line.startswith("fpr:")]

    def certificate(self):
        return self.gpg("--armor", "--export", self.primary)

    def secret_subkey(self):
        return self.gpg("--armor", "--export-secret-subkeys",
                        f"{self.subkey}!")

    def stop_agent(self):
        run("gpgconf", "--homedir", self.home, "--kill", "all", check=False)


def policy_text(tagger, signer):
    return yaml.safe_dump({
        "format": "countersign/policy@v1",
        "groups": {"taggers": {"certificates": [tagger.primary]}},
        "projects": {PROJECT: {
            "repository": "https://git.example.org/example/hello",
            "tag": "v{version}",
            "branches": ["master", "stable/*"],
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


class Hello:
    """The project under release, as its maintainer has it."""

    def __init__(self, zuul, tagger):
        self.zuul = zuul
        self.tagger = tagger
        self.bare = zuul.new_repository(PROJECT)
        self.work = zuul.folder / "work/hello"
        shutil.copytree(HERE / "hello", self.work)
        self.git("init", "--quiet", "--initial-branch=master")
        self.write("hello.c", "int main(void) { return 0; }\n")
        self.commit("First")
        self.git("remote", "add", "origin", self.bare)
        self.push("master")

    def git(self, *arguments, person=None):
        person = person or self.tagger
        environment = {"PATH": os.environ["PATH"], "HOME": "/nonexistent",
                       "GNUPGHOME": str(person.home),
                       "GIT_CONFIG_NOSYSTEM": "1",
                       # The repositories are the services' own.
                       "GIT_CONFIG_GLOBAL": str(RIG / "home/.gitconfig")}
        who = ["-c", "user.name=A Tagger", "-c", "user.email=a@example.org",
               "-c", f"user.signingkey={person.subkey}!"]
        return run("git", *who, *arguments, cwd=self.work,
                   env=environment).stdout.decode().strip()

    def write(self, path, text):
        (self.work / path).parent.mkdir(parents=True, exist_ok=True)
        (self.work / path).write_text(text)

    def commit(self, message):
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", f"--message={message}")

    def push(self, *refs):
        self.git("push", "--quiet", "--force", "origin", *refs)

    def tag(self, name, *arguments, person=None):
        """A signed tag on what is checked out, pushed."""
        arguments = arguments or ("--sign", "--message=Release")
        self.git("tag", "--force", *arguments, name, person=person)
        self.push("HEAD:refs/heads/master" if self.branch() == "master"
                  else self.branch(), f"refs/tags/{name}")
        return self.git("rev-parse", f"refs/tags/{name}")

    def branch(self):
        return self.git("rev-parse", "--abbrev-ref", "HEAD")

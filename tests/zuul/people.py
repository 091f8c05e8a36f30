"""People with keys, what may be released by whom, and projects."""

import os
import shutil

import yaml
from rig import HERE, RIG, run

# One for the honest and most attacks; the others have hostile stanzas, or
# jobs with a key that must be refused.
PROJECT = "example/hello"
CHECKED = ["check", "become", "chain"]
STANZAS = ["dependencies", "shadow", "inherit", "vary", "variables", *CHECKED]
KEYS = "example/keys"
# Whose site has room for one file or for two, cannot be written, or has a
# release already whose tag is moved; whose executor is killed.
FULL, FULLER, READONLY, MOVED, KILLED = TROUBLE = [
    f"example/{name}"
    for name in ("full", "fuller", "readonly", "moved", "killed")]
# One that is only validated; one with a wheel and an image beside the sdist,
# and who builds that a second time; one that is built on a worker.
ONLY = "example/only"
PARTS, BUILDER = "example/parts", "example/builder"
WORKER = "example/worker"
LONG_AGO = "20240101T000000!"


class Person:
    """A gpg home with one key: a primary that only certifies, and a signing
    subkey."""

    def __init__(self, folder, name, made=None):
        self.home = folder / name
        self.home.mkdir(mode=0o700)
        self.time = ["--faked-system-time", made] if made else []
        user = f"{name} <{name}@example.org>"
        self.gpg(*self.time, "--quick-generate-key", user, "ed25519", "cert",
                 "10y")
        self.primary = self.fingerprints()[0]
        self.gpg(*self.time, "--quick-add-key", self.primary, "ed25519",
                 "sign", "1y")
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

    def secret_primary(self):
        return self.gpg("--armor", "--export-secret-keys", self.primary)

    def revoke_subkey(self):
        run("gpg", "--homedir", self.home, "--no-tty", "--quiet",
            "--pinentry-mode", "loopback", "--passphrase", "",
            "--command-fd", "0", "--edit-key", self.primary,
            input=b"key 1\nrevkey\ny\n1\n\ny\nsave\n")

    def stop_agent(self):
        run("gpgconf", "--homedir", self.home, "--kill", "all", check=False)


def policy_text(people, signer):
    rules = {
        "tag": "v{version}",
        "branches": ["master", "stable/*"],
        "taggers": {"any": ["taggers"]},
        "signer": people[signer].primary,
        "artifacts": [{
            "name": "hello-{version}.tar.gz",
            "root": "hello-{version}",
            "preset": "git-archive@1",
        }],
    }
    names = [PROJECT, KEYS, ONLY, WORKER, *TROUBLE,
             *(f"example/{name}" for name in STANZAS)]
    projects = {name: rules | {
        "repository": f"https://git.example.org/{name}",
        "destination": name} for name in names}
    for name in (WORKER, *TROUBLE):
        projects[name]["name"] = "hello"
    projects[PARTS] = rules | {
        "name": "hello", "destination": PARTS,
        "repository": f"https://git.example.org/{PARTS}",
        "artifacts": [
            {"name": "hello-{version}.tar.gz", "preset": "python-flit@1"},
            {"name": "hello-{version}-py3-none-any.whl", "root": "",
             "preset": "python-wheel@1"},
            {"name": "hello-{version}-image.tar", "root": "",
             "preset": "git-archive@1", "omit": ["**"], "rebuilt": [
                 {"name": "second", "builder": "second-build",
                  "paths": ["**"]}]}]}
    # Vetted, but for another project.
    projects["example/other"] = rules | {
        "repository": "https://git.example.org/example/other",
        "destination": "example/other", "taggers": {"any": ["others"]}}
    return yaml.safe_dump({
        "format": "countersign/policy@v1",
        "groups": {
            "taggers": {"certificates": [
                people["tagger"].primary, people["expired"].primary]},
            "others": {"certificates": [people["other"].primary]}},
        "projects": projects})


class Project:
    """A project under release, as its maintainer has it."""

    def __init__(self, zuul, name, files=None):
        self.zuul = zuul
        self.name = name
        self.people = zuul.people
        self.bare = zuul.new_repository(name)
        self.work = zuul.folder / "work" / name
        shutil.copytree(HERE / "hello", self.work)
        more = HERE / name.partition("/")[2]
        if more.is_dir():
            shutil.copytree(more, self.work, dirs_exist_ok=True)
        self.git("init", "--quiet", "--initial-branch=master")
        self.write("hello.c", "int main(void) { return 0; }\n")
        for path, text in (files or {}).items():
            self.write(path, text)
        self.commit("First")
        self.git("remote", "add", "origin", self.bare)
        self.push("master")

    def git(self, *arguments, person="tagger", check=True):
        person = self.people[person]
        environment = {"PATH": os.environ["PATH"], "HOME": "/nonexistent",
                       "GNUPGHOME": str(person.home),
                       "GIT_CONFIG_NOSYSTEM": "1",
                       # The repositories are the services' own.
                       "GIT_CONFIG_GLOBAL": str(RIG / "home/.gitconfig")}
        if person.time:
            # gpg signs with no expired key, but when told another time.
            environment["GIT_COMMITTER_DATE"] = "2024-02-01T00:00:00Z"
            (person.home / "gpg").write_text(
                '#!/bin/sh\nexec gpg --faked-system-time 20240201T000000! '
                '"$@"\n')
            (person.home / "gpg").chmod(0o755)
        who = ["-c", "user.name=A Tagger", "-c", "user.email=a@example.org"]
        if person.time:
            who += ["-c", f"gpg.program={person.home}/gpg"]
        if not any("gpg.format" in str(word) for word in arguments):
            who += ["-c", f"user.signingkey={person.subkey}!"]
        return run("git", *who, *arguments, cwd=self.work, check=check,
                   env=environment).stdout.decode().strip()

    def write(self, path, text):
        (self.work / path).parent.mkdir(parents=True, exist_ok=True)
        (self.work / path).write_text(text)

    def commit(self, message):
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", f"--message={message}")

    def push(self, *refs):
        self.git("push", "--quiet", "--force", "origin", *refs)
        # Pushed as root, read by the services.
        run("chown", "-R", "countersign-rig:", self.bare)

    def tag(self, name, *arguments, person="tagger"):
        """A signed tag on what is checked out, not yet pushed."""
        arguments = arguments or ("--sign", "--message=Release")
        before, after = [], []
        if "--ssh" in arguments:
            key = self.zuul.folder / "ssh-key"
            if not key.exists():
                run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key)
            before = ["-c", "gpg.format=ssh", "-c", f"user.signingkey={key}"]
            arguments = ("--sign", "--message=Release")
        self.git(*before, "tag", "--force", *arguments, name, *after,
                 person=person)
        return self.git("rev-parse", f"refs/tags/{name}")

    def release(self, name):
        """A signed tag, pushed together with its branch."""
        made = self.tag(name)
        self.push("HEAD", f"refs/tags/{name}")
        return made

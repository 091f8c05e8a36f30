"""Signing and verifying, against gpg and sqv."""

import hashlib
import json
import os
import pathlib
import shutil
import subprocess

from measure import (Measured, against, faster, in_turns, least, measure,
                     once, tell)

# A loop of gpg is so even that a part of it tells the whole.
LOOP = 100
# A short run needs more rounds until one was left alone.
MANY = 4
UNLOCKED = ["--pinentry-mode", "loopback", "--passphrase", ""]
PROJECT = "bench/parts"


class World:
    """Keys by the real gpg, a signed tag, and a folder of small artifacts of
    one release, each of the whole tree."""

    def __init__(self, folder, helper):
        self.folder, self.helper = folder, helper
        self.gnupg = folder / "gnupg"
        self.keyring = folder / "keyring"
        for place in (self.gnupg, folder / "reader"):
            place.mkdir(mode=0o700, parents=True)
        self.keyring.mkdir()

    def environment(self, gnupg=None):
        person = {"NAME": "A", "EMAIL": "a@example.org"}
        return {**os.environ, "GNUPGHOME": str(gnupg or self.gnupg),
                "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null",
                **{f"GIT_{who}_{what}": value for what, value in person.items()
                   for who in ("AUTHOR", "COMMITTER")}}

    def execute(self, *command, gnupg=None):
        return subprocess.run(command, check=True, cwd=self.folder,
                              capture_output=True, stdin=subprocess.DEVNULL,
                              env=self.environment(gnupg)).stdout

    def gpg(self, *arguments):
        return self.execute("gpg", "--batch", "--quiet", "--no-tty",
                            *UNLOCKED, *arguments)

    def key(self, user):
        """A certificate in the keyring, and its signing subkey."""
        def fingerprints():
            listing = self.gpg("--with-colons", "--list-keys", user).decode()
            return [line.split(":")[9] for line in listing.splitlines()
                    if line.startswith("fpr:")]
        self.gpg("--quick-generate-key", user, "ed25519", "cert", "1y")
        self.gpg("--quick-add-key", fingerprints()[0], "ed25519", "sign", "1y")
        certificate, subkey = fingerprints()
        (self.keyring / f"{certificate}.asc").write_bytes(
            self.gpg("--armor", "--export", certificate))
        return certificate, subkey

    def make(self):
        self.maintainer, tagger = self.key("maintainer@example.org")
        self.release, self.subkey = self.key("release@example.org")
        self.certificate = self.keyring / f"{self.release}.asc"
        (self.folder / "secret").write_bytes(self.gpg(
            "--armor", "--export-secret-subkeys", f"{self.subkey}!"))
        reader = self.folder / "reader"
        self.execute("gpg", "--batch", "--import", self.certificate,
                     gnupg=reader)
        repository = self.folder / "repository"
        self.execute("git", "init", "--quiet", "--initial-branch=main",
                     repository)
        (repository / "README").write_text("Says hello.\n" * 100)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message=All")
        self.git("-c", f"user.signingkey={tagger}!", "tag", "--sign",
                 "--message=Release", "v1.0")
        return self

    def git(self, *arguments):
        return self.execute("git", "-C", "repository", *arguments)

    def parts(self, count):
        """The folder of `count` artifacts, its policy and its record."""
        names = [f"part{number:04}" for number in range(count)]
        place = self.folder / f"parts-{count}"
        (place / "dist").mkdir(parents=True)
        for name in names:
            self.git("archive", "--format=tar.gz", f"--prefix={name}-1.0/",
                     f"--output={place}/dist/{name}-1.0.tar.gz", "v1.0")
        # JSON is YAML.
        (place / "policy.yaml").write_text(json.dumps({
            "format": "countersign/policy@v1",
            "groups": {"all": {"certificates": [self.maintainer]}},
            "projects": {PROJECT: {
                "repository": "https://git.example.org/parts",
                "tag": "v{version}", "branches": ["main"],
                "taggers": {"any": ["all"]}, "signer": self.release,
                "artifacts": [{"name": f"{name}-{{version}}.tar.gz",
                               "preset": "git-archive@1"}
                              for name in names]}}}))
        self.execute(self.helper, "validate", "--quiet",
                     *self.source(), *self.rules(place),
                     "--record", place / "record.yaml")
        return place

    def source(self):
        return ["--repository", "repository", "--tag", "v1.0", "--project",
                PROJECT]

    def rules(self, place):
        return ["--policy", place / "policy.yaml", "--keyring", self.keyring,
                "--artifacts", place / "dist"]

    def agent(self):
        """CPU seconds of the agent so far: it signs for gpg, and is not
        among gpg's own."""
        told = self.execute("gpg-connect-agent", "GETINFO pid", "/bye")
        pid = int(told.split()[1])
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
        user, system = stat.rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    def close(self):
        for gnupg in (self.gnupg, self.folder / "reader"):
            self.execute("gpgconf", "--kill", "all", gnupg=gnupg)


def one(world, place, rounds):
    """One file with its signature beside it."""
    big = world.folder / "big.tar"
    with big.open("wb") as file:
        for _ in range(50):
            file.write(os.urandom(1 << 20))
    world.gpg("--armor", "--local-user", f"{world.subkey}!", "--detach-sign",
              big)
    small = next(place.glob("signed/*.tar.gz"))
    for what, path, many in (("of 1 kB", small, 5 * MANY),
                             ("of 50 MB", big, MANY)):
        signature = f"{path}.asc"
        ours = f"verify, 1 file {what}"
        commands = {
            ours: [world.helper, "verify", "--quiet", "--keyring",
                   world.keyring, path],
            "gpg --verify": ["gpg", "--batch", "--verify", signature, path],
            "sqv": ["sqv", "--keyring", world.certificate, signature, path]}
        if not shutil.which("sqv"):
            del commands["sqv"]
            print("sqv is not installed: not compared")
        runs = in_turns(commands, many * rounds,
                        env=world.environment(world.folder / "reader"))
        for name, run in runs.items():
            tell(name, run)
            if name != ours:
                against("countersign", runs[ours], name, run, "at most 1")


def loop(world, place, count, script, rounds, *arguments, env):
    """gpg once for each of the first files, scaled to all of them."""
    part = min(LOOP, count)
    names = sorted(path.name for path in (place / "dist").glob("*.tar.gz"))
    runs = []
    for _ in range(rounds):
        out = fresh(place / "gpg")
        before = world.agent()
        code, run = once(["bash", "-c", f'for name in "${{@:3}}"; do {script} '
                          '|| exit 1; done', "bash", out, *arguments,
                          *names[:part]], cwd=place / "signed", env=env)
        assert code == 0, script
        run.cpu += world.agent() - before
        runs.append(run)
    scale, run = count / part, least(runs)
    return Measured(run.cpu * scale, run.wall * scale, run.peak)


def fresh(folder):
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return folder


def many(world, place, count, rounds):
    """A folder of small artifacts, against a loop of gpg."""
    rounds = max(1, rounds // 2)
    out = place / "out"
    digest = hashlib.sha256((place / "record.yaml").read_bytes()).hexdigest()
    record = ["--record", place / "record.yaml", "--record-sha256", digest]

    def sign(form):
        with (place.parent / "secret").open("rb") as secret:
            def before():
                fresh(out)
                secret.seek(0)
            return measure([world.helper, "sign", "--quiet", *form,
                            *world.rules(place), "--key", "-", "--output-dir",
                            out], rounds, before=before, stdin=secret,
                           cwd=world.folder)

    def verify(*paths):
        return measure([world.helper, "verify", "--quiet", "--keyring",
                        world.keyring, *paths], rounds)

    names = f"the loop of gpg over {min(LOOP, count)} files" + (
        f", times {count / LOOP:g}" if count > LOOP else "")
    theirs = loop(world, place, count, 'gpg --batch --quiet --armor '
                  '--local-user "$2" --output "$1/$name.asc" --detach-sign '
                  '"$name"', rounds, f"{world.subkey}!",
                  env=world.environment())
    tell(f"gpg --detach-sign, {count} files", theirs)
    for what, form, wanted in (
            ("sign --record", record, "at least 20"),
            ("sign --repository", world.source(), ""),
            # What is left where the disk has nothing to do.
            ("sign --record --check", [*record, "--check"], "")):
        ours = sign(form)
        tell(f"{what}, {count} files", ours)
        faster(what, ours, names, theirs, wanted)

    theirs = loop(world, place, count, 'gpg --batch --quiet --verify '
                  '"$name.asc" "$name"', rounds, "",
                  env=world.environment(world.folder / "reader"))
    tell(f"gpg --verify, {count} files", theirs)
    signed = place / "signed"
    for what, paths, wanted in (
            ("verify FOLDER", [signed], "at least 20"),
            # The signatures without the list and the records.
            ("verify FILE…", sorted(signed.glob("*.tar.gz")), "")):
        ours = verify(*paths)
        tell(f"{what}, {count} files", ours)
        faster(what, ours, names, theirs, wanted)


def signatures(helper, folder, rounds):
    world = World(folder / "signatures", helper)
    try:
        world.make()
        for count in (100, 1000):
            place = world.parts(count)
            # What is verified, and where gpg's loops find their files.
            shutil.copytree(place / "dist", place / "signed")
            with (world.folder / "secret").open("rb") as secret:
                subprocess.run([helper, "sign", "--quiet", *world.source(),
                                *world.rules(place), "--key", "-",
                                "--output-dir", place / "signed"], check=True,
                               stdin=secret, stdout=subprocess.DEVNULL,
                               cwd=world.folder)
            if count == 100:
                one(world, place, rounds)
            many(world, place, count, rounds)
    finally:
        world.close()

"""Explaining an artifact from its tag, against the ways people did it
before."""

import gzip
import os
import random
import shutil
import subprocess

from measure import NULL, Measured, measure, show

GIT = {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null",
       "GIT_AUTHOR_NAME": "A", "GIT_AUTHOR_EMAIL": "a@example.org",
       "GIT_COMMITTER_NAME": "A", "GIT_COMMITTER_EMAIL": "a@example.org",
       "GIT_AUTHOR_DATE": "2026-01-01T00:00:00Z",
       "GIT_COMMITTER_DATE": "2026-01-01T00:00:00Z"}


def git(repository, *arguments):
    # Else a commit starts a "gc" in the background, which locks ours out.
    quiet = ["-c", "maintenance.auto=false", "-c", "gc.auto=0"]
    subprocess.run(["git", "-C", repository, *quiet, *arguments], check=True,
                   env={**os.environ, **GIT}, **NULL)


def generate(folder, files, size, seed=1):
    """A repository with a tagged tree, and its tarball."""
    chance = random.Random(seed)
    words = [f"word{n}" for n in range(2000)]
    repository = folder / f"repository-{files}"
    repository.mkdir()
    git(repository, "init", "--quiet", "--initial-branch=main")
    for number in range(files):
        place = repository / f"d{number % 97}" / f"e{number % 13}"
        place.mkdir(parents=True, exist_ok=True)
        text = " ".join(chance.choices(words, k=size // 8))
        (place / f"f{number}.py").write_text(f"# {number}\n{text}\n")
    git(repository, "add", "--all")
    git(repository, "commit", "--quiet", "--message", "All")
    git(repository, "tag", "v1.0")
    git(repository, "gc", "--quiet")
    tar = folder / f"big-{files}.tar"
    git(repository, "archive", f"--prefix=big-{files}/", f"--output={tar}",
        "v1.0")
    packed = tar.with_suffix(".tar.gz")
    with tar.open("rb") as source, gzip.open(packed, "wb", 6) as target:
        shutil.copyfileobj(source, target)
    return repository, "v1.0", packed


def again(folder, source):
    """The tag's tree as git archives it, which is accepted: a refusal also
    searches the history for the commit that was built."""
    repository, tag, artifact = source
    root = artifact.name.removesuffix(".gz").removesuffix(".tar")
    packed = folder / "again" / f"{root}.tar.gz"
    packed.parent.mkdir()
    # Not through our memory: what a child begins with counts as its own.
    subprocess.run(["bash", "-c", 'git -C "$0" archive --prefix="$1/" "$2" | '
                    'gzip -6 > "$3"', repository, root, tag, packed],
                   check=True)
    return packed


def tree(helper, source, folder, rounds):
    """One artifact against its tag, and the ways people did it before."""
    repository, tag, _ = source
    artifact = again(folder, source)
    compare = [helper, "compare", "--quiet", "--repository", repository,
               "--tag", tag, "--artifact", artifact,
               "--preset", "git-archive@1"]
    ours = measure(compare, rounds)
    peer = measure(["bash", "-c", 'gzip -dc "$0" | sha256sum', artifact],
                   rounds)
    show("explain the tree", ours, peer, "gzip -dc | sha256sum",
         "at most 1.5; below 40 MB")
    print(f"{'':<44} wall is {ours.wall / ours.cpu:.2f} of CPU"
          "   wanted: at most 0.7 on two idle cores")
    work = folder / "2013"

    def fresh():
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir()

    script = ('git clone --quiet "$0" clone && git -C clone checkout --quiet '
              '"$1" && mkdir out && tar xf "$2" -C out --strip-components=1 '
              '&& cp -r clone/.git out/ && git -C out status --short')
    old = measure(["bash", "-c", script, repository, tag, artifact],
                  max(1, rounds // 2), before=fresh, cwd=work,
                  env={**os.environ, **GIT})
    show("  the 2013 method (clone, tar x, git status)", old, ours, "ours",
         "at least 5")
    shutil.rmtree(work, ignore_errors=True)
    return ours


def history(helper, source, alone, rounds):
    """What pbr's files out of the history cost beyond the tree, against one
    git log. (An artifact that is refused has its search in here too.)"""
    repository, tag, artifact = source
    whole = measure([helper, "compare", "--quiet", "--repository", repository,
                     "--tag", tag, "--artifact", artifact,
                     "--preset", "python-pbr@1"], rounds, expect=None)
    ours = Measured(whole.cpu - alone.cpu, whole.wall - alone.wall, whole.peak)
    peer = measure(["git", "-C", repository, "log", tag], rounds)
    show("AUTHORS and ChangeLog (preset's extra cost)", ours, peer,
         "git log", "below 1")
    print(f"{'':<44} {ours.wall / peer.wall:.2f} x its wall time")


def growth(helper, folder, rounds):
    """The same work over trees of growing size."""
    print("growth with the number of files (1 kB each):")
    last = None
    for files in (12_500, 25_000, 50_000, 100_000):
        repository, tag, artifact = generate(folder, files, 1000)
        run = measure([helper, "compare", "--quiet", "--repository",
                       repository, "--tag", tag, "--artifact", artifact,
                       "--preset", "git-archive@1"], rounds)
        more = f"   {run.cpu / last:.2f} x the half" if last else ""
        print(f"  {files:>7} files {run.cpu:6.2f} s CPU {run.peak:5.0f} MB"
              f"{more}", flush=True)
        last = run.cpu
        shutil.rmtree(repository)

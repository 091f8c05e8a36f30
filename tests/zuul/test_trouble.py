"""What goes wrong on the way; and, last, where the keys have been."""

import time

import pytest
import trouble
from people import FULL, FULLER, KILLED, MOVED, READONLY
from rig import run, wait_for
from test_release import BOTH, GIT, files

TAG = "refs/tags/v1.0"


def change(project, text):
    project.write("hello.c", f"int main(void) {{ return 0; }} /* {text} */\n")
    project.commit(f"Change: {text}")


def snapshot(zuul, project):
    return {path.name: path.read_bytes()
            for path in (zuul.site / project).iterdir()}


def verify(zuul, project):
    run(zuul.trusted / "bin/countersign", "verify", "--keyring",
        zuul.trusted / "keyring", zuul.site / project / files("1.0")[2])


@pytest.fixture(scope="session")
def first(zuul):
    """What became of releases at first, and what was in the sites then. All
    of them are tried again, at once."""
    projects = [MOVED]
    if zuul.driver == "git":
        projects += [FULL, FULLER, READONLY]
    told = {name: zuul.tag("v1.0", name) for name in projects}
    told = {name: (buildset, snapshot(zuul, name))
            for name, buildset in told.items()}
    # Signed again by somebody who may, on another commit of the branch.
    change(zuul.projects[MOVED], "moved")
    zuul.moved = zuul.projects[MOVED].release("v1.0")
    if zuul.driver == "git":
        # An operator mends the sites, and is impatient with one.
        trouble.mend(zuul)
        for name in projects[1:]:
            made = zuul.projects[name].git("rev-parse", TAG)
            zuul.enqueue(name, TAG, made)
            if name == READONLY:
                zuul.enqueue(name, TAG, made, "again")
    return told


@BOTH
def test_moved_tag_leaves_the_site_as_it_is(zuul, first):
    released, before = first[MOVED]
    assert released.result == "SUCCESS", str(released)
    buildset = zuul.tag("v1.0", MOVED, number=2)
    assert buildset.document["refs"][0]["newrev"] == zuul.moved
    assert buildset.result == "FAILURE", str(buildset)
    assert buildset.results()["example-publish"] == "FAILURE", str(buildset)
    assert "site-file-differs" in buildset.output("example-publish")
    assert sorted(before) == files("1.0")
    assert snapshot(zuul, MOVED) == before


@BOTH
def test_deleted_tag_starts_nothing(zuul, hello):
    zuul.tag("v1.1")
    hello.push(":refs/tags/v1.1")
    time.sleep(8)  # several polls
    assert len(zuul.buildsets("example/hello", "refs/tags/v1.1")) == 1


@GIT
def test_site_that_cannot_be_written_and_release_enqueued_twice(zuul, first):
    buildset, before = first[READONLY]
    results = buildset.results()
    assert results["example-release"] == "SUCCESS", str(buildset)
    assert results["example-publish"] == "FAILURE", str(buildset)
    assert "permission-denied" in buildset.output("example-publish")
    assert before == {}
    zuul.tag("v1.0", READONLY, number=3)
    both = [zuul.get(f"tenant/tenant/buildset/{one['uuid']}")["result"]
            for one in zuul.buildsets(READONLY, TAG)]
    # Signed at two times: the first wins, the second must replace nothing.
    assert "SUCCESS" in both, both
    assert zuul.in_site(READONLY) == files("1.0")
    verify(zuul, READONLY)


@GIT
@pytest.mark.parametrize("project", [FULL, FULLER])
def test_full_disk(zuul, first, project):
    """The second run signs anew, and replaces what is left of the first where
    that got as far as a signature."""
    buildset, before = first[project]
    assert buildset.results()["example-publish"] == "FAILURE", str(buildset)
    assert "disk-full" in buildset.output("example-publish")
    # Who looks for the signed list sees that there is no release yet, and
    # what is there is whole.
    names = sorted(["hello-1.0.tar.gz", "hello-1.0.tar.gz.asc"])
    assert sorted(before) == names[:trouble.ROOM[project]]
    for name, data in before.items():
        made = buildset.file("example-release", f"release/{name}")
        assert data == made.read_bytes()
    # Enqueued again, the release is there.
    buildset = zuul.tag("v1.0", project, number=2)
    assert buildset.result == "SUCCESS", str(buildset)
    assert zuul.in_site(project) == files("1.0")
    verify(zuul, project)


def kill_executor_when(zuul, what, there):
    """Kills the executor and all it runs when something is to be seen."""
    found = wait_for(what, there, 240)
    zuul.kill("executor")
    # The folders of the killed builds stay; the next wait must not see them.
    run("find", zuul.folder / "jobs", "-mindepth", "1", "-delete",
        check=False)
    zuul.start_service("executor")
    return found


@GIT
def test_executor_killed_while_signing_and_while_publishing(zuul):
    """Each time with one file named and the next one not yet."""
    made = zuul.projects[KILLED].release("v1.0")
    wanted = set(files("1.0"))
    tries = 1

    def succeeded():
        """Zuul may run a build again whose executor was lost. If it reports
        a failure, an operator enqueues the release again."""
        nonlocal tries
        ended = [one["result"] for one in zuul.buildsets(KILLED, TAG)
                 if one["result"]]
        if len(ended) == tries and "SUCCESS" not in ended:
            zuul.enqueue(KILLED, TAG, made)
            tries += 1
        return "SUCCESS" in ended

    def half_signed():
        for folder in (zuul.folder / "jobs").glob("*/work/artifacts"):
            names = {path.name for path in folder.iterdir()}
            if any(name.endswith(".asc") for name in names):
                assert not names >= wanted, "the helper does not stop"
                return True
        return False

    def half_published():
        assert not succeeded(), "the helper does not stop"
        return sorted(wanted.intersection(zuul.in_site(KILLED)))

    kill_executor_when(zuul, "a signature", half_signed)
    assert zuul.in_site(KILLED) == []
    (zuul.trusted / "bin/slow-sign.now").unlink()
    left = kill_executor_when(zuul, "a published file", half_published)
    assert left == ["hello-1.0.tar.gz"]
    (zuul.trusted / "bin/slow-publish.now").unlink()
    wait_for("the release", succeeded, 300)
    assert zuul.in_site(KILLED) == files("1.0")
    verify(zuul, KILLED)


@BOTH
def test_keys_are_nowhere(zuul):
    """After all that: in no log, no state, no cache, no job's folder."""
    lines = "\n".join(zuul.secret_lines()) + "\n"

    def found():
        ran = run("grep", "-rlaF", "-f", "-", zuul.folder,
                  input=lines.encode(), check=False)
        return ran.stdout.decode().split()

    control = zuul.folder / "control"
    control.write_text(f"key: |\n  {zuul.secret_lines()[0]}\n")
    assert found() == [str(control)]
    control.unlink()
    assert found() == []
    # And while the jobs ran:
    assert zuul.seen == set()

"""What goes wrong on the way; and, last, where the keys have been."""

import time

import pytest
from people import FULL, PROJECT
from rig import USER, run, wait_for
from test_release import BOTH, GIT, SIGNING, files, published

PUBLISHING = "countersign-publish : Verify and publish the release]"


def snapshot(zuul):
    return {path: path.read_bytes() for path in zuul.site.rglob("*")
            if path.is_file()}


def change(hello, text):
    hello.write("hello.c", f"int main(void) {{ return 0; }} /* {text} */\n")
    hello.commit(f"Change: {text}")


@BOTH
def test_moved_tag_leaves_the_site_as_it_is(zuul, hello):
    """Signed again by somebody who may, on another commit of the branch."""
    zuul.tag("v1.0")
    before = snapshot(zuul)
    change(hello, "moved")
    moved = hello.release("v1.0")
    assert moved != zuul.objects["v1.0"]
    buildset = zuul.tag("v1.0", number=2)
    assert buildset.document["refs"][0]["newrev"] == moved
    assert buildset.result == "FAILURE", str(buildset)
    assert buildset.results()["example-publish"] == "FAILURE", str(buildset)
    assert "site-file-differs" in buildset.output("example-publish")
    after = snapshot(zuul)
    assert {path: after.get(path) for path in before} == before
    assert set(published(zuul, "1.0")) == set(files("1.0"))


@BOTH
def test_deleted_tag_starts_nothing(zuul, hello):
    zuul.tag("v1.1")
    hello.push(":refs/tags/v1.1")
    time.sleep(8)  # several polls
    assert len(zuul.buildsets(PROJECT, "refs/tags/v1.1")) == 1


@GIT
def test_site_that_cannot_be_written_and_release_enqueued_twice(zuul, hello):
    site = zuul.site / PROJECT
    change(hello, "3.0")
    site.chmod(0o555)
    try:
        made = hello.release("v3.0")
        buildset = zuul.tag("v3.0")
    finally:
        site.chmod(0o755)
    results = buildset.results()
    assert results["example-release"] == "SUCCESS", str(buildset)
    assert results["example-publish"] == "FAILURE", str(buildset)
    assert "permission-denied" in buildset.output("example-publish")
    assert published(zuul, "3.0") == []
    # An operator mends it, and is impatient.
    zuul.enqueue(PROJECT, "refs/tags/v3.0", made)
    zuul.enqueue(PROJECT, "refs/tags/v3.0", made, "again")
    zuul.tag("v3.0", number=3)
    both = [zuul.get(f"tenant/tenant/buildset/{one['uuid']}")["result"]
            for one in zuul.buildsets(PROJECT, "refs/tags/v3.0")]
    # Signed at two times: the first wins, the second must replace nothing.
    assert "SUCCESS" in both, both
    assert published(zuul, "3.0") == files("3.0")
    verify(zuul, zuul.site / PROJECT / files("3.0")[2])


def verify(zuul, artifact):
    run(zuul.trusted / "bin/countersign", "verify", "--keyring",
        zuul.trusted / "keyring", artifact)


@pytest.fixture
def full_site(zuul):
    """A site with room for so many KiB, where each file takes 4; and a release
    that does not fit."""
    project, site = zuul.projects[FULL], zuul.site / FULL
    site.mkdir(parents=True, exist_ok=True)

    def release(version, room):
        change(project, version)
        run("mount", "-t", "tmpfs", "-o", f"size={room}k,mode=0755", "tmpfs",
            site)
        run("chown", f"{USER}:", site)
        made = project.release(f"v{version}")
        buildset = zuul.tag(f"v{version}", FULL)
        assert buildset.results()["example-publish"] == "FAILURE", (
            str(buildset))
        assert "disk-full" in buildset.output("example-publish")
        # Who looks for the signed list sees that there is no release yet, and
        # what is there is whole.
        names = zuul.in_site(FULL)
        assert names == sorted([f"hello-{version}.tar.gz",
                                f"hello-{version}.tar.gz.asc"])[:room // 4]
        for name in names:
            assert (site / name).read_bytes() == buildset.file(
                "example-release", f"release/{name}").read_bytes()
        run("mount", "-o", "remount,size=1m", site)
        return made

    yield release
    run("umount", site)


def completed(zuul, version, made, number):
    """Enqueued again, the release is there."""
    zuul.enqueue(FULL, f"refs/tags/v{version}", made)
    buildset = zuul.tag(f"v{version}", FULL, number=number)
    assert buildset.result == "SUCCESS", str(buildset)
    assert zuul.in_site(FULL) == files(version)
    verify(zuul, zuul.site / FULL / files(version)[2])


@GIT
def test_full_disk(zuul, full_site):
    made = full_site("4.4", 4)
    completed(zuul, "4.4", made, 2)


@GIT
def test_full_disk_after_the_first_signature(zuul, full_site):
    """The second run signs anew, and replaces what is left of the first."""
    made = full_site("4.8", 8)
    completed(zuul, "4.8", made, 2)


def kill_executor_in(zuul, task):
    """Kills the executor and all it runs when a build comes to a task."""
    def there():
        for path in (zuul.folder / "jobs").glob("*/work/logs/job-output.txt"):
            try:
                if task in path.read_text(errors="replace"):
                    return True
            except OSError:
                pass
        return False
    wait_for(task, there, 240)
    zuul.kill("executor")
    # The folders of the killed builds stay; the next wait must not see them.
    run("find", zuul.folder / "jobs", "-mindepth", "1", "-delete",
        check=False)
    zuul.start_service("executor")


@GIT
def test_executor_killed_while_signing_and_while_publishing(zuul, hello):
    """Zuul runs a build again whose executor was lost."""
    change(hello, "3.1")
    made = hello.release("v3.1")
    kill_executor_in(zuul, SIGNING)
    assert published(zuul, "3.1") == []
    kill_executor_in(zuul, PUBLISHING)
    assert published(zuul, "3.1") in ([], files("3.1"))
    buildset = zuul.tag("v3.1")
    if buildset.result != "SUCCESS":
        zuul.enqueue(PROJECT, "refs/tags/v3.1", made)
        buildset = zuul.tag("v3.1", number=2)
    assert buildset.result == "SUCCESS", str(buildset)
    assert published(zuul, "3.1") == files("3.1")


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

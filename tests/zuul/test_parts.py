"""Roles in jobs of others' making, and the daily check."""

import json

from people import ONLY, PARTS, WORKER
from rig import run
from test_release import GIT, GITLAB, SIGNING, files

MADE = ["hello-1.0-image.tar", "hello-1.0-py3-none-any.whl",
        "hello-1.0.tar.gz"]


@GIT
def test_job_that_only_validates(zuul):
    buildset = zuul.tag("v1.0", ONLY)
    assert buildset.result == "SUCCESS", str(buildset)
    verdict = json.loads(
        buildset.file("example-validate", "verdict.json").read_text())
    assert verdict["outcome"] == "ok"
    assert verdict["result"]["project"] == ONLY
    assert zuul.in_site(ONLY) == []


@GIT
def test_image_and_wheel_beside_an_sdist(zuul):
    """Explained by two presets and a second build, signed in one go."""
    buildset = zuul.tag("v1.0", PARTS)
    assert buildset.result == "SUCCESS", str(buildset)
    folder = buildset.file("parts-release", "signed")
    run(zuul.trusted / "bin/countersign", "verify", "--keyring",
        zuul.trusted / "keyring", folder)
    people = zuul.people["other"]
    people.gpg("--import", input=zuul.people["signer"].certificate())
    for name in MADE:
        people.gpg("--verify", folder / f"{name}.asc", folder / name)
    record = (folder / "hello-1.0-image.tar.validation.yaml").read_text()
    assert "second-build" in record


@GIT
def test_daily_check_of_the_key(zuul):
    def check(number):
        return zuul.finished("config", "refs/heads/master", number)

    buildset = check(1)
    assert buildset.result == "SUCCESS", str(buildset)
    # The certificate that readers get is not that of the subkey.
    (zuul.logs / "keys/release.asc").write_bytes(
        zuul.people["other"].certificate())
    zuul.enqueue_head("config", "periodic")
    buildset = check(2)
    assert buildset.result == "FAILURE", str(buildset)
    assert "countersign key-check: error wrong-signer" in (
        buildset.document["message"]), str(buildset)


@GITLAB
def test_release_built_on_a_worker(zuul):
    """All stages, in the older Ansible: our own build job brings the helper
    to the worker, and the manifest from there."""
    buildset = zuul.tag("v1.0", WORKER)
    assert buildset.result == "SUCCESS", str(buildset)
    assert [name for name in zuul.in_site(WORKER) if "1.0" in name] == (
        files("1.0"))
    manifest = {one["name"]: one for one in
                buildset.builds["worker-build"]["artifacts"]}["manifest.yaml"]
    assert manifest["metadata"]["type"] == "countersign_manifest"
    assert "hello-1.0.tar.gz" in buildset.file(
        "worker-build", "manifest.yaml").read_text()
    run(zuul.trusted / "bin/countersign", "verify", "--keyring",
        zuul.trusted / "keyring", zuul.site / WORKER / files("1.0")[2])


@GITLAB
def test_moved_tag_that_is_in_the_record_is_not_signed_again(zuul):
    zuul.tag("v1.0", WORKER)
    project = zuul.projects[WORKER]
    project.commit("moved")
    project.release("v1.0")
    buildset = zuul.tag("v1.0", WORKER, number=2)
    assert buildset.results()["worker-release"] == "FAILURE", str(buildset)
    output = buildset.output("worker-release")
    assert "tag-moved" in output, str(buildset)
    assert SIGNING not in output


@GITLAB
def test_manifest_that_lies(zuul):
    """A process that the build left behind on the worker changed it."""
    buildset = zuul.tag("v1.1", WORKER)
    assert buildset.results()["worker-build"] == "SUCCESS", str(buildset)
    assert buildset.results()["worker-release"] == "FAILURE", str(buildset)
    assert "manifest-mismatch" in buildset.output("worker-release")
    assert [name for name in zuul.in_site(WORKER) if "1.1" in name] == []


@GITLAB
def test_worker_that_made_nothing(zuul):
    buildset = zuul.tag("v1.2", WORKER)
    assert buildset.results()["worker-build"] != "SUCCESS", str(buildset)
    assert "empty-folder" in buildset.output("worker-build"), str(buildset)
    assert buildset.results()["worker-release"] == "SKIPPED", str(buildset)

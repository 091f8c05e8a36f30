"""playbooks/release.yaml: what an operator runs."""

import os
import shutil

import pytest
import yaml
from forge import flip_one_byte
from rig import (
    ARTIFACT, PROJECT, REPOSITORY, SIGNED, TAG, Project, key_file, run,
    snapshot)


class Operator:
    def __init__(self, player, variables, site):
        self.player = player
        self.variables = variables
        self.site = site

    def release(self, *arguments, **changes):
        variables = {
            name: value for name, value in (self.variables | {
                f"countersign_release_{name}": value
                for name, value in changes.items()}).items()
            if value is not None}
        path = self.player.folder / "release-variables.yaml"
        path.write_text(yaml.safe_dump(variables))
        return self.player.play(
            "playbooks/release.yaml", "-e", f"@{path}", *arguments)

    def published(self):
        return sorted(path.name for path in self.site.rglob("*")
                      if path.is_file() and not path.name.startswith("."))


@pytest.fixture
def operator(player, world, dist, binary, tmp_path):
    site = tmp_path / "site"
    site.mkdir()
    key = key_file(tmp_path, world.signer.secret_subkey())
    variables = {f"countersign_release_{name}": str(value)
                 for name, value in {
        "project": PROJECT, "repository": world.project.path, "tag": TAG,
        "artifacts_dir": dist, "policy": world.policy,
        "keyring": world.keyring, "site": site}.items()}
    variables["countersign_release_key_command"] = ["cat", str(key)]
    variables["countersign_executable"] = str(binary)
    return Operator(player, variables, site)


def test_from_a_tag_to_a_site_that_anyone_can_verify(
        operator, world, binary, tmp_path):
    played = operator.release()
    assert played.ok
    assert operator.published() == sorted([ARTIFACT, *SIGNED])
    place = operator.site / PROJECT
    run(binary, "verify", "--keyring", world.keyring, place)
    run("sha256sum", "--check", "--strict", "hello-1.0.SHA256SUMS", cwd=place)
    home = tmp_path / "downloader"
    home.mkdir(mode=0o700)
    run("gpg", "--homedir", home, "--import",
        input=world.signer.certificate())
    run("gpg", "--homedir", home, "--verify", place / f"{ARTIFACT}.asc",
        place / ARTIFACT)
    run("gpgconf", "--homedir", home, "--kill", "all")


def test_second_run_changes_nothing(operator):
    assert operator.release().ok
    before = snapshot(operator.site)
    second = operator.release(key_command=["false"])
    assert second.ok
    assert second.changed == 0
    assert snapshot(operator.site) == before


def test_check_validates_shows_the_plan_and_changes_nothing(
        operator, dist, tmp_path):
    trap = tmp_path / "asked-for-the-key"
    before = snapshot(dist, operator.site)
    played = operator.release("--check", key_command=["touch", str(trap)])
    assert played.ok
    assert played.changed == 0
    assert f"to sign: {ARTIFACT}" in played.output
    assert snapshot(dist, operator.site) == before
    assert not trap.exists()


def test_check_needs_no_key_command(operator):
    assert operator.release("--check", key_command=None).ok


@pytest.mark.parametrize("mode", [[], ["--check"]])
def test_tampered_artifact_is_refused_and_the_key_not_touched(
        operator, dist, tmp_path, mode):
    trap = tmp_path / "asked-for-the-key"
    flip_one_byte(dist / ARTIFACT)
    before = snapshot(dist)
    played = operator.release(*mode, key_command=["touch", str(trap)])
    assert not played.ok
    assert "modified-file" in played.output
    assert operator.published() == []
    assert snapshot(dist) == before
    assert not trap.exists()


def test_artifact_swapped_after_signing_is_not_published(operator, dist):
    shutil.rmtree(operator.site)
    assert not operator.release().ok  # signs, then finds no site
    operator.site.mkdir()
    flip_one_byte(dist / ARTIFACT)
    assert not operator.release().ok
    assert operator.published() == []


def test_run_that_broke_off_after_signing_goes_on_from_there(operator):
    shutil.rmtree(operator.site)
    played = operator.release()
    assert not played.ok
    operator.site.mkdir()
    played = operator.release(key_command=["false"])
    assert played.ok
    assert operator.published() == sorted([ARTIFACT, *SIGNED])


def test_signatures_made_for_the_tag_before_it_was_moved_are_refused(
        operator, world, tmp_path):
    project = Project(tmp_path / "hello", world.tagger)
    project.tag(TAG)
    project.archive(TAG, "hello-1.0", operator.variables[
        "countersign_release_artifacts_dir"] + "/" + ARTIFACT)
    shutil.rmtree(operator.site)
    assert not operator.release(repository=str(project.path)).ok
    operator.site.mkdir()
    project.git("tag", "--delete", TAG)
    project.git("tag", "--sign", "--message=Again", TAG)
    played = operator.release(repository=str(project.path))
    assert not played.ok
    assert "another tag object" in " ".join(played.output.split())
    assert operator.published() == []


@pytest.mark.parametrize(("command", "shown"), [
    (["false"], "exit code: 1"),
    (["true"], "printed no key"),
    (["/nonexistent/gpg"], "No such file"),
    (["sh", "-c", "echo no such card >&2; exit 2"], "no such card"),
])
def test_key_command_that_gives_no_key_says_why(operator, command, shown):
    played = operator.release(key_command=command)
    assert not played.ok
    assert shown in " ".join(played.output.split())
    assert operator.published() == []


def test_missing_variables_are_named_before_anything_runs(operator):
    missing = ["project", "repository", "tag", "artifacts_dir", "policy",
               "keyring", "site", "key_command"]
    played = operator.release(**dict.fromkeys(missing))
    assert not played.ok
    assert "Set " + ", ".join(
        f"countersign_release_{name}" for name in missing) in " ".join(
        played.output.split())
    assert not played.ran("Validate the release")


def test_paths_may_be_relative_or_in_the_home(operator, player, world, dist):
    (player.home / "keyring").symlink_to(world.keyring)
    assert operator.release(
        "--check", keyring="~/keyring",
        artifacts_dir=os.path.relpath(dist, REPOSITORY)).ok


def test_manifest_that_disagrees_is_refused(
        operator, world, binary, dist, tmp_path):
    manifest = tmp_path / "manifest.yaml"
    run(binary, "checksum", dist, "--output", manifest)
    assert operator.release("--check", manifest=str(manifest)).ok
    flip_one_byte(dist / ARTIFACT)
    run(binary, "checksum", dist, "--output", manifest)
    shutil.copy(world.dist / ARTIFACT, dist)
    played = operator.release("--check", manifest=str(manifest))
    assert not played.ok
    assert "manifest" in played.output

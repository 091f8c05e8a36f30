"""Evidence that is brought along: handed to validate and to sign by the roles,
and by the release job."""

import hashlib
import pathlib
import shutil

import pytest
import yaml
from forge import add_file
from rig import ARTIFACT, PROJECT, Project, key_file, prefixed
from test_zuul_playbooks import Build, release  # noqa: F401

# What forge.add_file puts into an archive.
EXTRA = hashlib.sha256(b"extra\n").hexdigest()


@pytest.fixture
def brought(world, dist, tmp_path):
    """An artifact with two files that git does not have, and a policy that
    asks for a second build of one and a catalogue for the other."""
    add_file(dist / ARTIFACT, "configure")
    add_file(dist / ARTIFACT, "m4/gnu.m4")
    policy = yaml.safe_load(world.policy.read_text())
    artifact, = policy["projects"][PROJECT]["artifacts"]
    artifact |= {
        "rebuilt": [{"name": "second", "builder": "sh configure.sh",
                     "paths": ["configure"]}],
        "catalogues": [{"name": "gnu", "paths": ["m4/*.m4"],
                        "certificate": world.tagger.primary}]}
    files = {
        "policy.yaml": policy,
        "second file.yaml": {
            "format": "countersign/files@v1", "files": [
                {"path": "configure", "mode": "100644", "sha256": EXTRA}]},
        "gnu.yaml": {
            "format": "countersign/catalogue@v1", "name": "gnu", "entries": [
                {"sha256": EXTRA, "name": "gnu.m4"}]}}
    for name, content in files.items():
        (tmp_path / name).write_text(yaml.safe_dump(content))
    world.tagger.gpg("--local-user", f"{world.tagger.subkey}!", "--armor",
                     "--detach-sign", tmp_path / "gnu.yaml")
    return {"policy": str(tmp_path / "policy.yaml"),
            "rebuilt": [{"name": "second",
                         "file": str(tmp_path / "second file.yaml")}],
            "catalogues": [str(tmp_path / "gnu.yaml")]}


def test_validate_uses_second_build_and_catalogue(player, source, brought):
    played = player.role(
        "countersign-validate", prefixed("validate", source | brought))
    assert played.ok
    artifact, = played.facts["countersign_validate_result"]["result"][
        "artifacts"]
    assert [one["name"] for one in artifact["rebuilt"]] == ["second"]
    assert [one["name"] for one in artifact["catalogues"]] == ["gnu"]


@pytest.mark.parametrize("lost", ["rebuilt", "catalogues"])
def test_evidence_that_is_not_given_is_missed(
        player, source, brought, lost):
    del brought[lost]
    played = player.role(
        "countersign-validate", prefixed("validate", source | brought))
    assert not played.ok
    assert "evidence-not-given" in played.output


def test_evidence_that_the_policy_does_not_name_is_refused(
        player, source, brought, world):
    played = player.role("countersign-validate", prefixed(
        "validate", source | brought | {"policy": str(world.policy)}))
    assert not played.ok
    assert "unknown-evidence" in played.output


def test_sign_uses_second_build_and_catalogue(
        player, source, brought, world, tmp_path):
    key = key_file(tmp_path, world.signer.secret_subkey())
    given = prefixed("sign", source | brought | {
        "key": "{{ lookup('ansible.builtin.file', '%s') }}" % key})
    assert player.role("countersign-sign", given).ok
    assert (pathlib.Path(source["artifacts_dir"])
            / f"{ARTIFACT}.asc").is_file()


def test_release_job_takes_evidence_below_its_folder(
        release, brought, dist, tmp_path):  # noqa: F811
    """Relative to the build's own folder, as all of the job's paths."""
    shutil.rmtree(release.work / "artifacts")
    shutil.copytree(dist, release.work / "artifacts")
    (release.work / "brought").mkdir()
    for name in ("second file.yaml", "gnu.yaml", "gnu.yaml.asc"):
        shutil.copy(tmp_path / name, release.work / "brought")
    release.variables |= {
        "countersign_policy": brought["policy"],
        "countersign_rebuilt": [
            {"name": "second", "file": "brought/second file.yaml"}],
        "countersign_catalogues": ["brought/gnu.yaml"]}
    assert release.run().ok
    assert (release.work / "artifacts" / f"{ARTIFACT}.asc").is_file()


def test_returned_data_adds_no_evidence(release, brought, dist):  # noqa: F811
    """Zuul merges returned mappings into those of a job, but no lists."""
    shutil.rmtree(release.work / "artifacts")
    shutil.copytree(dist, release.work / "artifacts")
    release.variables["countersign_policy"] = brought["policy"]
    release.given |= {"countersign_rebuilt": brought["rebuilt"],
                         "countersign_catalogues": brought["catalogues"]}
    played = release.run()
    assert not played.ok
    assert "evidence-not-given" in played.output


def test_submodule_is_explained_from_its_own_repository(
        player, source, world, binary, tmp_path):
    library = Project(tmp_path / "lib=rary", world.tagger)
    commit = library.git("rev-parse", "HEAD").decode().strip()
    whole = Project(tmp_path / "whole", world.tagger)
    whole.git("update-index", "--add", "--cacheinfo", f"160000,{commit},lib")
    whole.git("commit", "--quiet", "--message=With a submodule")
    tag_object = whole.tag("v1.0")
    shutil.rmtree(source["artifacts_dir"])
    tree = tmp_path / "hello-1.0"
    for project, below in ((whole, tree), (library, tree / "lib")):
        below.mkdir(exist_ok=True)
        for path in project.path.iterdir():
            if path.is_file():
                shutil.copy(path, below)
    pathlib.Path(source["artifacts_dir"]).mkdir()
    shutil.make_archive(f"{source['artifacts_dir']}/hello-1.0", "gztar",
                        tmp_path, "hello-1.0")
    policy = yaml.safe_load(world.policy.read_text())
    policy["projects"][PROJECT]["artifacts"][0]["submodules"] = [
        {"path": "lib", "repository": "https://git.example.org/lib"}]
    (tmp_path / "policy.yaml").write_text(yaml.safe_dump(policy))
    played = player.role("countersign-validate", prefixed(
        "validate", source | {
            "repository": str(whole.path), "tag_object": tag_object,
            "policy": str(tmp_path / "policy.yaml"),
            "submodules": [{"path": "lib", "dir": str(library.path)}]}))
    assert played.ok
    artifact, = played.facts["countersign_validate_result"]["result"][
        "artifacts"]
    assert [one["path"] for one in artifact["submodules"]] == ["lib"]

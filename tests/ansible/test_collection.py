"""The repository as an Ansible collection: built, installed, used by name."""

import re
import subprocess
import sys
import tarfile

import pytest
import yaml
from rig import ARTIFACT, PROJECT, REPOSITORY, SIGNED, TAG, key_file, run
from test_documentation import ROLES

GALAXY = yaml.safe_load((REPOSITORY / "galaxy.yml").read_text())
NAME = f"{GALAXY['namespace']}.{GALAXY['name']}"


@pytest.fixture(scope="module")
def tarball(tmp_path_factory):
    """Built from what git has, as a release of it would be."""
    folder = tmp_path_factory.mktemp("collection")
    source = folder / "source"
    source.mkdir()
    listed = run("git", "-c", "safe.directory=*", "ls-files", "-z",
                 "--cached", "--others", "--exclude-standard",
                 cwd=REPOSITORY).stdout
    run("tar", "--null", "-T", "-", "-cf", folder / "all.tar",
        cwd=REPOSITORY, input=listed)
    run("tar", "-xf", folder / "all.tar", cwd=source)
    galaxy(folder, "build", "--output-path", folder, source)
    return folder / f"{NAME.replace('.', '-')}-{GALAXY['version']}.tar.gz"


@pytest.fixture(scope="module")
def collections(tarball, tmp_path_factory):
    folder = tmp_path_factory.mktemp("collections")
    galaxy(folder, "install", "--offline", "-p", folder, tarball)
    return folder


def galaxy(home, *arguments):
    tool = f"{sys.prefix}/bin/ansible-galaxy"
    ran = subprocess.run(
        [tool, "collection", *map(str, arguments)], capture_output=True,
        text=True, check=False, env={
            "HOME": str(home), "PATH": f"{sys.prefix}/bin:/usr/bin:/bin",
            "LANG": "C.UTF-8"})
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_version_is_that_of_the_program():
    cargo = (REPOSITORY / "Cargo.toml").read_text()
    assert GALAXY["version"] == re.search(
        r'^version = "(.*)"', cargo, re.M).group(1)


def test_tarball_has_the_roles_and_playbooks_and_nothing_else(tarball):
    with tarfile.open(tarball) as archive:
        tops = {name.partition("/")[0] for name in archive.getnames()}
    assert tops == {"FILES.json", "MANIFEST.json", "README.md", "LICENSE",
                    "NEWS.md", "CONTRIBUTING.md", "docs", "meta",
                    "playbooks", "roles"}


def test_every_role_has_a_name_that_collections_allow():
    for role in ROLES:
        link = REPOSITORY / "roles" / role.replace("-", "_")
        assert link.is_symlink(), link
        assert str(link.readlink()) == role


def test_role_is_used_by_its_collection_name(
        player, collections, dist, binary):
    played = player.role(
        f"{NAME}.countersign_checksum", {
            "countersign_checksum_artifacts_dir": str(dist),
            "countersign_checksum_executable": str(binary)},
        ANSIBLE_COLLECTIONS_PATH=str(collections),
        ANSIBLE_ROLES_PATH="/nonexistent")
    assert played.ok
    result = played.facts["countersign_checksum_result"]["result"]
    assert [entry["name"] for entry in result["artifacts"]] == [ARTIFACT]


def test_release_by_hand_with_the_collections_playbook(
        player, collections, world, dist, binary, tmp_path):
    (tmp_path / "site").mkdir()
    key = key_file(tmp_path, world.signer.secret_subkey())
    variables = {
        "project": PROJECT, "repository": str(world.project.path),
        "tag": TAG, "artifacts_dir": str(dist), "policy": str(world.policy),
        "keyring": str(world.keyring), "site": str(tmp_path / "site"),
        "key_command": ["cat", str(key)]}
    given = tmp_path / "variables.yaml"
    given.write_text(yaml.safe_dump(
        {f"countersign_release_{key}": value
         for key, value in variables.items()}
        | {"countersign_executable": str(binary)}))
    played = player.play(
        f"{NAME}.release", "-e", f"@{given}",
        ANSIBLE_COLLECTIONS_PATH=str(collections),
        ANSIBLE_ROLES_PATH="/nonexistent")
    assert played.ok
    names = {path.name for path in (tmp_path / "site").rglob("*")}
    assert names >= {ARTIFACT, *SIGNED}

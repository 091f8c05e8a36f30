"""A world for the role tests: people, keys, a repository, a signed tag, an
artifact; and a home to play in."""

import os
import pathlib
import shutil
import tempfile

import pytest
from rig import (
    ARTIFACT, PROJECT, TAG, Person, Player, Project, World, policy_text, run)


@pytest.fixture(scope="session")
def binary():
    """The helper under test. Without it the tests fail: they never skip."""
    name = os.environ.get("COUNTERSIGN_BIN")
    assert name, "COUNTERSIGN_BIN must name the countersign executable"
    path = pathlib.Path(name).resolve()
    assert os.access(path, os.X_OK), f"{path} is not executable"
    return path


@pytest.fixture(scope="session")
def world():
    # Not pytest's folder: the path of gpg-agent's socket must be short.
    folder = pathlib.Path(tempfile.mkdtemp(prefix="cs-"))
    people = [Person(folder, name)
              for name in ("tagger", "signer", "stranger")]
    tagger, signer, _ = people
    try:
        project = Project(folder / "hello", tagger)
        tag_object = project.tag(TAG)
        dist = folder / "dist"
        dist.mkdir()
        project.archive(TAG, "hello-1.0", dist / ARTIFACT)
        keyring = folder / "keyring"
        keyring.mkdir()
        for person in (tagger, signer):
            (keyring / f"{person.primary}.asc").write_bytes(
                person.certificate())
        policy = folder / "policy.yaml"
        policy.write_text(policy_text(tagger, signer))
        yield World(*people, project, policy, keyring, dist, tag_object)
    finally:
        for person in people:
            person.stop_agent()
        shutil.rmtree(folder)


@pytest.fixture
def player(tmp_path, binary):
    return Player(tmp_path, binary)


@pytest.fixture
def dist(tmp_path, world):
    """A copy of the artifacts that a test may change."""
    return pathlib.Path(shutil.copytree(world.dist, tmp_path / "dist"))


@pytest.fixture(scope="session")
def signed_dist(world, binary, tmp_path_factory):
    """The artifacts and what signing put beside them, made once."""
    folder = tmp_path_factory.mktemp("signed") / "dist"
    shutil.copytree(world.dist, folder)
    run(binary, "sign", "--key=-", f"--repository={world.project.path}",
        f"--tag={TAG}", f"--policy={world.policy}",
        f"--keyring={world.keyring}", f"--project={PROJECT}",
        f"--artifacts={folder}", input=world.signer.secret_subkey())
    return folder


@pytest.fixture
def signed(tmp_path, signed_dist):
    """A copy of the signed release that a test may change."""
    return pathlib.Path(shutil.copytree(signed_dist, tmp_path / "signed"))


@pytest.fixture
def source(world, dist, binary):
    """What validate and sign need to know, without the role's prefix."""
    return {
        "executable": str(binary),
        "repository": str(world.project.path),
        "tag": TAG,
        "tag_object": world.tag_object,
        "policy": str(world.policy),
        "keyring": str(world.keyring),
        "project": PROJECT,
        "artifacts_dir": str(dist),
    }

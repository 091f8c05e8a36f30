"""One Zuul for all scenarios of a driver, with a config project, ours, and a
project under release."""

import os
import pathlib
import shutil
import sys

import pytest
import yaml

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[0] / "ansible")]

import rig as zuul_rig  # noqa: E402
from people import Hello, Person, policy_text  # noqa: E402

PROJECT = "example/hello"


def commit_tree(zuul, name, source, more=None):
    """A repository with the files of a folder as its one commit."""
    bare = zuul.new_repository(name)
    work = zuul.folder / "work" / name
    shutil.copytree(source, work, dirs_exist_ok=True)
    for path, text in (more or {}).items():
        (work / path).parent.mkdir(parents=True, exist_ok=True)
        (work / path).write_text(text)
    environment = zuul_rig.environment()
    for command in (["init", "--quiet", "--initial-branch=master"],
                    ["add", "--all", "--force"],
                    ["-c", "user.name=A", "-c", "user.email=a@example.org",
                     "commit", "--quiet", "--message=First"],
                    ["push", "--quiet", bare, "master"]):
        zuul_rig.run("git", *command, cwd=work, env=environment)


def ours(folder):
    """What a site would clone: our jobs, playbooks and roles."""
    for name in ("roles", "playbooks", "zuul.d"):
        shutil.copytree(zuul_rig.REPOSITORY / name, folder / name)
    return folder


@pytest.fixture(scope="session", params=["git"])
def zuul(request, tmp_path_factory):
    rig = zuul_rig.Zuul(request.param)
    people = tmp_path_factory.mktemp("people")
    rig.people = {name: Person(people, name)
                  for name in ("tagger", "signer", "stranger")}
    trusted = rig.trusted
    (trusted / "bin").mkdir()
    shutil.copy(os.environ["COUNTERSIGN_BIN"], trusted / "bin/countersign")
    (trusted / "keyring").mkdir()
    for person in (rig.people["tagger"], rig.people["signer"]):
        (trusted / f"keyring/{person.primary}.asc").write_bytes(
            person.certificate())
    (trusted / "policy.yaml").write_text(policy_text(
        rig.people["tagger"], rig.people["signer"]))
    rig.certificates()
    rig.configure()
    rig.tenant({"config-projects": ["config", "countersign"],
                "untrusted-projects": [PROJECT]})
    rig.own()
    try:
        rig.start_zookeeper()
        blocks = rig.seal("config", rig.people["signer"].secret_subkey())
        assert len(blocks) > 1, "a real key takes several blocks"
        secret = ("- secret:\n    name: release_subkey\n    data:\n"
                  "      private: !encrypted/pkcs1-oaep\n" + "".join(
                      f"        - {block}\n" for block in blocks))
        commit_tree(rig, "config", HERE / "config",
                    {"zuul.d/secrets.yaml": secret})
        commit_tree(rig, "countersign",
                    ours(tmp_path_factory.mktemp("ours")))
        rig.hello = Hello(rig, rig.people["tagger"])
        rig.own()
        rig.start_zuul()
        errors = rig.config_errors()
        assert errors == [], errors
        yield rig
    finally:
        rig.stop()
        keep = os.environ.get("COUNTERSIGN_RIG_LOGS")
        if keep:
            shutil.copytree(rig.folder / "services", keep,
                            dirs_exist_ok=True)
        for person in rig.people.values():
            person.stop_agent()


@pytest.fixture
def hello(zuul):
    return zuul.hello


def write_policy(zuul, change):
    path = zuul.trusted / "policy.yaml"
    policy = yaml.safe_load(path.read_text())
    change(policy)
    path.write_text(yaml.safe_dump(policy))

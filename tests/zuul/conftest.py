"""One Zuul for all scenarios of a driver: a config project, this repository,
and projects under release. What can be pushed at once is pushed at once,
because a release takes a minute and Zuul runs several beside each other."""

import os
import pathlib
import shutil
import sys
import threading

import pytest
import yaml

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import attacks  # noqa: E402
import rig as zuul_rig  # noqa: E402
import trouble  # noqa: E402
from people import (  # noqa: E402
    BUILDER, KEYS, LONG_AGO, MOVED, ONLY, PARTS, PROJECT, STANZAS, TROUBLE,
    WORKER, Person, Project, policy_text)

# Zuul knows no branch of a tag with the git driver, so a project's own stanza
# does nothing there.
MORE = {"git": [KEYS, ONLY, PARTS, BUILDER, *TROUBLE],
        "gitlab": [*(f"example/{name}" for name in STANZAS), MOVED, WORKER]}


def pytest_addoption(parser):
    parser.addoption("--driver", choices=sorted(MORE), required=True,
                     help="the scenarios with this one of Zuul's drivers")


def pytest_collection_modifyitems(config, items):
    wanted = config.getoption("--driver")
    chosen = [item for item in items
              if item.callspec.params["zuul"] == wanted]
    config.hook.pytest_deselected(
        items=[item for item in items if item not in chosen])
    items[:] = chosen


def commit_tree(zuul, name, sources, more=None):
    """A repository with the files of folders as its one commit."""
    bare = zuul.new_repository(name)
    work = zuul.folder / "work" / name
    for source in sources:
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
        shutil.copytree(zuul_rig.REPOSITORY / name, folder / name,
                        symlinks=True)
    return folder


def secret(name, blocks):
    return (f"- secret:\n    name: {name}\n    data:\n"
            "      private: !encrypted/pkcs1-oaep\n" + "".join(
                f"        - {block}\n" for block in blocks))


def key_jobs(trusted):
    """Release jobs of which each has something wrong with its key."""
    jobs = []
    for name in attacks.KEYS:
        policy = trusted / f"policy-{name}.yaml"
        if not policy.exists():
            policy = trusted / "policy.yaml"
        jobs.append({"job": {
            "name": f"keys-{name}", "parent": "countersign-release",
            "description": "Has a bad key.", "final": True,
            "secrets": [{"name": "countersign_key", "secret": f"key_{name}",
                         "pass-to-parent": True}],
            "roles": [{"zuul": "countersign"}],
            "pre-run": "playbooks/fetch-build.yaml",
            "post-run": "playbooks/keep-release.yaml",
            "vars": {
                "build_job": "hello-build",
                "countersign_policy": str(policy),
                "countersign_keyring": str(trusted / "keyring"),
                "countersign_executable": str(trusted / "bin/countersign")}}})
    jobs.append({"project": {"name": KEYS, "release": {"jobs": [
        "hello-build", *({f"keys-{name}": {"dependencies": ["hello-build"]}}
                         for name in attacks.KEYS)]}}})
    return yaml.safe_dump(jobs, sort_keys=False)


def make_people(folder):
    people = {name: Person(folder, name)
              for name in ("tagger", "signer", "stranger", "other", "revoked")}
    people["expired"] = Person(folder, "expired", LONG_AGO)
    people["revoked"].revoke_subkey()
    return people


def install(rig):
    """What an operator puts on the executor."""
    trusted, people = rig.trusted, rig.people
    (trusted / "bin").mkdir()
    shutil.copy(os.environ["COUNTERSIGN_BIN"], trusted / "bin/countersign")
    (trusted / "keyring").mkdir()
    for name in ("tagger", "signer", "other", "revoked", "expired"):
        (trusted / f"keyring/{people[name].primary}.asc").write_bytes(
            people[name].certificate())
    (trusted / "policy.yaml").write_text(policy_text(people, "signer"))
    for name in ("expired", "revoked"):
        (trusted / f"policy-{name}.yaml").write_text(
            policy_text(people, name))
    trouble.prepare(rig)
    # Where readers get the certificate, and workers the helper.
    (rig.logs / "keys").mkdir()
    shutil.copy(os.environ["COUNTERSIGN_BIN"], rig.logs / "keys")
    (rig.logs / "keys/release.asc").write_bytes(
        people["signer"].certificate())


def watch(rig, stop):
    """Looks for the keys in the folders of running jobs, all the time."""
    patterns = "\n".join(rig.secret_lines()) + "\n"
    while not stop.wait(1.5):
        ran = zuul_rig.run("nice", "grep", "-rlF", "--exclude-dir=.git",
                           "--exclude-dir=src", "-f", "-",
                           rig.folder / "jobs", input=patterns.encode(),
                           check=False)
        rig.seen.update(ran.stdout.decode().split())


@pytest.fixture(scope="session")
def zuul(request, tmp_path_factory):
    driver = request.param
    rig = zuul_rig.Zuul(driver)
    rig.people = make_people(tmp_path_factory.mktemp("people"))
    install(rig)
    rig.certificates()
    rig.configure()
    names = [PROJECT, *MORE[driver]]
    rig.tenant({"config-projects": ["config", "countersign"],
                "untrusted-projects": names},
               "base-worker" if driver == "gitlab" else "base")
    rig.own()
    stop = threading.Event()
    try:
        rig.start_zookeeper()
        rig.keys = {"release_subkey": rig.people["signer"].secret_subkey()}
        if driver == "git":
            rig.keys |= attacks.bad_keys(rig.people)
        secrets = "".join(secret(name, rig.seal("config", key))
                          for name, key in rig.keys.items())
        event = {"git": "ref-updated", "gitlab": "gl_push"}[driver]
        pipelines = (HERE / "config/zuul.d/pipelines.yaml").read_text()
        more = {"policy.yaml": (rig.trusted / "policy.yaml").read_text(),
                "zuul.d/secrets.yaml": secrets,
                "zuul.d/pipelines.yaml": pipelines.replace("TRIGGER", event)}
        if driver == "git":
            more["zuul.d/keys.yaml"] = key_jobs(rig.trusted)
        configs = [HERE / "config", HERE / f"config-{driver}"]
        commit_tree(rig, "config", filter(pathlib.Path.is_dir, configs), more)
        commit_tree(rig, "countersign",
                    [ours(tmp_path_factory.mktemp("ours"))])
        rig.projects = {
            name: Project(rig, name, attacks.stanza(name)) for name in names}
        if driver == "gitlab":
            attacks.branch(rig.projects[PROJECT])
        rig.own()
        rig.start_zuul()
        thread = threading.Thread(target=watch, args=(rig, stop), daemon=True)
        thread.start()
        rig.objects = attacks.push(rig)
        if driver == "git":
            rig.enqueue_head("config", "periodic")
        yield rig
    finally:
        stop.set()
        keep = os.environ.get("COUNTERSIGN_RIG_LOGS")
        if keep:
            for name in ("services", "logs"):
                shutil.copytree(rig.folder / name,
                                pathlib.Path(keep, driver, name),
                                dirs_exist_ok=True)
        rig.stop()
        for person in rig.people.values():
            person.stop_agent()


@pytest.fixture
def hello(zuul):
    return zuul.projects[PROJECT]

"""The playbooks of the jobs, with the variables that Zuul would give."""

import json
import pathlib
import shutil
import sys

import pytest
import yaml
from forge import flip_one_byte
from rig import ARTIFACT, PROJECT, REPOSITORY, SIGNED, TAG, key_file
from test_documentation import jobs, specification

SITE_PACKAGES, = (REPOSITORY / ".venv-zuul/lib").glob(
    "python3*/site-packages")


class Build:
    """A build of one of our jobs, with its workspace."""

    def __init__(self, player, folder, job, **zuul):
        self.player = player
        self.jobdir = folder
        self.work = folder / "work"
        self.work.mkdir(exist_ok=True)
        self.job = job
        (self.work / "logs").mkdir(exist_ok=True)
        self.zuul = zuul | {"executor": {
            "work_root": str(self.work),
            "log_root": str(self.work / "logs")}}
        self.variables = dict(jobs()[f"countersign-{job}"]["vars"])
        self.given = {}
        self.results = self.work / "results.json"
        self.results.touch()
        self.environment = zuul_return(folder)

    def returned(self):
        return json.loads(self.results.read_text())["data"]["zuul"]

    def run(self, playbook="run", *arguments):
        inventory = self.player.folder / "inventory.yaml"
        # What an earlier job returned comes first: a job variable of the
        # same name wins.
        plain = yaml.safe_dump(self.given | self.variables)
        inventory.write_text("all:\n  vars:\n" + "".join(
            f"    {line}\n" for line in plain.splitlines()))
        # Zuul marks messages of changes as no templates, and nothing else.
        extra = self.jobdir / "ansible/zuul_vars.yaml"
        extra.parent.mkdir(exist_ok=True)
        message = {"change_message": Unsafe("{{ no template }}\n")}
        extra.write_text(yaml.dump(
            {"zuul": self.zuul | message | {"items": [message]},
             "zuul_user_dir": "{{ zuul.executor.work_root }}"},
            Dumper=ZuulDumper))
        path = pathlib.Path("playbooks", *(
            [f"countersign-{self.job}"] if "/" not in playbook else []),
            f"{playbook}.yaml")
        return self.player.play(path, "-i", inventory, "-e", f"@{extra}",
                                *arguments, **self.environment)


class Unsafe(str):
    pass


class ZuulDumper(yaml.SafeDumper):
    pass


ZuulDumper.add_representer(Unsafe, lambda dumper, text:
                           dumper.represent_scalar("!unsafe", text))


def zuul_return(folder):
    """Zuul's own module, and only that: its command needs a real executor."""
    actions, packages = folder / "actions", folder / "packages"
    actions.mkdir()
    packages.mkdir()
    shutil.copy(SITE_PACKAGES / "zuul/ansible/base/action/zuul_return.py",
                actions)
    for name in ("zuul", "voluptuous"):
        (packages / name).symlink_to(SITE_PACKAGES / name)
    return {"ANSIBLE_ACTION_PLUGINS": str(actions),
            "PYTHONPATH": str(packages), "ZUUL_JOBDIR": str(folder)}


@pytest.fixture
def release(player, world, dist, binary, tmp_path):
    """The release job, as a config project would complete it."""
    build = Build(player, tmp_path, "release",
                  ref=f"refs/tags/{TAG}", newrev=world.tag_object,
                  project={"name": PROJECT, "src_dir": "src/hello"})
    shutil.copytree(world.project.path, build.work / "src/hello")
    shutil.copytree(dist, build.work / "artifacts")
    key = key_file(tmp_path, world.signer.secret_subkey())
    build.variables |= {
        "countersign_policy": str(world.policy),
        "countersign_keyring": str(world.keyring),
        "countersign_executable": str(binary),
        "countersign_key": {
            "private": "{{ lookup('ansible.builtin.file', '%s') }}" % key}}
    return build


@pytest.fixture
def publish(player, world, binary, signed, tmp_path):
    build = Build(player, tmp_path, "publish",
                  ref=f"refs/tags/{TAG}", newrev=world.tag_object,
                  project={"name": PROJECT, "src_dir": "src/hello"})
    (tmp_path / "site").mkdir()
    build.variables |= {
        "countersign_policy": str(world.policy),
        "countersign_keyring": str(world.keyring),
        "countersign_executable": str(binary),
        "countersign_artifacts_dir": str(signed),
        "countersign_site": str(tmp_path / "site")}
    return build


def names(folder):
    return sorted(path.name for path in folder.rglob("*")
                  if path.is_file() and not path.name.startswith("."))


@pytest.mark.parametrize("tag", [{}, {"tag": TAG}], ids=["git", "gitlab"])
def test_release_job_signs_beside_the_artifacts(release, tag):
    release.zuul |= tag
    assert release.run().ok
    assert names(release.work / "artifacts") == sorted([ARTIFACT, *SIGNED])


@pytest.mark.parametrize("zuul", [
    pytest.param({"ref": "refs/heads/main"}, id="branch"),
    pytest.param({"ref": "refs/tags/v1.0^{}"}, id="peeled"),
    pytest.param({"ref": "refs/tags/"}, id="no-name"),
    pytest.param({"tag": "v2.0"}, id="two-tags"),
    pytest.param({"newrev": "0" * 40}, id="deleted"),
    pytest.param({"newrev": "v1.0"}, id="no-object-id"),
    pytest.param({"newrev": None}, id="no-newrev"),
])
def test_build_that_is_not_for_one_pushed_tag_stops_at_once(release, zuul):
    release.zuul = {key: value for key, value in
                    (release.zuul | zuul).items() if value is not None}
    played = release.run()
    assert not played.ok
    assert "This job is for a tag that was pushed" in " ".join(
        played.output.split())
    assert not played.ran("Check the helper")


def test_tag_moved_between_push_and_build_is_refused(release):
    release.zuul["newrev"] = "0123456789" * 4
    assert not release.run().ok
    assert names(release.work / "artifacts") == [ARTIFACT]


PLAYS = ["run", "countersign-report/post"]


def hostile(trap):
    """Where a project's job, or whoever pushes, has a say in Zuul's own
    variables; and what Ansible would do there."""
    run = f"lookup('pipe','touch${{IFS}}{trap}')"
    good = {"name": ARTIFACT, "url": "https://logs.example.org/a"}
    return {
        "ref": {"ref": "refs/tags/{{" + run + "}}"},
        "name": {"artifacts": [good, good | {"name": "{{ " + run + " }}"}]},
        "url": {"artifacts": [good | {"url": "{%if " + run + " %}{%endif%}"}]},
        "key": {"artifacts": [good | {"metadata": {
            "{{ " + run + " }}": "\x01{{" + run + "}}"}}]},
        # Zuul marks the values of this name as no templates, elsewhere.
        "message": {"artifacts": [good | {"metadata": {
            "change_message": "!unsafe {{ " + run + " }}"}}]},
        "comment": {"topic": "{#" + run + "#}"},
    }


@pytest.mark.parametrize("where", hostile(""))
@pytest.mark.parametrize("playbook", PLAYS)
def test_variable_of_zuul_that_is_a_template_stops_the_build(
        release, tmp_path, where, playbook):
    trap = tmp_path / "trap"
    release.zuul |= hostile(trap)[where]
    played = release.run(playbook)
    assert not played.ok
    assert "holds a template" in played.output
    assert not trap.exists()
    assert not played.ran("Check the helper")
    warning, = release.returned()["warnings"]
    assert "countersign guard: error template-in-variables" in warning


def test_without_the_guard_a_variable_of_zuul_runs_a_program(
        release, tmp_path, player):
    """If this fails, Zuul's variables need no guard in this Ansible."""
    trap = tmp_path / "trap"
    release.zuul |= hostile(trap)["name"]
    release.run()
    path = tmp_path / "unguarded.yaml"
    path.write_text(yaml.safe_dump([{
        "hosts": "localhost", "gather_facts": False, "tasks": [
            {"ansible.builtin.debug": {"msg": "{{ zuul.ref }}"}}]}]))
    extra = tmp_path / "ansible/zuul_vars.yaml"
    player.play(path, "-e", f"@{extra}")
    assert trap.exists()


def test_returned_data_cannot_set_a_parameter(release, tmp_path):
    """Another job returned a value for everything that it could name."""
    trap = tmp_path / "trap"
    for role in ("ensure-countersign", "countersign-validate",
                 "countersign-sign"):
        release.given |= dict.fromkeys(specification(role), str(trap))
    release.given |= dict.fromkeys(
        jobs()["countersign-release"]["vars"], str(trap))
    assert release.run().ok
    assert not trap.exists()
    assert names(release.work / "artifacts") == sorted([ARTIFACT, *SIGNED])


def test_returned_data_does_not_fill_what_the_child_left_out(
        release, world):
    release.variables["countersign_policy"] = jobs()[
        "countersign-release"]["vars"]["countersign_policy"]
    release.given["countersign_policy"] = str(world.policy)
    played = release.run()
    assert not played.ok
    assert "The job must set countersign_policy" in " ".join(
        played.output.split())


def test_tampered_artifact_is_refused_before_the_key_is_touched(release):
    flip_one_byte(release.work / "artifacts" / ARTIFACT)
    played = release.run()
    assert not played.ok
    assert "modified-file" in played.output
    assert not played.ran("See how a module reaches its interpreter")


def test_publish_job_places_the_release(publish, tmp_path):
    assert publish.run().ok
    assert names(tmp_path / "site") == sorted([ARTIFACT, *SIGNED])
    assert publish.run().changed == 0


def test_publish_job_refuses_a_tampered_release(publish, signed, tmp_path):
    flip_one_byte(signed / ARTIFACT)
    assert not publish.run().ok
    assert names(tmp_path / "site") == []


@pytest.mark.parametrize("zuul", [
    {"ref": "refs/tags/v1.1"}, {"newrev": "0123456789" * 4}])
def test_publish_job_refuses_the_release_of_another_tag(
        publish, tmp_path, zuul):
    """The store may have served an older release, signed as well."""
    publish.zuul |= zuul
    played = publish.run()
    assert not played.ok
    assert "was signed for" in " ".join(played.output.split())
    assert names(tmp_path / "site") == []


def test_publish_job_refuses_an_empty_folder(publish, signed, tmp_path):
    for path in signed.iterdir():
        path.unlink()
    played = publish.run()
    assert not played.ok
    assert "no-checksum-list" in played.output


def test_findings_are_returned_as_warnings(release):
    flip_one_byte(release.work / "artifacts" / ARTIFACT)
    # Another job cannot add any.
    release.given["countersign_publish_result"] = {
        "command": "publish", "outcome": "rejected", "findings": [
            {"severity": "info", "code": "forged", "message": "forged"}]}
    assert not release.run().ok
    assert release.run("countersign-report/post").ok
    returned = release.returned()
    assert "forged" not in str(returned)
    assert any("countersign validate: error modified-file" in warning
               for warning in returned["warnings"])
    artifact, = returned["artifacts"]
    page = (release.work / "logs" / artifact["url"]).read_text()
    assert f"{ARTIFACT}: rejected</h1>" in page
    assert "modified-file" in page


def test_without_findings_only_the_page_is_returned(release):
    assert release.run().ok
    assert release.run("countersign-report/post").ok
    assert list(release.returned()) == ["artifacts"]
    page = (release.work / "logs/countersign.html").read_text()
    assert f"{ARTIFACT}: explained</h1>" in page


@pytest.fixture
def build(player, binary, dist, tmp_path):
    build = Build(player, tmp_path, "build")
    build.variables |= {
        "ansible_connection": "local",
        "ansible_python_interpreter": sys.executable,
        "countersign_executable": str(binary),
        "countersign_artifacts_dir": str(dist),
        "countersign_manifest": str(tmp_path / "logs/manifest.yaml"),
        "zuul_success": "True"}
    return build


def on_a_node(build, playbook):
    # "all" does not match the implied localhost.
    return build.run(playbook, "-i", "localhost,")


def test_build_job_states_what_was_built(build, tmp_path):
    assert on_a_node(build, "pre").ok
    assert on_a_node(build, "post").ok
    manifest = yaml.safe_load((tmp_path / "logs/manifest.yaml").read_text())
    assert [artifact["name"] for artifact in
            manifest["result"]["artifacts"]] == [ARTIFACT]


def test_build_that_made_nothing_fails(build, dist):
    (dist / ARTIFACT).unlink()
    played = on_a_node(build, "post")
    assert not played.ok
    assert "empty-folder" in played.output


def test_failed_build_is_not_listed(build, tmp_path):
    build.variables["zuul_success"] = "False"
    assert on_a_node(build, "post").ok
    assert not (tmp_path / "logs").exists()


def test_manifest_among_the_logs_is_returned(build, tmp_path):
    build.variables |= {
        "ansible_user_dir": str(tmp_path / "home"),
        "countersign_manifest":
            "{{ ansible_user_dir }}/zuul-output/logs/claims/manifest.yaml"}
    assert on_a_node(build, "post").ok
    assert build.returned()["artifacts"] == [{
        "name": "manifest.yaml", "url": "claims/manifest.yaml",
        "metadata": {"type": "countersign_manifest"}}]

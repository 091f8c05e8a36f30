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


class Unsafe(yaml.SafeDumper):
    """Zuul marks its variables so that Ansible takes them for no template."""


Unsafe.add_representer(str, lambda dumper, text: dumper.represent_scalar(
    "!unsafe", text))


class Build:
    """A build of one of our jobs, with its workspace."""

    def __init__(self, player, folder, job, **zuul):
        self.player = player
        self.work = folder / "work"
        self.work.mkdir(exist_ok=True)
        self.job = job
        (self.work / "logs").mkdir(exist_ok=True)
        self.zuul = zuul | {"executor": {
            "work_root": str(self.work),
            "log_root": str(self.work / "logs")}}
        self.variables = dict(jobs()[f"countersign-{job}"]["vars"])
        self.returned = {}

    def run(self, playbook="run", *arguments, **environment):
        inventory = self.player.folder / "inventory.yaml"
        unsafe = yaml.dump({"zuul": self.zuul}, Dumper=Unsafe)
        # What an earlier job returned comes first: a job variable of the
        # same name wins.
        plain = yaml.safe_dump(self.returned | self.variables)
        text = "".join(f"    {line}\n" for line in
                       (unsafe + plain).splitlines())
        inventory.write_text("all:\n  vars:\n" + text)
        path = pathlib.Path("playbooks", *(
            [f"countersign-{self.job}"] if "/" not in playbook else []),
            f"{playbook}.yaml")
        return self.player.play(path, "-i", inventory, *arguments,
                                **environment)


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


def test_tag_name_of_the_attacker_is_no_template(release, tmp_path):
    release.zuul["ref"] = "refs/tags/{{lookup('pipe','touch${IFS}trap')}}"
    played = release.run()
    assert not played.ok
    assert "{{lookup(" in played.output
    assert not (REPOSITORY / "playbooks/countersign-release/trap").exists()


def test_returned_data_cannot_set_a_parameter(release, tmp_path):
    """Another job returned a value for everything that it could name."""
    trap = tmp_path / "trap"
    for role in ("ensure-countersign", "countersign-validate",
                 "countersign-sign"):
        release.returned |= dict.fromkeys(specification(role), str(trap))
    release.returned |= dict.fromkeys(
        jobs()["countersign-release"]["vars"], str(trap))
    assert release.run().ok
    assert not trap.exists()
    assert names(release.work / "artifacts") == sorted([ARTIFACT, *SIGNED])


def test_returned_data_does_not_fill_what_the_child_left_out(
        release, world):
    release.variables["countersign_policy"] = jobs()[
        "countersign-release"]["vars"]["countersign_policy"]
    release.returned["countersign_policy"] = str(world.policy)
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


@pytest.fixture
def zuul_return(tmp_path):
    """Zuul's own module, and only that: its command needs a real executor."""
    actions, packages = tmp_path / "actions", tmp_path / "packages"
    actions.mkdir()
    packages.mkdir()
    shutil.copy(SITE_PACKAGES / "zuul/ansible/base/action/zuul_return.py",
                actions)
    for name in ("zuul", "voluptuous"):
        (packages / name).symlink_to(SITE_PACKAGES / name)
    results = tmp_path / "work/results.json"
    results.parent.mkdir(exist_ok=True)
    results.touch()
    return results, {"ANSIBLE_ACTION_PLUGINS": str(actions),
                     "PYTHONPATH": str(packages),
                     "ZUUL_JOBDIR": str(tmp_path)}


def test_findings_are_returned_as_warnings(release, zuul_return):
    flip_one_byte(release.work / "artifacts" / ARTIFACT)
    assert not release.run().ok
    results, environment = zuul_return
    assert release.run("countersign-report/post", **environment).ok
    returned = json.loads(results.read_text())["data"]["zuul"]
    assert any("countersign validate: error modified-file" in warning
               for warning in returned["warnings"])
    artifact, = returned["artifacts"]
    page = (release.work / "logs" / artifact["url"]).read_text()
    assert f"{ARTIFACT}: rejected</h1>" in page
    assert "modified-file" in page


def test_without_findings_only_the_page_is_returned(release, zuul_return):
    assert release.run().ok
    results, environment = zuul_return
    assert release.run("countersign-report/post", **environment).ok
    returned = json.loads(results.read_text())["data"]["zuul"]
    assert list(returned) == ["artifacts"]
    page = (release.work / "logs/countersign.html").read_text()
    assert f"{ARTIFACT}: explained</h1>" in page


@pytest.fixture
def build(player, binary, dist, zuul_return, tmp_path):
    build = Build(player, tmp_path, "build")
    build.environment = zuul_return[1]
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
    return build.run(playbook, "-i", "localhost,", **build.environment)


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


def test_manifest_among_the_logs_is_returned(build, zuul_return, tmp_path):
    build.variables |= {
        "ansible_user_dir": str(tmp_path / "home"),
        "countersign_manifest":
            "{{ ansible_user_dir }}/zuul-output/logs/claims/manifest.yaml"}
    assert on_a_node(build, "post").ok
    returned = json.loads(zuul_return[0].read_text())["data"]["zuul"]
    assert returned["artifacts"] == [{
        "name": "manifest.yaml", "url": "claims/manifest.yaml",
        "metadata": {"type": "countersign_manifest"}}]

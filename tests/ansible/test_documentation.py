"""A role's defaults, argument_specs and README say the same."""

import re

import pytest
import yaml
from ansible import constants
from ansible.plugins.loader import (
    become_loader, connection_loader, shell_loader)
from rig import REPOSITORY

# The links are the names that the roles have in the collection.
ROLES = sorted(path.name for path in (REPOSITORY / "roles").iterdir()
               if not path.is_symlink())
TRUSTED = ["release", "publish", "key-check"]
ENTRY = re.compile(
    r"^\.\. zuul:(?:rolevar|jobvar):: (\S+)\n((?:   :\w+: .*\n)*)", re.M)


def load(*parts):
    path = REPOSITORY.joinpath(*parts)
    return yaml.safe_load(path.read_text()) if path.is_file() else None


def specification(role):
    """Options of all entry points, by name."""
    entries = load("roles", role, "meta", "argument_specs.yaml")
    return {name: option
            for entry in entries["argument_specs"].values()
            for name, option in entry["options"].items()}


def documented(text):
    """Variables of one part of a document: name to its fields."""
    return {name: dict(re.findall(r":(\w+): (.*)", fields))
            for name, fields in ENTRY.findall(text)}


def readme(role):
    text = (REPOSITORY / "roles" / role / "README.rst").read_text()
    inputs, _, outputs = text.partition("**Output Variables**")
    return documented(inputs), documented(outputs)


def shown(default):
    """A default as the README writes it."""
    if isinstance(default, bool):
        return str(default).lower()
    return '""' if default == "" else str(default)


@pytest.mark.parametrize("role", ROLES)
def test_readme_has_every_input_with_type_and_default(role):
    inputs, _ = readme(role)
    expected = {}
    for name, option in specification(role).items():
        expected[name] = {"type": option["type"]}
        if "default" in option:
            expected[name]["default"] = shown(option["default"])
    assert inputs == expected


@pytest.mark.parametrize("role", ROLES)
def test_defaults_are_those_of_the_specification(role):
    specified = {name: option["default"]
                 for name, option in specification(role).items()
                 if "default" in option}
    assert (load("roles", role, "defaults", "main.yaml") or {}) == specified


@pytest.mark.parametrize("role", ROLES)
def test_a_variable_is_required_or_has_a_default(role):
    for name, option in specification(role).items():
        if name == "countersign_executable":  # shared; absent means: look
            continue
        assert option.get("required", False) != ("default" in option), name
        assert option["description"], name


@pytest.mark.parametrize("role", ROLES)
def test_every_fact_that_is_returned_is_documented(role):
    _, outputs = readme(role)
    text = "".join(path.read_text() for path in sorted(
        (REPOSITORY / "roles" / role / "tasks").iterdir()))
    returned = set(re.findall(r"countersign_report_fact: (\w+)", text))
    for tasks in re.split(r"\n(?= *- name:)", text):
        if "cacheable: true" in tasks:
            body = tasks.partition("set_fact:")[2]
            returned |= set(re.findall(r"^ +(\w*countersign_\w+):", body,
                                       re.M))
    assert set(outputs) == returned


@pytest.mark.parametrize("role", ROLES)
def test_variables_carry_the_role_as_prefix(role):
    prefix = role.replace("-", "_") + "_"
    for name in specification(role):
        assert name.startswith(prefix) or name == "countersign_executable"


def test_the_key_has_no_default_and_is_marked_secret():
    key = specification("countersign-sign")["countersign_sign_key"]
    assert key["no_log"] is True
    assert key["required"] is True
    assert "default" not in key


def jobs():
    return {stanza["job"]["name"]: stanza["job"]
            for stanza in load("zuul.d", "countersign-jobs.yaml")}


@pytest.mark.parametrize("name", TRUSTED)
def test_trusted_playbook_sets_every_parameter_of_every_role(name):
    """Data returned by another job must find no parameter to fill."""
    play, = load("playbooks", f"countersign-{name}", "run.yaml")
    roles = []
    for task in play["tasks"]:
        role = task.get("ansible.builtin.include_role", {}).get("name")
        if role:
            roles.append(role)
            wanted = set(specification(role)) - {"countersign_executable"}
            assert set(task["vars"]) == wanted, role
    assert roles


@pytest.mark.parametrize("name", ["build", *TRUSTED])
def test_job_sets_and_documents_every_variable_it_reads(name):
    job = jobs()[f"countersign-{name}"]
    text = "".join(
        path.read_text() for path in
        (REPOSITORY / "playbooks" / f"countersign-{name}").iterdir())
    # Variables of roles and of the play itself are set right there.
    own = set(re.findall(r"^ +(countersign_\w+):", text, re.M))
    own |= set(re.findall(r"register: (\w+)", text))
    read = set(re.findall(r"\bcountersign_\w+", text)) - own
    read.discard("countersign_key")  # a secret, which the child brings
    described = documented(re.sub(r"^ *(?=\.\.)", "", re.sub(
        r"^ *(?=:)", "   ", job["description"], flags=re.M), flags=re.M))
    described.pop("countersign_key", None)
    # What a role returns is set, too: another job could return it first.
    given = {variable for variable in job["vars"]
             if not variable.startswith("ansible_")
             and not variable.endswith("_result")}
    assert read | {"countersign_executable"} - {
        "countersign_executable" if name == "build" else ""} == given == set(
        described)


# They say nothing about what is run, are passed over for the machine's own
# connection, or are refused by Zuul.
HARMLESS = re.compile(
    r"_ansible_|ansible_(ssh|sftp|scp|docker|win)_|ansible_(\w+_)?pass|"
    r"ansible_(connection_user|network_os|port|private_key_file|timeout|"
    r"su_prompt_l10n)$|"
    r"ansible_(connection|host|python_interpreter|shell_executable|user)$")


@pytest.mark.parametrize("name", TRUSTED)
def test_trusted_job_sets_every_variable_that_ansible_obeys(name):
    """A job that it depends on returns what it likes, by any name."""
    obeyed = {variable for names in constants.MAGIC_VARIABLE_MAPPING.values()
              for variable in names}
    definitions = [constants.config.get_configuration_definitions()]
    for kind, loader, plugin in (
            ("connection", connection_loader, "local"),
            ("shell", shell_loader, "sh"), ("become", become_loader, "sudo"),
            ("become", become_loader, "su")):
        loader.get(plugin, class_only=True)
        definitions.append(constants.config.get_configuration_definitions(
            kind, plugin))
    for definition in definitions:
        for option in definition.values():
            obeyed |= {variable["name"]
                       for variable in option.get("vars") or []}
    dangerous = {variable for variable in obeyed
                 if not HARMLESS.match(variable)}
    assert "ansible_become_exe" in dangerous
    assert dangerous - set(jobs()[f"countersign-{name}"]["vars"]) == set()


def test_plays_of_the_base_job_set_the_same_variables():
    """docs/zuul.md tells to copy them from there."""
    copied = load("tests", "zuul", "config", "playbooks", "vars",
                  "ansible.yaml")
    assert copied == {
        name: value for name, value in
        jobs()["countersign-release"]["vars"].items()
        if name.startswith("ansible_")}


@pytest.mark.parametrize("name", TRUSTED)
def test_no_variable_of_a_trusted_job_is_a_mapping(name):
    """Zuul would merge into it what other jobs return."""
    for variable, value in jobs()[f"countersign-{name}"]["vars"].items():
        assert not isinstance(value, dict), variable


@pytest.mark.parametrize("name", TRUSTED)
def test_trusted_job_is_closed(name):
    job = jobs()[f"countersign-{name}"]
    assert job["abstract"] is True
    assert job["post-review"] is True
    assert job["nodeset"] == {"nodes": []}
    assert "secrets" not in job


@pytest.mark.parametrize("name", TRUSTED)
def test_job_sets_whatever_the_report_shows(name):
    text = (REPOSITORY / "playbooks/countersign-report/post.yaml").read_text()
    shown = set(re.findall(r"\bcountersign_\w+_result\b", text))
    assert len(shown) == 5
    assert shown <= set(jobs()[f"countersign-{name}"]["vars"])


PLAYBOOKS = [*(REPOSITORY / "playbooks").glob("countersign-*/*.yaml"),
             *(REPOSITORY / "tests/zuul").glob("config*/playbooks/*.yaml")]


@pytest.mark.parametrize("path", PLAYBOOKS, ids=lambda path: "/".join(
    path.parts[-2:]))
def test_play_is_guarded_before_it_reads_anything(path):
    """Variables of a play, too, are read by what comes first in it."""
    for play in yaml.safe_load(path.read_text()):
        first = play["roles"][0]
        if isinstance(first, dict):
            assert set(first) == {"role"}, "a condition or a variable"
            first = first["role"]
        guarded = first == "countersign-guard"
        # The play before it is, and would have stopped the playbook.
        guarded |= path.match("countersign-build/pre.yaml") and (
            first == "ensure-countersign")
        assert guarded, play["name"]
        assert "pre_tasks" not in play


def test_every_role_has_a_test_job():
    stanzas = load("zuul-tests.d", "roles.yaml")
    tests = {stanza["job"]["name"]: stanza["job"] for stanza in stanzas
             if "job" in stanza}
    run = [stanza["project"] for stanza in stanzas if "project" in stanza]
    for role in ROLES:
        job = tests[f"countersign-test-{role}"]
        # A list of files here would replace the parent's.
        assert not {"files", "irrelevant-files"} & set(job)
        for path in job["vars"]["test_files"]:
            assert (REPOSITORY / path).is_file(), path
        for project in run:
            assert job["name"] in project["check"]["jobs"]
            assert job["name"] in project["gate"]["jobs"]

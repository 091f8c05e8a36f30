"""Wrong and missing variables: told by name, with their documentation, before
anything runs."""

import pytest
from rig import PROJECT, prefixed
from test_documentation import ROLES, specification

# ensure-countersign installs into the home directory; countersign-report has
# no main; countersign-guard has no variables, and nothing but Zuul runs it.
CHECKED = [role for role in ROLES if role.startswith("countersign-")
           and role not in ("countersign-report", "countersign-guard")]


def prefix(role):
    return role.replace("-", "_") + "_"


@pytest.fixture
def trap(tmp_path):
    """A helper that must not be started."""
    helper = tmp_path / "helper"
    helper.write_text(f"#!/bin/sh\ntouch {tmp_path}/started\n")
    helper.chmod(0o755)
    yield str(helper)
    assert not (tmp_path / "started").exists()


def good(role, helper):
    """A value for all that the role requires."""
    values = {prefix(role) + "executable": helper}
    for name, option in specification(role).items():
        if option.get("required"):
            values[name] = {"path": "/somewhere", "str": "something",
                            "list": []}[option["type"]]
    return values


def refused(player, role, variables):
    played = player.role(role, variables)
    assert not played.ok
    # The output is YAML, which doubles quotes.
    return " ".join(played.output.split()).replace("''", "'")


@pytest.mark.parametrize("role", CHECKED)
def test_misspelt_variable_would_leave_the_default_in_force(
        player, role, trap):
    name = prefix(role) + "polciy"
    output = refused(player, role, good(role, trap) | {name: "/strict"})
    assert f"{name} is no variable of the role {role}" in output
    for known in specification(role):
        assert known in output.partition("It has: ")[2]


@pytest.mark.parametrize("role", CHECKED)
def test_empty_and_relative_values_are_told_with_their_documentation(
        player, role, trap):
    """All of them at once: nobody likes to hear of one at a time."""
    variables, wanted = good(role, trap), []
    for name, option in specification(role).items():
        if option.get("no_log"):
            continue
        told = " ".join(option["description"].split())
        if option.get("required") and option["type"] != "list":
            if option["type"] == "str" or name.endswith("policy"):
                variables[name] = " "
                wanted.append(f"{name} is empty. {told}")
        if option["type"] == "path" and variables.get(name) != " ":
            variables[name] = "some/where"
            wanted.append(
                f'{name} is no absolute path: "some/where". {told}')
        if option.get("elements") == "path":
            variables[name] = ["/a", "b"]
            wanted.append(f'{name} is no absolute path: "b". {told}')
    output = refused(player, role, variables).replace("\\", "")
    assert wanted
    for text in wanted:
        assert text in output, text


@pytest.mark.parametrize("role", CHECKED)
def test_missing_variables_are_told_with_their_documentation(
        player, role, trap):
    output = refused(player, role, {prefix(role) + "executable": trap})
    for name, option in specification(role).items():
        if option.get("required"):
            assert name in output.partition("missing required")[2]
            assert " ".join(option["description"].split())[:40] in output


@pytest.mark.parametrize("role", ROLES)
def test_documentation_says_of_every_path_that_it_is_absolute(role):
    for name, option in specification(role).items():
        below = option.get("options", {}).values()
        for one in [option, *below]:
            if "path" in (one["type"], one.get("elements")) and (
                    name != "ensure_countersign_install_dir"):
                assert one["description"].startswith("Absolute path"), name


@pytest.mark.parametrize("role", ["validate", "sign"])
def test_path_within_a_list_of_evidence_is_absolute(player, role, trap):
    name = f"countersign_{role}_rebuilt"
    output = refused(player, f"countersign-{role}", good(
        f"countersign-{role}", trap) | {
            name: [{"name": "second", "file": "b"}]})
    assert f'{name} has a file that is no absolute path: "b"' in (
        output.replace("\\", ""))


@pytest.mark.parametrize("role", ["validate", "sign"])
def test_evidence_without_its_parts_is_refused(player, role, trap):
    output = refused(player, f"countersign-{role}", good(
        f"countersign-{role}", trap) | {
            f"countersign_{role}_submodules": [{"path": "lib"}]})
    assert "missing required arguments: dir" in output


def test_value_is_no_template(player, trap, tmp_path):
    output = refused(player, "countersign-validate", good(
        "countersign-validate", trap) | {
            "countersign_validate_policy":
                "{% raw %}{{ lookup('pipe', 'touch trap') }}{% endraw %}"})
    assert "{{ lookup(" in output
    assert not (tmp_path / "trap").exists()


def test_role_may_be_used_twice(player, source):
    """What the first run registers is no misspelt variable to the second."""
    again = [{"ansible.builtin.include_role": {"name": "countersign-validate"},
              "vars": prefixed("validate", source)}]
    played = player.role(
        "countersign-validate", prefixed("validate", source),
        play={"pre_tasks": again})
    assert played.ok
    assert played.facts["countersign_validate_result"]["result"][
        "project"] == PROJECT

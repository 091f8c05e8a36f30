"""ensure-countersign: finds or installs the helper."""

import os
import pathlib
import shutil

import pytest
from rig import REPOSITORY, prefixed, run


def test_ensure_takes_the_executable_it_is_given(player, binary):
    played = player.role(
        "ensure-countersign", {"countersign_executable": str(binary)})
    assert played.ok
    assert played.changed == 0
    assert played.facts["countersign_executable"] == str(binary)
    assert played.facts["ensure_countersign_version"] == "0.1.0"


@pytest.fixture
def in_path(player, binary, tmp_path):
    (tmp_path / "bin").mkdir()
    shutil.copy(binary, tmp_path / "bin/countersign")
    return f"{tmp_path / 'bin'}:{player.environment['PATH']}"


def test_ensure_finds_the_helper_in_path(player, in_path, tmp_path):
    played = player.role("ensure-countersign", {}, PATH=in_path)
    assert played.ok
    assert played.facts["countersign_executable"] == str(
        tmp_path / "bin/countersign")


def test_roles_use_what_ensure_found(player, in_path, source):
    variables = prefixed("validate", source)
    del variables["countersign_validate_executable"]
    ensure = [{"ansible.builtin.include_role": {"name": "ensure-countersign"}}]
    assert player.role("countersign-validate", variables,
                       play={"pre_tasks": ensure}, PATH=in_path).ok


def test_ensure_refuses_a_helper_that_is_too_old(player, binary):
    played = player.role("ensure-countersign", {
        "countersign_executable": str(binary),
        "ensure_countersign_minimum_version": "99.0.0"})
    assert not played.ok
    assert "99.0.0 or newer" in " ".join(played.output.split())


@pytest.mark.parametrize("other", ["/bin/true", "/bin/echo", "/nonexistent"])
def test_ensure_refuses_another_program(player, other):
    played = player.role(
        "ensure-countersign", {"countersign_executable": other})
    assert not played.ok
    assert f"{other} is not countersign" in " ".join(played.output.split())


def test_ensure_stops_when_there_is_no_helper(player):
    played = player.role("ensure-countersign", {})
    assert not played.ok
    assert "There is no countersign in PATH" in " ".join(
        played.output.split())


def test_ensure_downloads_and_checks_the_digest(player, binary, tmp_path):
    digest = run("sha256sum", binary).stdout.decode().split()[0]
    variables = {
        "ensure_countersign_url": f"file://{binary}",
        "ensure_countersign_install_dir": str(tmp_path / "installed")}
    played = player.role("ensure-countersign", variables)
    assert not played.ok
    assert "ensure_countersign_sha256" in played.output
    played = player.role("ensure-countersign", variables | {
        "ensure_countersign_sha256": "0" * 64})
    assert not played.ok
    assert not (tmp_path / "installed/countersign").exists()
    played = player.role("ensure-countersign", variables | {
        "ensure_countersign_sha256": digest}, "--check")
    assert not played.ok
    assert not (tmp_path / "installed/countersign").exists()
    played = player.role("ensure-countersign", variables | {
        "ensure_countersign_sha256": digest})
    assert played.ok
    assert played.facts["countersign_executable"] == str(
        tmp_path / "installed/countersign")


def test_ensure_builds_from_a_checkout(player, tmp_path):
    """Quick where the release build is there already, as in `make test`."""
    home = pathlib.Path.home()
    variables = {
        "ensure_countersign_source": str(REPOSITORY),
        "ensure_countersign_install_dir": str(tmp_path / "installed")}
    environment = {
        "CARGO_HOME": os.environ.get("CARGO_HOME", str(home / ".cargo")),
        "RUSTUP_HOME": os.environ.get("RUSTUP_HOME", str(home / ".rustup"))}
    played = player.role(
        "ensure-countersign", variables, "--check", **environment)
    assert not played.ok
    assert "check mode installs none" in " ".join(played.output.split())
    assert not (tmp_path / "installed").exists()
    played = player.role("ensure-countersign", variables, **environment)
    assert played.ok
    installed = tmp_path / "installed/countersign"
    assert played.facts["countersign_executable"] == str(installed)
    assert run(installed, "--version").stdout == b"countersign 0.1.0\n"

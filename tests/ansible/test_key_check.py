"""The daily check of the release key, as a role."""

import pytest
from rig import ARTIFACT, PROJECT, key_file, snapshot

ROLE = "countersign-key-check"


@pytest.fixture
def checking(world, source, signed, tmp_path):
    """Everything at once, and all of it good."""
    key = key_file(tmp_path, world.signer.secret_subkey())
    name = world.signer.primary
    return {f"countersign_key_check_{part}": value for part, value in {
        "executable": source["executable"], "policy": source["policy"],
        "keyring": source["keyring"], "project": PROJECT,
        "public": str(world.keyring / f"{name}.asc"),
        "signed": [str(signed / ARTIFACT)],
        "key": "{{ lookup('ansible.builtin.file', '%s') }}" % key}.items()}


def test_good_key_is_accepted_and_nothing_changes(
        player, checking, world, signed):
    before = snapshot(signed)
    played = player.role(ROLE, checking)
    assert played.ok
    assert played.changed == 0
    assert snapshot(signed) == before
    document = played.facts["countersign_key_check_result"]
    assert document["result"]["tried"] == world.signer.subkey
    assert document["result"]["signed"][0]["signers"]
    assert "PRIVATE KEY" not in str(played.facts) + played.output


def test_subkey_that_readers_do_not_have_stops_the_role(
        player, checking, world, tmp_path):
    """70 days of signatures that nobody could verify."""
    key_file(tmp_path, world.stranger.secret_subkey())
    played = player.role(ROLE, checking, "--check")
    assert not played.ok
    document = played.facts["countersign_key_check_result"]
    codes = {finding["code"] for finding in document["findings"]}
    assert "wrong-signer" in codes
    assert "PRIVATE KEY" not in played.output


def test_certificate_of_another_key_stops_the_role(player, checking, world):
    """A rotation that names the wrong fingerprint; without a key at hand."""
    del checking["countersign_key_check_key"]
    checking["countersign_key_check_public"] = str(
        world.keyring / f"{world.tagger.primary}.asc")
    played = player.role(ROLE, checking)
    assert not played.ok
    assert "wrong-signer" in played.output
    assert not played.ran("See how a module reaches its interpreter")


def test_what_ends_soon_stops_the_role_where_that_is_asked(player, checking):
    checking["countersign_key_check_days"] = 400
    played = player.role(ROLE, checking)
    assert played.ok
    document = played.facts["countersign_key_check_result"]
    assert {finding["code"] for finding in document["findings"]} == {
        "expires-soon"}
    checking["countersign_key_check_strict"] = True
    played = player.role(ROLE, checking)
    assert not played.ok
    assert "ends at" in played.output


def test_missing_variable_stops_before_anything_runs(player, tmp_path):
    trap = tmp_path / "started"
    helper = tmp_path / "helper"
    helper.write_text(f"#!/bin/sh\ntouch {trap}\n")
    helper.chmod(0o755)
    played = player.role(
        ROLE, {"countersign_key_check_executable": str(helper)})
    assert not played.ok
    assert not trap.exists()
    assert "countersign_key_check_public" in played.output


def test_result_is_told_where_zuul_shows_no_output(
        player, checking, binary, tmp_path):
    """Zuul's command module gives no output of a task with no_log."""
    helper = tmp_path / "helper"
    helper.write_text(f'#!/bin/sh\nexec "{binary}" "$@" >/dev/null 2>&1\n')
    helper.chmod(0o755)
    checking["countersign_key_check_executable"] = str(helper)
    played = player.role(ROLE, checking)
    assert played.ok
    assert played.facts["countersign_key_check_result"]["outcome"] == "ok"
    assert not list((tmp_path / "remote").rglob("countersign-*.yaml"))

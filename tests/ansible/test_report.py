"""What is no result document is never taken for one."""

import pytest
from rig import prefixed

GOOD = "exec '{binary}' \"$@\""
LIES = {
    "prints-nothing": "exit 0",
    "prints-junk": "echo all is well; exit 0",
    "prints-a-list": "echo '- ok'; exit 0",
    "unknown-format": "'{binary}' \"$@\" | sed 's/@v1/@v2/'",
    "other-verb": "'{binary}' \"$@\" | sed 's/validate@v1/sign@v1/'",
    "exit-code-says-no": "'{binary}' \"$@\"; exit 1",
    "unknown-outcome": "'{binary}' \"$@\" | sed 's/\"ok\"/\"fine\"/'",
    "cut-short": "'{binary}' \"$@\" | head -c 300",
    "killed": "'{binary}' \"$@\" | head -c 120; kill -9 $$",
}


@pytest.fixture
def helper(binary, tmp_path):
    def write(script):
        path = tmp_path / "helper"
        path.write_text("#!/bin/sh\n" + script.format(binary=binary) + "\n")
        path.chmod(0o755)
        return str(path)
    return write


def test_the_wrapper_itself_is_transparent(player, source, helper):
    assert player.role("countersign-validate", prefixed(
        "validate", source | {"executable": helper(GOOD)})).ok


@pytest.mark.parametrize("lie", LIES)
def test_invalid_document_is_refused(player, source, helper, lie):
    # A good document of an earlier run, which must not stand in for it.
    player.cache.mkdir()
    (player.cache / "localhost").write_text(
        '{"countersign_validate_result": {"outcome": "ok"}}')
    played = player.role("countersign-validate", prefixed(
        "validate", source | {"executable": helper(LIES[lie])}))
    assert not played.ok
    assert "printed no document of the format countersign/validate@v1" in (
        " ".join(played.output.split()))
    assert played.facts["countersign_validate_result"] == {}


def test_helper_that_does_not_exist_is_named(player, source):
    played = player.role("countersign-validate", prefixed(
        "validate", source | {"executable": "/nonexistent/countersign"}))
    assert not played.ok
    assert "No such file or directory" in played.output


def test_lie_about_rejection_does_not_pass(player, source, helper, dist):
    """rc 0 with a rejecting document, and the reverse, are both refused."""
    (dist / "stray").write_text("not of this release\n")
    played = player.role("countersign-validate", prefixed(
        "validate",
        source | {"executable": helper("'{binary}' \"$@\"; exit 0")}))
    assert not played.ok
    assert played.facts["countersign_validate_result"] == {}

"""Where a document goes: standard output, standard error, --output."""

import pytest
from cases_keyring import CASES
from contract_schema import hold
from contract_world import first_world, world
from test_schema import COMMANDS

__all__ = ["first_world", "world"]

OUTPUTS = ["checksum/ok", "checksum/rejected/empty folder",
           "checksum/unavailable/no folder", "verify-tag/ok", "compare/ok",
           "compare/rejected/tampered", "validate/ok", "verify/ok",
           "publish/ok", "policy-check/ok", "policy-explain/ok",
           "verify-tag/usage/unknown project", "sign/ok",
           "keyring-list/ok", "keyring-check/ok", "keyring-export/ok"]


@pytest.fixture
def with_extra(monkeypatch):
    """Adds options to the last run of the helper that a case makes."""
    def run(world, name, *extra, **options):
        calls = []
        helped = type(world).helped

        def note(self, *arguments, **given):
            calls.append((arguments, given))
            return helped(self, *arguments, **given)
        copy = world.copy(world.folder.parent / "rehearsal")
        monkeypatch.setattr(type(world), "helped", note)
        CASES[name](copy)
        count = len(calls)
        calls.clear()

        def last(self, *arguments, **given):
            calls.append(arguments)
            if len(calls) == count:
                arguments, given = (*arguments, *extra), given | options
            return helped(self, *arguments, **given)
        monkeypatch.setattr(type(world), "helped", last)
        return CASES[name](world)
    return run


@pytest.mark.parametrize("name", OUTPUTS)
def test_output_file_has_the_same_bytes(world, with_extra, name):
    ran = with_extra(world, name, "--output", "document.yaml")
    assert (world.folder / "document.yaml").read_bytes() == ran.stdout
    hold(ran)


@pytest.mark.parametrize("name", [*OUTPUTS, "usage/usage/nothing typed"])
def test_full_device_as_standard_output_is_unavailable(
        world, with_extra, name):
    with open("/dev/full", "wb") as full:
        ran = with_extra(world, name, stdout=full)
    assert ran.code == 3


@pytest.mark.parametrize("argument", ["--help", "--version"])
def test_help_on_a_full_device_is_unavailable(world, argument):
    with open("/dev/full", "wb") as full:
        assert world.helped(argument, stdout=full).code == 3


@pytest.mark.parametrize("name", OUTPUTS)
def test_quiet_says_nothing_to_people(world, with_extra, name):
    ran = with_extra(world, name, "--quiet")
    assert ran.stderr == b""
    hold(ran)


def test_help_and_version_print_no_document(world):
    for arguments in (["--help"], ["--version"], ["sign", "--help"]):
        ran = world.helped(*arguments).sure()
        assert b"format:" not in ran.stdout


def test_every_help_has_an_example(world):
    for command in COMMANDS:
        group = command.startswith(("policy-", "keyring-"))
        words = command.split("-") if group else [command]
        assert b"Example" in world.helped(*words, "--help").sure().stdout

"""Every command, in every way it can end, keeps the contract of
docs/result-format.md."""

import hashlib
import os
import re
import shutil

import pytest
from cases_explain import TAMPERED, validate, verify_tag
import cases_keyring  # noqa: F401  (adds its cases)
from cases_key import CASES, FRESH
from contract_schema import (SCHEMAS, faults, hold, misplaced, schema,
                             validator)
from contract_world import PROJECT, RECORD, first_world, world

__all__ = ["first_world", "world"]

COMMANDS = ["checksum", "verify-tag", "compare", "validate", "sign", "verify",
            "publish", "policy-check", "policy-explain", "policy-draft",
            "keyring-add", "keyring-remove", "keyring-update", "keyring-list",
            "keyring-show", "keyring-check", "keyring-export",
            "keyring-request",
            "key-generate", "key-certify", "key-extend", "key-rotate",
            "key-revoke", "key-export-subkey", "key-publish", "key-check"]


@pytest.mark.parametrize("name", CASES)
def test_contract(world, name):
    command, outcome, *_ = name.split("/")
    ran = CASES[name](world)
    document = hold(ran)
    assert (document["command"], document["outcome"]) == (command, outcome), (
        ran.stderr.decode())


def test_cases_cover_every_command_and_outcome():
    seen = {tuple(name.split("/")[:2]) for name in CASES}
    for command in COMMANDS:
        for outcome in ("ok", "rejected", "usage", "unavailable"):
            # What would be accepted, or is there, can always be told.
            if (command, outcome) not in {
                    ("policy-explain", "rejected"),
                    ("keyring-list", "rejected"),
                    ("keyring-show", "rejected")}:
                assert (command, outcome) in seen
    typed = {name.split()[0].split("/")[2] for name in CASES
             if name.startswith("usage/")}
    assert {"checksum", "verify-tag", "compare", "validate", "sign", "verify",
            "publish", "policy", "keyring", "key"} <= typed


def test_every_command_has_a_schema_and_no_schema_lacks_a_command():
    others = {"common", "envelope", "usage", "policy", "validation-record",
              "files", "catalogue", "keyring", "vetting-request",
              "key-dates"}
    names = {path.stem for path in SCHEMAS.glob("*.json")}
    assert names == set(COMMANDS) | others
    for path in SCHEMAS.glob("*.json"):
        validator(path.name).check_schema(schema(path.name))


@pytest.mark.parametrize("name", [
    name for name in CASES
    # A signature holds random bits, and a new key is one.
    if not name.startswith("sign/ok") and name not in FRESH])
def test_same_input_gives_same_bytes(first_world, tmp_path, name):
    """Twice in the same place, from the same beginning."""
    place = tmp_path / "world"
    runs = []
    for _ in range(2):
        ran = CASES[name](first_world.copy(place))
        shutil.rmtree(place)
        runs.append((ran.code, mask(ran.stdout), mask(ran.stderr)))
    assert runs[0] == runs[1]


def mask(text):
    """Without what follows from the bits of a fresh signature."""
    return re.sub(rb"[0-9a-f]{64}", b"DIGEST", text)


@pytest.mark.parametrize("name", [
    "checksum/ok", "verify-tag/ok", "compare/ok/all", "validate/ok/all",
    "policy-check/ok", "policy-explain/ok", "compare/rejected/tampered"])
def test_same_input_gives_same_bytes_digests_included(
        first_world, tmp_path, name):
    place = tmp_path / "world"
    runs = []
    for _ in range(2):
        runs.append(CASES[name](first_world.copy(place)).stdout)
        shutil.rmtree(place)
    assert runs[0] == runs[1]


def test_record_is_the_same_wherever_it_is_made(world):
    """From another place, by another command, from a bare clone."""
    validate(world, "--record", "record.yaml").sure()
    record = (world.folder / "record.yaml").read_bytes()
    world.git("clone", "--quiet", "--bare", ".", "../bare")
    os.mkdir(world.folder / "out")
    shutil.copytree(world.folder / "dist", world.folder / "other")
    shutil.copytree(world.folder / "keyring", world.folder / "ring")
    (world.folder / "ring/README").write_text("who vetted whom\n")
    world.helped(
        "sign", "--repository", world.folder / "bare", "--tag", "v1.0",
        "--project", PROJECT, "--policy", world.folder / "policy.yaml",
        "--keyring", "ring", "--at", "2026-11-20T11:00:00+01:00",
        "--artifacts", "other", "--output-dir", "out", "--key", "-",
        stdin=world.secret()).sure()
    assert (world.folder / "out" / RECORD).read_bytes() == record
    assert hashlib.sha256(record).hexdigest() == validate(
        world).result["record"]["sha256"]


def test_keyring_digest_is_what_the_page_says(world):
    lines = sorted(
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n"
        for path in (world.folder / "keyring").iterdir())
    digest = hashlib.sha256("".join(lines).encode()).hexdigest()
    assert verify_tag(world).result["keyring_sha256"] == digest


def test_policy_digest_is_that_of_the_file(world):
    digest = hashlib.sha256((world.folder / "policy.yaml").read_bytes())
    assert verify_tag(world).result["policy_sha256"] == digest.hexdigest()


def test_every_kind_of_tampering_is_told(world):
    ran = CASES["compare/rejected/tampered"](world)
    assert set(ran.codes) == TAMPERED


# The checks can fail.

def test_schema_refuses_a_document_that_breaks_the_contract(world):
    good = verify_tag(world).document
    assert faults("verify-tag.json", good) == []
    for change in [
            {"outcome": "rejected"}, {"outcome": "usage"}, {"changed": True},
            {"retryable": True}, {"format": "countersign/verify-tag@v2"},
            {"result": {}}, {"extra": 1}, {"findings": [{"code": "x"}]},
            {"result": good["result"] | {"later": 1}},
            {"result": good["result"] | {"at": "2026-11-20 10:00:00Z"}},
            {"result": good["result"] | {"tag": None}}]:
        assert faults("verify-tag.json", good | change), change


def test_published_schema_lets_later_keys_pass(world):
    good = verify_tag(world).document
    good["later"] = good["result"]["later"] = 1
    good["result"]["tag"]["later"] = 1
    assert faults("verify-tag.json", good, closed=False) == []


def test_order_of_keys_is_looked_at(world):
    document = validate(world, "--explain", "all").document
    part = schema("validate.json")["properties"]["result"]
    result = document["result"]
    assert misplaced(result, part, "validate.json") == []
    artifact = result["artifacts"][0]
    artifact["name"] = artifact.pop("name")
    assert misplaced(result, part, "validate.json")
    line = artifact["explanations"][0]
    artifact["name"] = artifact.pop("name")
    line["path"] = line.pop("path")
    assert len(misplaced(result, part, "validate.json")) == 2

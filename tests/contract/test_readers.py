"""Readers ignore unknown keys and refuse unknown formats; the policy, which
is ours, has no unknown keys."""

import os

import pytest
import yaml
from cases_explain import validate
from cases_release import CHECK, by_record, publish, verify
from contract_schema import TextLoader, faults, hold
from contract_world import ARTIFACT, PROJECT, RECORD, first_world, world

__all__ = ["first_world", "world"]

def test_record_with_a_later_key_is_signed_and_published_as_it_is(world):
    validate(world, "--record", "record.yaml").sure()
    path = world.folder / "record.yaml"
    text = path.read_text() + 'later_key: {deeper: ["x"]}\n'
    text = text.replace('    preset:', '    later_too: 1\n    preset:')
    path.write_text(text)
    ran = by_record(world)
    hold(ran.sure())
    assert (world.folder / "dist" / RECORD).read_text() == text
    hold(verify(world, "dist").sure())
    (world.folder / "site").mkdir()
    hold(publish(world).sure())
    site = world.folder / "site/example/hello"
    assert (site / RECORD).read_text() == text


@pytest.mark.parametrize("change", [
    ("validation-record@v1", "validation-record@v2"),
    ("format:", "formats:"),
    ("project:", "projects:"),
    ("artifacts:\n", "artifacts: []\nmore:\n"),
    ("at:", "version: \"2\"\nat:"),
    ('sha256: "', 'sha256: "A'),
])
def test_record_that_cannot_be_read_is_refused(world, change):
    validate(world, "--record", "record.yaml").sure()
    path = world.folder / "record.yaml"
    text = path.read_text()
    assert change[0] in text
    path.write_text(text.replace(*change, 1))
    document = hold(by_record(world).sure(2))
    assert [finding["code"] for finding in document["findings"]] == [
        "bad-record"]
    assert os.listdir(world.folder / "dist") == [ARTIFACT]


def test_manifest_with_a_later_key_is_read(world):
    text = world.helped("checksum", "dist").sure().stdout.decode()
    (world.folder / "manifest.yaml").write_text(
        text.replace("      size:", "      later: 1\n      size:")
        + "later: 1\n")
    hold(validate(world, "--manifest", "manifest.yaml").sure())


@pytest.mark.parametrize("place", ["", "groups.maintainers",
                                   f"projects.{PROJECT}",
                                   f"projects.{PROJECT}.taggers",
                                   f"projects.{PROJECT}.artifacts.0"])
def test_policy_with_an_unknown_key_is_refused(world, place):
    """It is ours, and a misspelt rule must not be silently no rule."""
    def change(policy):
        at = policy
        for step in place.split(".") if place else []:
            at = at[int(step) if step.isdigit() else step]
        at["later-key"] = "x"
    data = world.write_policy(change)
    assert faults("policy.json", data, closed=False)
    document = hold(world.helped(*CHECK).sure(2))
    assert "later-key" in document["findings"][0]["message"]


def test_policy_schema_accepts_what_the_helper_accepts(world):
    data = yaml.load((world.folder / "policy.yaml").read_text(), TextLoader)
    assert faults("policy.json", data, closed=False) == []


@pytest.mark.parametrize("change", [
    {"version": "magic"}, {"version": "semver", "version-pattern": "1"},
    {"branches": []}, {"taggers": {"any": []}}, {"signer": "ABCD"},
    {"destination": "../x"}, {"artifacts": []}, {"tag": "{name}"},
    {"name": "a/b"}, {"repository": ["x"]},
])
def test_policy_schema_refuses_what_the_helper_refuses(world, change):
    data = world.write_policy(
        lambda policy: policy["projects"][PROJECT].update(change))
    assert faults("policy.json", data, closed=False)
    hold(world.helped(*CHECK).sure(2))

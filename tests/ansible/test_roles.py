"""Each role with the real helper: good, bad, check mode, wrong variables."""

import hashlib

import pytest
from forge import add_file, flip_one_byte
from rig import (
    ARTIFACT, PROJECT, SIGNED, key_file, prefixed, run, snapshot)


# checksum

def test_checksum_lists_the_artifacts_and_writes_the_manifest(
        player, source, dist, tmp_path):
    manifest = tmp_path / "manifest.yaml"
    variables = prefixed("checksum", {
        "executable": source["executable"], "artifacts_dir": str(dist),
        "manifest": str(manifest)})
    played = player.role("countersign-checksum", variables)
    assert played.ok
    result = played.facts["countersign_checksum_result"]["result"]
    assert [entry["name"] for entry in result["artifacts"]] == [ARTIFACT]
    assert result["artifacts"][0]["sha256"] in manifest.read_text()


def test_checksum_in_check_mode_writes_no_manifest(
        player, source, dist, tmp_path):
    variables = prefixed("checksum", {
        "executable": source["executable"], "artifacts_dir": str(dist),
        "manifest": str(tmp_path / "manifest.yaml")})
    before = snapshot(dist)
    assert player.role("countersign-checksum", variables, "--check").ok
    assert snapshot(dist) == before
    assert not (tmp_path / "manifest.yaml").exists()


def test_empty_folder_is_no_success(player, source, tmp_path):
    (tmp_path / "empty").mkdir()
    played = player.role("countersign-checksum", prefixed("checksum", {
        "executable": source["executable"],
        "artifacts_dir": str(tmp_path / "empty")}))
    assert not played.ok
    assert "empty-folder" in played.output


# validate

def test_validate_accepts_the_tag_and_explains_the_artifact(
        player, source, tmp_path):
    record = tmp_path / "record.yaml"
    variables = prefixed("validate", source | {"record": str(record)})
    played = player.role("countersign-validate", variables)
    assert played.ok
    assert played.changed == 1
    document = played.facts["countersign_validate_result"]
    assert document["format"] == "countersign/validate@v1"
    assert document["result"]["tag"]["object"] == source["tag_object"]
    assert record.is_file()


def test_validate_in_check_mode_judges_and_writes_no_record(
        player, source, dist, tmp_path):
    record = tmp_path / "record.yaml"
    variables = prefixed("validate", source | {"record": str(record)})
    assert player.role("countersign-validate", variables, "--check").ok
    assert not record.exists()
    flip_one_byte(dist / ARTIFACT)
    played = player.role("countersign-validate", variables, "--check")
    assert not played.ok
    assert "modified-file" in played.output


def test_tag_that_was_recorded_cannot_move(player, source, tmp_path):
    """A check records nothing; the next run does; a tag that is another
    object then is refused."""
    seen = tmp_path / "seen.yaml"
    variables = prefixed("validate", source | {"seen": str(seen)})
    played = player.role("countersign-validate", variables, "--check")
    assert played.ok and played.changed == 1
    assert not seen.exists()
    played = player.role("countersign-validate", variables)
    assert played.ok and played.changed == 1
    assert source["tag_object"] in seen.read_text()
    played = player.role("countersign-validate", variables)
    assert played.ok and played.changed == 0
    seen.write_text(seen.read_text().replace(
        source["tag_object"], "0123456789" * 4))
    played = player.role("countersign-validate", variables)
    assert not played.ok
    assert "tag-moved" in played.output


def test_note_is_handed_on_whatever_its_name(player, source, tmp_path):
    note = tmp_path / "--a=note $HOME"
    note.write_text("format: countersign/tag-note@v1\n")
    played = player.role("countersign-validate", prefixed(
        "validate", source | {"tag_notes": [str(note)]}))
    assert not played.ok
    document = played.facts["countersign_validate_result"]
    assert [finding["code"] for finding in document["findings"]] == [
        "signature-missing"]


def test_flipped_byte_stops_with_a_readable_finding(player, source, dist):
    flip_one_byte(dist / ARTIFACT)
    played = player.role(
        "countersign-validate", prefixed("validate", source))
    assert not played.ok
    document = played.facts["countersign_validate_result"]
    assert document["outcome"] == "rejected"
    finding = document["findings"][0]
    assert finding["code"] == "modified-file"
    shown = " ".join(played.output.split())
    for part in ("code", "subject", "message", "hint"):
        assert " ".join(finding[part].split()) in shown, part
    assert "countersign validate: rejected" in shown


def test_file_slipped_into_the_archive_is_refused(player, source, dist):
    add_file(dist / ARTIFACT, "evil.c")
    played = player.role(
        "countersign-validate", prefixed("validate", source))
    assert not played.ok
    assert "evil.c" in played.output


def test_file_name_in_the_archive_is_no_template(
        player, source, dist, tmp_path):
    """Findings carry names that an attacker chose."""
    add_file(dist / ARTIFACT, "{{ lookup('pipe', 'touch trap') }}")
    add_file(dist / ARTIFACT, "{{ 6 * 7 }}")
    played = player.role(
        "countersign-validate", prefixed("validate", source))
    assert not played.ok
    assert "{{ 6 * 7 }}" in played.output
    assert "touch trap" in played.output
    # Where the lookup would have run.
    assert not (tmp_path / "trap").exists()


@pytest.mark.parametrize("tag", ["-x", "--help", "v1.0$HOME", "~", "../x"])
def test_odd_tag_name_is_no_option_no_variable_no_path(player, source, tag):
    played = player.role("countersign-validate", prefixed(
        "validate", source | {"tag": tag, "tag_object": ""}))
    assert not played.ok
    document = played.facts["countersign_validate_result"]
    assert document["outcome"] in ("usage", "rejected")
    assert str(player.home) not in str(document)


def test_tag_that_is_not_the_one_pushed_is_refused(player, source):
    played = player.role("countersign-validate", prefixed(
        "validate", source | {"tag_object": "0123456789" * 4}))
    assert not played.ok
    assert played.facts["countersign_validate_result"]["outcome"] == "rejected"


def test_missing_repository_is_unavailable_and_not_a_verdict(player, source):
    played = player.role("countersign-validate", prefixed(
        "validate", source | {"repository": "/nonexistent"}))
    assert not played.ok
    document = played.facts["countersign_validate_result"]
    assert document["outcome"] == "unavailable"
    assert "countersign validate: unavailable" in played.output


def test_unknown_project_is_a_fault_of_the_request(player, source):
    played = player.role("countersign-validate", prefixed(
        "validate", source | {"project": "example/other"}))
    assert not played.ok
    assert played.facts["countersign_validate_result"]["outcome"] == "usage"


# sign

@pytest.fixture
def signing(source, world, tmp_path):
    key = key_file(tmp_path, world.signer.secret_subkey())
    return prefixed("sign", source | {
        "key": "{{ lookup('ansible.builtin.file', '%s') }}" % key})


def test_sign_returns_its_document_and_gpg_and_sha256sum_accept_the_files(
        player, signing, dist, world, tmp_path):
    played = player.role("countersign-sign", signing)
    assert played.ok
    assert played.changed == 1
    document = played.facts["countersign_sign_result"]
    assert document["result"]["signer"]["certificate"] == world.signer.primary
    assert "PRIVATE KEY" not in str(played.facts)
    assert sorted(path.name for path in dist.iterdir()) == sorted(
        [ARTIFACT, *SIGNED])
    home = tmp_path / "downloader"
    home.mkdir(mode=0o700)
    run("gpg", "--homedir", home, "--import", input=world.signer.certificate())
    for name in (ARTIFACT, "hello-1.0.SHA256SUMS"):
        run("gpg", "--homedir", home, "--verify", dist / f"{name}.asc",
            dist / name)
    run("sha256sum", "--check", "--strict", "hello-1.0.SHA256SUMS", cwd=dist)
    run("gpgconf", "--homedir", home, "--kill", "all")


def test_sign_in_check_mode_judges_the_key_and_writes_nothing(
        player, signing, dist, world, tmp_path):
    before = snapshot(dist)
    played = player.role("countersign-sign", signing, "--check")
    assert played.ok
    assert played.changed == 1
    assert snapshot(dist) == before
    key_file(tmp_path, world.stranger.secret_subkey())
    played = player.role("countersign-sign", signing, "--check")
    assert not played.ok
    assert snapshot(dist) == before


def test_sign_refuses_a_tampered_artifact(player, signing, dist):
    flip_one_byte(dist / ARTIFACT)
    played = player.role("countersign-sign", signing)
    assert not played.ok
    # The task that had the key is censored; the findings are not.
    assert "modified-file" in played.output
    assert [path.name for path in dist.iterdir()] == [ARTIFACT]


@pytest.mark.parametrize("which", ["stranger", "primary", "junk"])
def test_sign_refuses_any_key_but_the_policys_subkey(
        player, signing, dist, world, tmp_path, which):
    text = {"stranger": world.stranger.secret_subkey,
            "primary": world.signer.secret_primary,
            "junk": lambda: b"not a key\n"}[which]()
    key_file(tmp_path, text)
    played = player.role("countersign-sign", signing)
    assert not played.ok
    assert played.facts["countersign_sign_result"]["findings"]
    assert [path.name for path in dist.iterdir()] == [ARTIFACT]


@pytest.mark.parametrize("key", ["", " \n"])
def test_sign_refuses_an_empty_key_before_anything_runs(
        player, signing, key):
    played = player.role(
        "countersign-sign", signing | {"countersign_sign_key": key})
    assert not played.ok
    assert "countersign_sign_key is empty" in played.output
    assert not played.ran("Validate and sign the release")


# verify

def verifying(source, *paths):
    return prefixed("verify", {
        "executable": source["executable"], "keyring": source["keyring"],
        "policy": source["policy"], "project": PROJECT, "mode": "release",
        "paths": [str(path) for path in paths]})


def test_verify_accepts_a_signed_folder_and_changes_nothing(
        player, source, signed):
    before = snapshot(signed)
    played = player.role("countersign-verify", verifying(source, signed))
    assert played.ok
    assert played.changed == 0
    assert snapshot(signed) == before


@pytest.mark.parametrize("sound", [True, False])
def test_verify_takes_proofs_of_age(player, source, signed, world, sound):
    proof = signed.parent / "ages 2026"
    proof.write_text("".join(
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n"
        for path in sorted(signed.glob("*.asc"))))
    world.tagger.gpg("--local-user", f"{world.tagger.subkey}!", "--armor",
                     "--detach-sign", proof)
    if not sound:
        proof.write_text("")
    played = player.role(
        "countersign-verify",
        verifying(source, signed) | prefixed("verify", {
            "mode": "archive", "age_proofs": [str(proof)]}))
    result = played.facts["countersign_verify_result"]
    assert played.ok == sound, played.output
    if sound:
        told, = result["result"]["age_proofs"]
        assert told["name"] == proof.name


def test_verify_refuses_a_swapped_artifact(player, source, signed):
    flip_one_byte(signed / ARTIFACT)
    played = player.role("countersign-verify", verifying(source, signed))
    assert not played.ok
    assert played.facts["countersign_verify_result"]["outcome"] == "rejected"


def test_verify_refuses_an_unsigned_folder(player, source, dist):
    played = player.role("countersign-verify", verifying(source, dist))
    assert not played.ok
    assert "no-checksum-list" in played.output


def test_file_name_like_an_option_is_no_path(player, source):
    played = player.role("countersign-verify", verifying(source, "--version"))
    assert not played.ok
    assert "countersign_verify_paths is no absolute path" in played.output
    assert not played.ran("Verify the signed release")


# publish

@pytest.fixture
def publishing(source, signed, tmp_path):
    (tmp_path / "site").mkdir()
    return prefixed("publish", {
        "executable": source["executable"], "policy": source["policy"],
        "keyring": source["keyring"], "project": PROJECT,
        "record": str(signed / f"{ARTIFACT}.validation.yaml"),
        "artifacts_dir": str(signed), "site": str(tmp_path / "site")})


def published(tmp_path):
    return sorted(path.name for path in (tmp_path / "site").rglob("*")
                  if path.is_file() and not path.name.startswith("."))


def test_publish_changes_the_site_once(player, publishing, tmp_path):
    first = player.role("countersign-publish", publishing)
    assert first.ok
    assert first.changed == 1
    assert published(tmp_path) == sorted([ARTIFACT, *SIGNED])
    before = snapshot(tmp_path / "site")
    second = player.role("countersign-publish", publishing)
    assert second.ok
    assert second.changed == 0
    assert snapshot(tmp_path / "site") == before


def test_publish_in_check_mode_places_nothing(player, publishing, tmp_path):
    played = player.role("countersign-publish", publishing, "--check")
    assert played.ok
    assert played.changed == 1
    assert snapshot(tmp_path / "site") == {}


def test_publish_refuses_to_replace_other_bytes(
        player, publishing, tmp_path):
    there = tmp_path / "site" / PROJECT / ARTIFACT
    there.parent.mkdir(parents=True)
    there.write_bytes(b"older bytes")
    played = player.role("countersign-publish", publishing)
    assert not played.ok
    assert "site-file-differs" in played.output
    assert there.read_bytes() == b"older bytes"
    assert published(tmp_path) == [ARTIFACT]


def test_publish_refuses_a_tampered_release(
        player, publishing, signed, tmp_path):
    flip_one_byte(signed / ARTIFACT)
    assert not player.role("countersign-publish", publishing).ok
    assert published(tmp_path) == []


# all of them

def zuuls_command(folder, binary, output):
    """The helper as Zuul's command module shows it: standard error is mixed
    into standard output, and a task with no_log gives neither."""
    path = folder / "helper"
    path.write_text(f'#!/bin/sh\nexec "{binary}" "$@" {output}\n')
    path.chmod(0o755)
    return str(path)


def test_findings_are_read_where_zuul_mixes_the_streams(
        player, source, dist, binary, tmp_path):
    flip_one_byte(dist / ARTIFACT)
    source["executable"] = zuuls_command(tmp_path, binary, "2>&1")
    played = player.role(
        "countersign-validate", prefixed("validate", source))
    assert not played.ok
    assert "modified-file" in played.output


def test_sign_tells_its_result_where_zuul_shows_no_output(
        player, signing, dist, binary, tmp_path):
    signing["countersign_sign_executable"] = zuuls_command(
        tmp_path, binary, ">/dev/null 2>&1")
    played = player.role("countersign-sign", signing)
    assert played.ok
    assert played.changed == 1
    assert played.facts["countersign_sign_result"]["outcome"] == "ok"


REQUIRED = {
    "checksum": ["artifacts_dir"],
    "validate": ["repository", "tag", "policy", "keyring", "project",
                 "artifacts_dir"],
    "sign": ["repository", "tag", "policy", "keyring", "project",
             "artifacts_dir", "key"],
    "verify": ["paths", "keyring"],
    "publish": ["record", "artifacts_dir", "policy", "keyring", "site",
                "project"],
    "fetch": ["policy", "project", "tag", "artifacts", "url_prefixes", "dir"],
}


@pytest.mark.parametrize("verb", REQUIRED)
def test_missing_variable_stops_before_anything_runs(player, tmp_path, verb):
    """Every required variable is named, and the helper is not started."""
    trap = tmp_path / "started"
    helper = tmp_path / "helper"
    helper.write_text(f"#!/bin/sh\ntouch {trap}\n")
    helper.chmod(0o755)
    played = player.role(f"countersign-{verb}", {
        f"countersign_{verb}_executable": str(helper)})
    assert not played.ok
    assert not trap.exists()
    for name in REQUIRED[verb]:
        assert f"countersign_{verb}_{name}" in played.output


def test_variable_of_a_wrong_type_stops_the_role(player, source):
    played = player.role("countersign-verify", verifying(source) | {
        "countersign_verify_mode": "trusting"})
    assert not played.ok
    assert "countersign_verify_mode" in played.output
    assert not played.ran("Verify the signed release")

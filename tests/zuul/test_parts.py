"""Roles in jobs of others' making, and the daily check."""

import json

from people import ONLY, PARTS
from rig import run
from test_release import GIT

MADE = ["hello-1.0-image.tar", "hello-1.0-py3-none-any.whl",
        "hello-1.0.tar.gz"]


@GIT
def test_job_that_only_validates(zuul):
    buildset = zuul.tag("v1.0", ONLY)
    assert buildset.result == "SUCCESS", str(buildset)
    verdict = json.loads(
        buildset.file("example-validate", "verdict.json").read_text())
    assert verdict["outcome"] == "ok"
    assert verdict["result"]["project"] == ONLY
    assert zuul.in_site(ONLY) == []


@GIT
def test_image_and_wheel_beside_an_sdist(zuul):
    """Explained by two presets and a second build, signed in one go."""
    buildset = zuul.tag("v1.0", PARTS)
    assert buildset.result == "SUCCESS", str(buildset)
    folder = buildset.file("parts-release", "signed")
    run(zuul.trusted / "bin/countersign", "verify", "--keyring",
        zuul.trusted / "keyring", folder)
    people = zuul.people["other"]
    people.gpg("--import", input=zuul.people["signer"].certificate())
    for name in MADE:
        people.gpg("--verify", folder / f"{name}.asc", folder / name)
    record = (folder / "hello-1.0-image.tar.validation.yaml").read_text()
    assert "second-build" in record


def key_check(zuul, number):
    """The daily job, now."""
    head = run("git", "rev-parse", "master", cwd=zuul.repository("config"),
               env={"GIT_CONFIG_COUNT": "1", "PATH": "/usr/bin",
                    "GIT_CONFIG_KEY_0": "safe.directory",
                    "GIT_CONFIG_VALUE_0": "*"}).stdout.decode().strip()
    zuul.enqueue("config", "refs/heads/master", head, "periodic")
    return zuul.finished("config", "refs/heads/master", number)


@GIT
def test_daily_check_of_the_key(zuul):
    buildset = key_check(zuul, 1)
    assert buildset.result == "SUCCESS", str(buildset)
    # The certificate that readers get is not that of the subkey.
    (zuul.logs / "keys/release.asc").write_bytes(
        zuul.people["other"].certificate())
    buildset = key_check(zuul, 2)
    assert buildset.result == "FAILURE", str(buildset)
    assert "countersign key-check: error wrong-signer" in (
        buildset.document["message"]), str(buildset)

"""Releases through a real Zuul: who may make them, and when."""

import pytest
from people import PROJECT
from rig import run

BOTH = pytest.mark.parametrize("zuul", ["git", "gitlab"], indirect=True)
GIT = pytest.mark.parametrize("zuul", ["git"], indirect=True)
GITLAB = pytest.mark.parametrize("zuul", ["gitlab"], indirect=True)

SIGNING = "countersign-sign : Validate and sign the release]"


def files(version):
    name = f"hello-{version}"
    return sorted([
        f"{name}.tar.gz", f"{name}.tar.gz.asc",
        f"{name}.tar.gz.validation.yaml", f"{name}.SHA256SUMS",
        f"{name}.SHA256SUMS.asc"])


def published(zuul, version):
    return [name for name in zuul.in_site(PROJECT)
            if name.startswith(f"hello-{version}.")]


def refused(zuul, version, *shown, job="example-release"):
    """The tag led to nothing, and a person is told why."""
    buildset = zuul.tag(version)
    assert buildset.result == "FAILURE", str(buildset)
    results = buildset.results()
    assert results["hello-build"] == "SUCCESS", str(buildset)
    assert results["example-publish"] == "SKIPPED", str(buildset)
    assert results["example-release"] in ("FAILURE", "RETRY_LIMIT")
    output = " ".join(buildset.output(job).split())
    for text in shown:
        assert text in output, str(buildset)
    assert published(zuul, version.lstrip("v")) == []
    assert SIGNING not in output
    return buildset


@BOTH
def test_good_release_is_published_and_anyone_can_verify_it(zuul):
    buildset = zuul.tag("v1.0")
    assert buildset.result == "SUCCESS", str(buildset)
    site = zuul.site / PROJECT
    assert published(zuul, "1.0") == files("1.0")
    artifact = site / "hello-1.0.tar.gz"
    run(zuul.trusted / "bin/countersign", "verify", "--keyring",
        zuul.trusted / "keyring", artifact)
    zuul.people["tagger"].gpg("--import",
                              input=zuul.people["signer"].certificate())
    zuul.people["tagger"].gpg("--verify", f"{artifact}.asc", artifact)


@BOTH
def test_page_of_the_build_links_verdict_and_files(zuul):
    buildset = zuul.tag("v1.0")
    artifacts = {one["name"]: one["url"] for one in
                 buildset.builds["example-release"]["artifacts"]}
    assert set(artifacts) == {*files("1.0"), "Release validation"}
    assert artifacts["Release validation"].endswith("/countersign.html")
    assert "explained</h1>" in buildset.file(
        "example-release", "countersign.html").read_text()


@GITLAB
def test_good_release_of_a_stable_branch(zuul):
    buildset = zuul.tag("v0.9.1")
    assert buildset.result == "SUCCESS", str(buildset)
    assert published(zuul, "0.9.1") == files("0.9.1")


@BOTH
def test_unsigned_tag(zuul):
    refused(zuul, "v1.1", "tag-not-signed")


@GIT
def test_lightweight_tag(zuul):
    refused(zuul, "v1.2", "tag-not-annotated")


@GIT
def test_tag_signed_by_a_stranger(zuul):
    refused(zuul, "v1.3", "unknown-signer")


@GIT
def test_tag_signed_by_a_vetted_person_of_another_project(zuul):
    refused(zuul, "v1.4", "signer-not-allowed")


@GIT
def test_tag_signed_by_an_expired_key(zuul):
    """Dated back to when the key was alive: who has an old key can do so."""
    refused(zuul, "v1.8", "expired")


@GIT
def test_tag_signed_with_an_ssh_key(zuul):
    refused(zuul, "v1.5", "ssh-unknown-key")


@GIT
def test_signed_tag_on_a_commit_of_no_branch(zuul):
    refused(zuul, "v1.6", "commit-not-on-branch")


@GIT
def test_tag_that_the_policys_template_does_not_fit(zuul):
    refused(zuul, "1.7", "tag-not-a-release")


@GIT
def test_second_event_of_an_annotated_tag_starts_nothing(zuul):
    zuul.tag("v1.0")
    assert zuul.buildsets(PROJECT, "refs/tags/v1.0^{}") == []
    assert len(zuul.buildsets(PROJECT, "refs/tags/v1.0")) == 1


@GIT
def test_warnings_tell_the_finding_on_the_page_of_the_build(zuul):
    buildset = zuul.tag("v1.1")
    assert ("countersign validate: error tag-not-signed"
            in buildset.document["message"])

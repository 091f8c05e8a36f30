"""Projects that attack the release from their build and their own stanzas."""

import pytest
from attacks import KEYS
from people import KEYS as KEYS_PROJECT
from people import PROJECT
from rig import LogServer, run
from test_release import (
    GIT, GITLAB, SIGNING, files, published, refused)


# The build job

def honest(zuul, version):
    """The release went through, with the right bytes and nothing else."""
    buildset = zuul.tag(f"v{version}")
    assert buildset.result == "SUCCESS", str(buildset)
    assert published(zuul, version) == files(version)
    run(zuul.trusted / "bin/countersign", "verify", "--keyring",
        zuul.trusted / "keyring", zuul.site / PROJECT / files(version)[2])
    return buildset


@GIT
def test_what_a_build_leaves_behind_and_returns_changes_nothing(zuul):
    """Settings of git and gpg, changed refs, a value for every variable of
    every role, a lying manifest, other files, odd names."""
    honest(zuul, "2.0")
    assert not list(zuul.logs.glob("trap*"))
    names = {path.name for path in zuul.site.rglob("*")}
    assert not [name for name in names if "evil" in name or "name" in name]


@GIT
def test_artifact_whose_url_changes_is_fetched_once(zuul):
    honest(zuul, "2.0")
    times = [count for path, count in LogServer.asked.items()
             if path.endswith("/dist/fickle/hello-2.0.tar.gz")]
    assert times == [1]


@GIT
def test_changed_file(zuul):
    refused(zuul, "v2.1", "modified-file", "hello.c")


@GIT
def test_extra_file_in_the_archive(zuul):
    refused(zuul, "v2.2", "unexplained-file", "evil.c")


@GIT
def test_build_that_made_nothing(zuul):
    refused(zuul, "v2.3", "must be offered exactly once")


@GIT
def test_odd_names_and_links_in_the_archive(zuul):
    refused(zuul, "v2.4", "countersign validate: rejected")
    assert not (zuul.folder / "evil").exists()


@GIT
def test_artifact_that_is_a_link(zuul):
    buildset = refused(zuul, "v2.5", "hello-2.5.tar.gz could not be fetched")
    assert "root:x:" not in buildset.output("example-release")


@GIT
def test_artifact_over_the_limit(zuul):
    refused(zuul, "v2.6", "it has more than 1000000 bytes")


@GIT
def test_returned_variables_of_ansible_itself(zuul):
    """Without the job's own values they run a program in trusted builds."""
    buildset = zuul.tag("v2.7")
    assert not list(zuul.logs.glob("trap*")), str(buildset)
    honest(zuul, "2.7")


@GIT
def test_artifact_whose_name_is_a_template(zuul):
    """Zuul hands it to Ansible as it is, which renders it in every playbook
    of the build, with the key in reach."""
    buildset = zuul.tag("v2.8")
    assert not list(zuul.logs.glob("trap*")), str(buildset)
    assert buildset.results() == {
        "hello-build": "SUCCESS", "example-release": "RETRY_LIMIT",
        "example-publish": "SKIPPED"}, str(buildset)
    assert "template-in-variables" in buildset.document["message"]
    assert published(zuul, "2.8") == []


# The project's own stanza

def nothing_published(zuul, name):
    assert zuul.in_site(f"example/{name}") == []


@GITLAB
def test_emptied_dependencies(zuul):
    buildset = zuul.tag("v1.0", "example/dependencies")
    assert buildset.result == "FAILURE", str(buildset)
    assert SIGNING not in buildset.output("example-release")
    nothing_published(zuul, "dependencies")


@GITLAB
def test_release_job_in_a_pipeline_that_nobody_reviews(zuul):
    buildset = zuul.tag("check-1", "example/check")
    assert buildset.result == "CONFIG_ERROR", str(buildset)
    assert "post-review" in buildset.document["message"]


@GITLAB
def test_shadowed_job(zuul):
    errors = [error for error in zuul.config_errors()
              if "example/shadow" in str(error)]
    assert errors
    assert "not permitted to shadow" in str(errors), errors
    nothing_published(zuul, "shadow")


@GITLAB
def test_inherited_job(zuul):
    buildset = zuul.tag("v1.0", "example/inherit")
    assert buildset.result == "CONFIG_ERROR", str(buildset)
    assert "final" in buildset.document["message"]
    nothing_published(zuul, "inherit")


@GITLAB
def test_varied_job(zuul):
    buildset = zuul.tag("v1.0", "example/vary")
    assert buildset.result == "CONFIG_ERROR", str(buildset)
    assert "final" in buildset.document["message"]
    nothing_published(zuul, "vary")


@GITLAB
def test_variables_for_all_jobs_of_the_project(zuul):
    """For our jobs they count less than what the jobs set."""
    buildset = zuul.tag("v1.0", "example/variables")
    assert not list(zuul.logs.glob("trap*")), str(buildset)
    assert buildset.result == "SUCCESS", str(buildset)
    assert "SHA256SUMS.asc" in " ".join(zuul.in_site("example/variables"))


@GITLAB
def test_variables_of_ansible_in_a_job_of_the_project(zuul):
    """The base job's playbooks are trusted and run in its builds, too."""
    buildset = zuul.tag("check-1", "example/become")
    assert buildset.result == "SUCCESS", str(buildset)
    assert not list(zuul.logs.glob("trap*")), str(buildset)


@GITLAB
def test_template_between_two_jobs_of_the_project(zuul):
    """The base job's playbooks are trusted there, too."""
    buildset = zuul.tag("check-1", "example/chain")
    assert not list(zuul.logs.glob("trap*")), str(buildset)
    assert buildset.results()["returning"] == "SUCCESS", str(buildset)
    assert buildset.results()["depending"] == "POST_FAILURE", str(buildset)
    assert "template-in-variables" in buildset.document["message"]


# The key

SAYS = {
    "expired": "subkey-expired",
    "revoked": "subkey-",
    "wrong": "wrong-signer",
    "primary": "primary-secret-present",
    "empty": "",  # the log is dropped with it
}


@GIT
@pytest.mark.parametrize("kind", KEYS)
def test_bad_key(zuul, kind):
    buildset = zuul.tag("v1.0", KEYS_PROJECT)
    # Zuul finds an empty secret in every output.
    assert buildset.results()[f"keys-{kind}"] == (
        "SECRET_EXPOSURE" if kind == "empty" else "FAILURE"), str(buildset)
    assert SAYS[kind] in buildset.output(f"keys-{kind}"), str(buildset)
    assert not buildset.file(f"keys-{kind}", "release").exists()
    assert zuul.in_site(KEYS_PROJECT) == []

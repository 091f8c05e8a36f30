"""Releases through a real Zuul."""

from people import PROJECT
from rig import run


def test_good_release_is_published_and_anyone_can_verify_it(zuul, hello):
    hello.tag("v1.0")
    buildset = zuul.finished(PROJECT, "refs/tags/v1.0")
    assert buildset.result == "SUCCESS", str(buildset)
    site = zuul.site / PROJECT
    artifact = site / "hello-1.0.tar.gz"
    run(zuul.trusted / "bin/countersign", "verify", "--keyring",
        zuul.trusted / "keyring", artifact)
    zuul.people["tagger"].gpg("--import",
                              input=zuul.people["signer"].certificate())
    zuul.people["tagger"].gpg("--verify", f"{artifact}.asc", artifact)
    page, = [one for one in buildset.builds["example-release"]["artifacts"]
             if one["name"] == "Release validation"]
    assert "explained</h1>" in buildset.file(
        "example-release", "countersign.html").read_text()
    assert page["url"].endswith("/countersign.html")

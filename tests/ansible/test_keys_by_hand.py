"""playbooks/keys/rotate.yaml: a new release key, with people in between."""

import pathlib
import re
import subprocess

import pytest
import yaml
from rig import run, snapshot

PASSPHRASE = "correct horse battery staple"
OTHER = "only for the signing machine"


class Ceremony:
    def __init__(self, player, binary, folder):
        self.player, self.binary, self.folder = player, binary, folder
        for name in ("previous", "ceremony", "site"):
            (folder / name).mkdir()
        self.person("generate", "--user-id=Before <r@example.org>",
                    "--expires=2099-01-01", f"--output-dir={folder}/previous")
        previous, = (folder / "previous").glob("*.secret.asc")
        self.variables = {f"countersign_keys_{name}": str(value)
                          for name, value in {
            "folder": folder / "ceremony", "site": folder / "site",
            "user_id": "Next <r@example.org>", "expires": "2099-06-01",
            "subkey_expires": "2099-01-01", "previous": previous}.items()}
        self.variables["countersign_executable"] = str(binary)

    def person(self, *arguments, second=OTHER):
        """Types a command, and the passphrases that it asks for."""
        (self.folder / "pass").write_text(PASSPHRASE + "\n")
        (self.folder / "other").write_text(second + "\n")
        more = (["--export-passphrase-fd=4"]
                if "export-subkey" in arguments else [])
        return run("sh", "-c", 'exec "$0" "$@" 3<pass 4<other', self.binary,
                   "key", *arguments, "--passphrase-fd=3", *more,
                   cwd=self.folder)

    def play(self, *arguments):
        path = self.folder / "keys.yaml"
        path.write_text(yaml.safe_dump(self.variables))
        return self.player.play("playbooks/keys/rotate.yaml", "-e",
                                f"@{path}", *arguments)

    def wanted(self, played):
        """The command that the playbook asks a person to type."""
        flat = " ".join(played.output.split())
        line = re.search(r"is not there\. Run (.*?) in a terminal", flat)[1]
        words = subprocess.run(
            ["sh", "-c", f"printf '%s\\n' {line}"], capture_output=True,
            check=True, text=True).stdout.splitlines()
        return words[2:]


@pytest.fixture
def ceremony(player, binary, tmp_path):
    return Ceremony(player, binary, tmp_path)


def test_each_step_is_asked_for_and_the_end_is_checked(ceremony):
    site = ceremony.folder / "site"
    for verb in ("generate", "certify", "export-subkey"):
        played = ceremony.play()
        assert not played.ok
        assert snapshot(site) == {}
        typed = ceremony.wanted(played)
        assert typed[0] == verb
        ceremony.person(*typed)
    assert ceremony.play("--check").ok
    assert snapshot(site) == {}
    played = ceremony.play()
    assert played.ok
    assert "The new release key is" in played.output
    assert sorted(path.suffix for path in site.iterdir()) == [
        ".asc", ".txt", ".yaml"]
    for secret in (PASSPHRASE, OTHER, "PRIVATE KEY"):
        assert secret not in played.output
    again = ceremony.play()
    assert again.ok
    assert again.changed == 0


def test_missing_variable_is_named(ceremony):
    del ceremony.variables["countersign_keys_user_id"]
    played = ceremony.play()
    assert not played.ok
    assert "countersign_keys_user_id" in played.output


def test_certificate_of_another_key_is_not_published(ceremony):
    """A rotation that names the new key and publishes the old one."""
    for _ in range(3):
        ceremony.person(*ceremony.wanted(ceremony.play()))
    place = ceremony.folder / "ceremony"
    name = next((place / "born").glob("*.secret.asc")).name.partition(".")[0]
    previous = ceremony.variables["countersign_keys_previous"]
    (place / "certified" / f"{name}.asc").write_text(pathlib.Path(
        previous.replace(".secret.asc", ".asc")).read_text())
    played = ceremony.play()
    assert not played.ok
    assert "wrong-certificate" in played.output
    assert snapshot(ceremony.folder / "site") == {}

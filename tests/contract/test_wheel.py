"""Wheels that the real setuptools and pbr make, and one attack at a time on
each. The attacker rewrites RECORD, as a worker that makes the wheel can.
"""

import base64
import dataclasses
import hashlib
import pathlib
import subprocess
import sys
import zipfile

import pytest
import yaml
from contract_world import AT, find_helper
from test_pbr import environment, git

INFO = "demo-1.0.0.dist-info"
CODE = {
    "demo/__init__.py": "",
    "demo/cli.py": "def main():\n    pass\n",
    "demo/version.py": "TLS = True\n",
    "other/__init__.py": "x = 1\n",
    "packaging/demo.spec": "x\n",
    "sitecustomize.py": "print('at every start')\n",
    "README.md": "# Demo\n",
}
SETUPTOOLS = {
    "pyproject.toml": """\
[build-system]
requires = ["setuptools"]
build-backend = "setuptools.build_meta"
[project]
name = "demo"
version = "1.0.0"
readme = "README.md"
dependencies = ["idna>=3; python_version >= '3.8'"]
[project.scripts]
demo = "demo.cli:main"
[project.optional-dependencies]
a = ["certifi"]
all = ["demo[a]>=1.0"]
[tool.setuptools]
packages = ["demo"]
""",
}
PBR = {
    "pyproject.toml": '[build-system]\nrequires = ["pbr", "setuptools"]\n'
                      'build-backend = "pbr.build"\n',
    "setup.py": "import setuptools\nsetuptools.setup(pbr=True)\n",
    "setup.cfg": "[metadata]\nname = demo\ndescription_file = README.md\n"
                 "description_content_type = text/markdown\n"
                 "[files]\npackages = demo\n"
                 "[entry_points]\nconsole_scripts =\n"
                 "    demo = demo.cli:main\n",
    "requirements.txt": "idna>=3;python_version>='3.8'\n",
}
TEMPLATE = (pathlib.Path(__file__).resolve().parents[2]
            / "src/evidence/python/templates/hatchling.txt")
VERSION = (TEMPLATE.read_text().replace("{version!r}", "'1.0.0'")
           .replace("{version_tuple!r}", "(1, 0, 0)")
           .replace("{version}", "1.0.0"))


@dataclasses.dataclass
class Wheel:
    """A repository with a tag, and the wheel that was made of it."""

    repository: pathlib.Path
    artifact: pathlib.Path

    def files(self):
        with zipfile.ZipFile(self.artifact) as archive:
            return {name: archive.read(name).decode()
                    for name in archive.namelist()}

    def write(self, files):
        files.pop(f"{INFO}/RECORD", None)
        lines = []
        for name, content in files.items():
            digest = hashlib.sha256(content.encode()).digest()
            digest = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
            lines.append(f"{name},sha256={digest},{len(content.encode())}\n")
        files[f"{INFO}/RECORD"] = "".join(lines) + f"{INFO}/RECORD,,\n"
        with zipfile.ZipFile(self.artifact, "w") as archive:
            for name, content in files.items():
                member = zipfile.ZipInfo(name)
                member.external_attr = 0o100644 << 16
                archive.writestr(member, content)

    def findings(self):
        done = subprocess.run(
            [find_helper(), "compare", "--quiet",
             "--repository", self.repository, "--tag", "1.0.0",
             "--artifact", self.artifact, "--preset", "python-wheel@1",
             "--at", AT], capture_output=True, check=False)
        findings = yaml.safe_load(done.stdout)["findings"]
        assert done.returncode == int(bool(findings)), findings
        return [(finding["code"], finding["subject"]) for finding in findings]


def built(folder, backend, project):
    (folder / "demo").mkdir()
    git(folder, "init", "-q", "-b", "main")
    for name, content in (CODE | project).items():
        path = folder / "demo" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(content)
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "one")
    git(folder, "tag", "-a", "-m", "t", "1.0.0")
    script = f"import {backend} as b; b.build_wheel({str(folder)!r})"
    subprocess.run([sys.executable, "-c", script], check=True,
                   cwd=folder / "demo", capture_output=True,
                   env=environment(folder))
    [artifact] = folder.glob("*.whl")
    return Wheel(folder / "demo/.git", artifact)


BACKENDS = pytest.mark.parametrize("backend, project", [
    ("setuptools.build_meta", SETUPTOOLS), ("pbr.build", PBR)],
    ids=["setuptools", "pbr"])


@BACKENDS
def test_an_honest_wheel_is_accepted(tmp_path, backend, project):
    wheel = built(tmp_path, backend, project)
    assert wheel.findings() == []
    wheel.write(wheel.files())
    assert wheel.findings() == [], "packed again"


def edited(name, old, new):
    def edit(files):
        assert old in files[name]
        files[name] = files[name].replace(old, new, 1)
    return edit


def added(name, content):
    return lambda files: files.update({name: content})


def without(keep):
    def drop(files):
        for name in [name for name in files if not keep(name)]:
            del files[name]
    return drop


def another_package(files):
    without(lambda name: name.startswith(INFO))(files)
    files["other/__init__.py"] = CODE["other/__init__.py"]


def dropped_condition(files):
    name = f"{INFO}/METADATA"
    [line] = [line for line in files[name].splitlines()
              if line.startswith("Requires-Dist: idna")]
    files[name] = files[name].replace(line, line.split(";")[0])


def dropped_dependency(files):
    name = f"{INFO}/METADATA"
    files[name] = "".join(line for line in files[name].splitlines(True)
                          if not line.startswith("Requires-Dist: idna"))


POINTS = f"{INFO}/entry_points.txt"
ATTACKS = {
    "a blank splits an entry point": (
        edited(POINTS, ":main", ":ma in"), "undecided-file", POINTS),
    "blanks in the heading of a group": (
        edited(POINTS, "[console_scripts]", "[ console_scripts ]"),
        "evidence-mismatch", POINTS),
    "entry points are gone": (
        without(lambda name: name != POINTS),
        "evidence-mismatch", f"{INFO}/RECORD"),
    "a module of git becomes a version file": (
        added("demo/version.py", VERSION), "modified-file", "demo/version.py"),
    "a version file in the project's package": (
        added("demo/_version.py", VERSION),
        "unexplained-file", "demo/_version.py"),
    "a version file in another project's package": (
        added("packaging/version.py", VERSION),
        "unexplained-file", "packaging/version.py"),
    "no code": (
        without(lambda name: name.startswith(INFO)),
        "evidence-mismatch", f"{INFO}/RECORD"),
    "another package of git": (
        another_package, "evidence-mismatch", f"{INFO}/RECORD"),
    "sitecustomize.py of git": (
        added("sitecustomize.py", CODE["sitecustomize.py"]),
        "evidence-mismatch", f"{INFO}/WHEEL"),
    "a dependency without its condition": (
        dropped_condition, "evidence-mismatch", f"{INFO}/METADATA"),
    "no dependency that has a condition": (
        dropped_dependency, "evidence-mismatch", f"{INFO}/METADATA"),
    "another type of description": (
        edited(f"{INFO}/METADATA", "text/markdown", "text/x-rst"),
        "evidence-mismatch", f"{INFO}/METADATA"),
    "a parameter of the description's type": (
        edited(f"{INFO}/METADATA", "text/markdown", "text/markdown; x=1"),
        "undecided-file", f"{INFO}/METADATA"),
}


@BACKENDS
def test_an_attack_on_a_wheel_is_refused(tmp_path, backend, project):
    wheel = built(tmp_path, backend, project)
    honest = wheel.files()
    for name, (attack, code, subject) in ATTACKS.items():
        files = dict(honest)
        attack(files)
        wheel.write(files)
        assert (code, subject) in wheel.findings(), name

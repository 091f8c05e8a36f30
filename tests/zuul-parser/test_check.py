"""Zuul's parser accepts our jobs, and the check is able to refuse."""

import pathlib
import subprocess

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
GOOD = """
- job:
    name: example
    description: An example.
    run: playbooks/countersign-release/run.yaml
    nodeset:
      nodes: []
"""


def check(*paths):
    """Zuul has an environment of its own, made by tests/setup."""
    return subprocess.run(
        [REPOSITORY / ".venv-zuul/bin/python",
         REPOSITORY / "tests/zuul-parser/check.py", *paths],
        capture_output=True, text=True, check=False)


def test_our_jobs_are_accepted():
    done = check()
    assert (done.returncode, done.stderr) == (0, "")
    assert "countersign-release" in done.stdout
    assert "countersign-test-ensure-countersign" in done.stdout


def test_good_stanza_is_accepted(tmp_path):
    path = tmp_path / "jobs.yaml"
    path.write_text(GOOD)
    done = check(path)
    assert (done.returncode, done.stderr) == (0, "")


BROKEN = {
    "unknown-key": (GOOD + "    post-reviw: true\n", "post-reviw"),
    "wrong-type": (GOOD + "    final: 3\n", "final"),
    "unknown-stanza": (GOOD + "- jab: {name: other}\n", "jab"),
    "not-yaml": (GOOD + "   - [\n", "while parsing"),
    "no-such-playbook": (GOOD.replace("run.yaml", "nun.yaml"), "nun.yaml"),
    "empty": ("---\n", "no job"),
}


def test_broken_stanzas_are_refused(tmp_path):
    paths = []
    for name, (text, _) in BROKEN.items():
        paths.append(tmp_path / f"{name}.yaml")
        paths[-1].write_text(text)
    done = check(*paths)
    assert done.returncode == 1
    for name, (_, why) in BROKEN.items():
        _, _, fault = done.stderr.partition(f"{name}.yaml: ")
        assert why in fault.partition(str(tmp_path))[0], name


def test_one_fault_is_enough(tmp_path):
    good, bad = tmp_path / "good.yaml", tmp_path / "bad.yaml"
    good.write_text(GOOD)
    bad.write_text(BROKEN["unknown-key"][0])
    done = check(bad, good)
    assert done.returncode == 1
    assert done.stderr.startswith(f"{bad}: ")

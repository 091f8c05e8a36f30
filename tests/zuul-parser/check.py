"""Read Zuul configuration with Zuul's own parser, without a running Zuul.

    .venv-zuul/bin/python tests/zuul-parser/check.py [FILE ...]

Without arguments: every file of zuul.d and zuul-tests.d. Finds what is wrong in a stanza by
itself: unknown keys, wrong types, a playbook that does not exist. Names that
live in other repositories are not looked up. Exit code 1 if there is a fault.
"""

import configparser
import itertools
import pathlib
import sys
import types
import unittest.mock

from zuul import configloader, model
from zuul.driver.bubblewrap import BubblewrapDriver
from zuul.lib.ansible import AnsibleManager
from zuul.lib.connections import ConnectionRegistry

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
CONNECTION = "check"


def connections():
    """One connection that is never used, for the parser to resolve names."""
    config = configparser.ConfigParser()
    config.read_dict({f"connection {CONNECTION}": {
        "driver": "git", "baseurl": "file:///nonexistent"}})
    # The registry makes all drivers; this one would run bwrap.
    with unittest.mock.patch.object(
            BubblewrapDriver, "_parse_bwrap_version", return_value=(0, 8, 0)):
        registry = ConnectionRegistry()
    registry.configure(config, sources=True)
    return registry


def parse(path):
    """The parsed configuration of one file, and its faults as texts."""
    # The limits are the scheduler's defaults (zuul.conf).
    limits = types.SimpleNamespace(
        max_hold_expiration=0, default_hold_expiration=0)
    context = configloader.ParseContext(
        connections(), limits, None, AnsibleManager())
    source = model.SourceContext(
        "check/countersign", "countersign", CONNECTION, "main", str(path))
    loader = configloader.TenantParser(
        context.connections, None, None, None, None, limits, None, None)
    parsed = loader.loadProjectYAML(path.read_text(), source, context)
    errors = itertools.chain(context.error_list, *(
        value for name, value in vars(parsed).items()
        if name.endswith("_errors")))
    return parsed, [error.error for error in errors]


def missing_playbooks(parsed):
    for job in parsed.jobs:
        for playbook in (*job.pre_run, *job.run, *job.post_run):
            if not (REPOSITORY / playbook.path).is_file():
                yield f"job {job.name}: there is no {playbook.path}"


def main(arguments):
    paths = [pathlib.Path(name) for name in arguments]
    paths = paths or sorted(REPOSITORY.glob("zuul*.d/*.yaml"))
    if not paths:
        print("nothing to check", file=sys.stderr)
        return 1
    broken = False
    for path in paths:
        parsed, faults = parse(path)
        faults += missing_playbooks(parsed)
        if not faults and not parsed.jobs:
            faults.append("no job in it")
        for fault in faults:
            print(f"{path}: {fault}", file=sys.stderr)
        broken = broken or bool(faults)
        print(f"{path}: {', '.join(job.name for job in parsed.jobs)}")
    return int(broken)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

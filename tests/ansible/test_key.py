"""The signing key is in no file, argument, environment or log while it signs.

Every write and every started program is recorded with strace, so that a file
is seen even if it lives for a moment only. A control shows for each way out
that the search finds the key there.
"""

import base64
import os
import re
import shutil
import socket
import threading

import pytest
import yaml
from rig import ARTIFACT, PROJECT, TAG, Person, key_file, prefixed

CALLS = "execve,execveat,write,writev,pwrite64,pwritev,sendto,sendmsg,sendmmsg"


def packets(data):
    """OpenPGP packets of old format, which is what gpg exports."""
    at = 0
    while at < len(data):
        size = 1 << (data[at] & 3)
        length = int.from_bytes(data[at + 1:at + 1 + size], "big")
        at += 1 + size
        yield (data[at - 1 - size] >> 2) & 15, data[at:at + length]
        at += length


def secrets(person: Person):
    """Texts that give the key away: of its armour and of its raw bytes."""
    public = person.certificate().decode().splitlines()
    armour = [line for line in person.secret_subkey().decode().splitlines()
              if len(line) > 30 and ":" not in line and "-" not in line
              and line not in public]
    body, = (body for tag, body in packets(person.secret_subkey(armor=False))
             if tag == 7)
    # The last number of the packet, before a checksum of two bytes. Its
    # first bytes are left out: leading zeros are not stored.
    raw = body[-32:-2]
    assert len(armour) > 3
    assert raw not in base64.b64decode("".join(public[2:-2]))
    return [raw, raw.hex().encode(), raw.hex().upper().encode(),
            *(line.encode() for line in armour)]


def escaped(text):
    """As strace -xx writes it."""
    return "".join(f"\\x{byte:02x}" for byte in text).encode()


@pytest.fixture
def system_log():
    """Collects what is sent to the system log, where nobody else does."""
    lines = []
    if os.path.exists("/dev/log") or not os.access("/dev", os.W_OK):
        yield lines
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as log:
        log.bind("/dev/log")
        os.chmod("/dev/log", 0o666)
        log.settimeout(0.2)
        done = threading.Event()

        def collect():
            while not done.is_set():
                try:
                    lines.append(log.recv(1 << 20))
                except TimeoutError:
                    pass
        thread = threading.Thread(target=collect)
        thread.start()
        try:
            yield lines
        finally:
            done.set()
            thread.join()
            os.unlink("/dev/log")


@pytest.fixture
def traced(player, system_log, tmp_path, tmp_path_factory, world):
    """Runs a playbook under strace; tells the ways that the key took."""
    needles = secrets(world.signer)
    trace = tmp_path_factory.mktemp("trace") / "trace"

    def play(*arguments, **environment):
        played = player.play(
            *arguments, "-vvvvv", ANSIBLE_LOG_PATH=str(tmp_path / "log"),
            prefix=["strace", "-f", "-qq", "-yy", "-v", "-xx", "-s",
                    "1000000", "-e", f"trace={CALLS}", "-o", trace],
            **environment)
        ways = set()
        shown = [escaped(needle) for needle in needles]
        for line in trace.read_bytes().splitlines():
            if any(needle in line for needle in shown):
                ways.add(way(line))
        for path in tmp_path.rglob("*"):
            if path.is_file() and found(needles, path.read_bytes()):
                ways.add("left in a file")
        if found(needles, played.output.encode()):
            ways.add("shown")
        if found(needles, b"".join(system_log)):
            ways.add("system log")
        return played, ways
    return play


def found(needles, data):
    return any(needle in data for needle in needles)


def way(line):
    """What a traced call did with the key: started a program with it, or
    wrote it to a pipe, a socket or a file."""
    call, target = re.match(
        rb"\d+ +(\w+)\((?:\d+<(.*?)>[,(])?", line).groups()
    if call.startswith(b"exec"):
        return "process list"
    target = re.sub(rb"\\x(..)", lambda byte: bytes.fromhex(byte[1].decode()),
                    target or b"")
    return target.partition(b":[")[0].decode() if b":[" in target else "file"


@pytest.fixture
def key(tmp_path_factory, world):
    return key_file(tmp_path_factory.mktemp("key"),
                    world.signer.secret_subkey())


def playbook(folder, *tasks):
    path = folder / "playbook.yaml"
    path.write_text(yaml.safe_dump([{
        "hosts": "localhost", "connection": "local", "gather_facts": False,
        "tasks": list(tasks)}]))
    return path


def stdin_task(key, **more):
    return {"ansible.builtin.command": {
        "argv": ["cat", "/dev/null"],
        "stdin": "{{ lookup('ansible.builtin.file', '%s') }}" % key}, **more}


PIPES = {"pipe"}
CONTROLS = {
    # Way out: task, environment.
    "file": (lambda key: stdin_task(
        key, no_log=True, vars={"ansible_pipelining": False}), {}),
    "left in a file": (lambda key: stdin_task(key, no_log=True),
                       {"ANSIBLE_KEEP_REMOTE_FILES": "1"}),
    "process list": (lambda key: {
        "ansible.builtin.command": {"argv": ["true"]},
        "environment": {
            "KEY": "{{ lookup('ansible.builtin.file', '%s') }}" % key},
        "no_log": True}, {}),
    "shown": (lambda key: stdin_task(key), {}),
    "shown although no_log": (lambda key: stdin_task(key, no_log=True),
                              {"ANSIBLE_DEBUG": "1"}),
}


@pytest.mark.parametrize("expected", CONTROLS)
def test_the_search_finds_a_key_that_got_out(
        traced, tmp_path, key, expected):
    task, environment = CONTROLS[expected]
    played, ways = traced(playbook(tmp_path, task(key)), **environment)
    assert played.ok
    assert expected.partition(" although")[0] in ways


def test_the_search_finds_a_key_in_the_system_log(
        traced, tmp_path, key, system_log):
    if not os.path.exists("/dev/log"):
        pytest.skip("no system log, and no right to stand in for one")
    _, ways = traced(playbook(tmp_path, stdin_task(key)))
    assert "system log" in ways


@pytest.fixture
def by_hand(traced, world, dist, key, binary, tmp_path):
    (tmp_path / "site").mkdir()
    variables = {f"countersign_release_{name}": str(value)
                 for name, value in {
        "project": PROJECT, "repository": world.project.path, "tag": TAG,
        "artifacts_dir": dist, "policy": world.policy,
        "keyring": world.keyring, "site": tmp_path / "site"}.items()}
    variables["countersign_release_key_command"] = ["cat", str(key)]
    variables["countersign_executable"] = str(binary)
    path = tmp_path / "variables.yaml"
    path.write_text(yaml.safe_dump(variables))

    def play(**environment):
        return traced("playbooks/release.yaml", "-e", f"@{path}",
                      **environment)
    return play


def test_a_release_by_hand_lets_the_key_out_nowhere(by_hand, tmp_path):
    played, ways = by_hand()
    assert played.ok
    assert (tmp_path / "site" / PROJECT / f"{ARTIFACT}.asc").is_file()
    # The key did travel, and by pipes only.
    assert ways == PIPES


@pytest.fixture
def signing(source, key):
    return prefixed("sign", source | {
        "key": "{{ lookup('ansible.builtin.file', '%s') }}" % key})


def test_role_turns_pipelining_on_where_it_is_off(
        traced, tmp_path, signing):
    path = playbook(tmp_path, {
        "ansible.builtin.include_role": {"name": "countersign-sign"},
        "vars": signing})
    played, ways = traced(path, ANSIBLE_PIPELINING="0")
    assert played.ok
    assert ways == PIPES


def test_a_refused_release_lets_the_key_out_nowhere(
        traced, tmp_path, signing, dist):
    (dist / "stray").write_text("not of this release\n")
    path = playbook(tmp_path, {
        "ansible.builtin.include_role": {"name": "countersign-sign"},
        "vars": signing})
    played, ways = traced(path)
    assert not played.ok
    assert "stray" in played.output
    assert ways == PIPES


def test_a_helper_that_does_not_start_lets_the_key_out_nowhere(
        traced, tmp_path, signing):
    path = playbook(tmp_path, {
        "ansible.builtin.include_role": {"name": "countersign-sign"},
        "vars": signing | {"countersign_sign_executable": "/nonexistent"}})
    played, ways = traced(path)
    assert not played.ok
    assert ways <= PIPES


def test_a_key_of_a_wrong_type_is_not_shown(traced, tmp_path, signing, key):
    """A specification's complaint must not quote the value."""
    path = playbook(tmp_path, {
        "ansible.builtin.include_role": {"name": "countersign-sign"},
        "vars": signing | {"countersign_sign_key": [
            signing["countersign_sign_key"]]}})
    played, ways = traced(path)
    assert not played.ok
    assert ways <= PIPES


def test_role_refuses_when_modules_are_kept_on_disk(player, signing):
    played = player.role(
        "countersign-sign", signing, ANSIBLE_KEEP_REMOTE_FILES="1")
    assert not played.ok
    assert "pipelining does not work" in " ".join(played.output.split())
    assert not played.ran("Validate and sign the release")


def test_role_refuses_while_ansible_is_being_debugged(
        traced, tmp_path, signing):
    path = playbook(tmp_path, {
        "ansible.builtin.include_role": {"name": "countersign-sign"},
        "vars": signing})
    played, ways = traced(path, ANSIBLE_DEBUG="1")
    assert not played.ok
    assert "unset ANSIBLE_DEBUG" in " ".join(played.output.split())
    assert ways == set()


def test_release_by_hand_asks_for_no_key_while_ansible_is_being_debugged(
        by_hand, tmp_path):
    played, ways = by_hand(ANSIBLE_DEBUG="1")
    assert not played.ok
    assert "unset ANSIBLE_DEBUG" in " ".join(played.output.split())
    assert ways == set()


def test_role_refuses_when_becoming_another_user_needs_a_file(
        player, signing):
    if os.getuid() != 0 or not shutil.which("su"):
        pytest.skip("needs su without a password")
    played = player.role("countersign-sign", signing, play={
        "become": True, "become_method": "su"})
    assert not played.ok
    assert "pipelining does not work" in " ".join(played.output.split())
    assert not played.ran("Validate and sign the release")

"""Runs commands, and says what they cost."""

import os
import subprocess
import time

NULL = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL,
        "stderr": subprocess.DEVNULL}


class Measured:
    def __init__(self, cpu, wall, peak):
        self.cpu, self.wall, self.peak = cpu, wall, peak


def once(command, **more):
    """CPU and wall seconds of one run, and the peak memory in MB of its
    largest process, which is never told lower than what this program itself
    takes: a child begins with that."""
    shell = isinstance(command, str)
    begin = time.monotonic()
    child = subprocess.Popen(command, shell=shell, **{**NULL, **more})
    _, status, usage = os.wait4(child.pid, 0)
    wall = time.monotonic() - begin
    child.returncode = os.waitstatus_to_exitcode(status)
    return (child.returncode,
            Measured(usage.ru_utime + usage.ru_stime, wall,
                     usage.ru_maxrss / 1024))


def least(runs):
    return Measured(min(r.cpu for r in runs), min(r.wall for r in runs),
                    max(r.peak for r in runs))


def measure(command, rounds, expect=0, before=None, **more):
    runs = []
    for _ in range(rounds):
        if before:
            before()
        code, run = once(command, **more)
        assert expect is None or code == expect, (command, code)
        runs.append(run)
    return least(runs)


def in_turns(commands, rounds, **more):
    """Short commands by name, one after the other in each round, so that a
    busy moment of the machine meets all of them."""
    runs = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            code, run = once(command, **more)
            assert code == 0, (command, code)
            runs[name].append(run)
    return {name: least(runs) for name, runs in runs.items()}


def show(what, ours, peer=None, name="", wanted=""):
    line = f"{what:<44} {ours.cpu:7.2f} s CPU {ours.wall:7.2f} s wall " \
           f"{ours.peak:6.0f} MB"
    if peer:
        line += f"   {ours.cpu / max(peer.cpu, 0.001):6.2f} x {name} " \
                f"({peer.cpu:.2f} s, {peer.peak:.0f} MB)"
    print(line + (f"   wanted: {wanted}" if wanted else ""), flush=True)


def ratio(ours, peer):
    return ours / max(peer, 0.0001)


def against(what, ours, name, peer, wanted=""):
    """How much of a peer's time ours is: below 1 is faster."""
    print(f"  {what}: {ratio(ours.cpu, peer.cpu):.2f} x the CPU, "
          f"{ratio(ours.wall, peer.wall):.2f} x the wall time of {name}"
          + (f"   wanted: {wanted}" if wanted else ""), flush=True)


def faster(what, ours, name, peer, wanted=""):
    """How many times faster ours is than a peer."""
    print(f"  {what}: {ratio(peer.cpu, ours.cpu):.1f} times by CPU, "
          f"{ratio(peer.wall, ours.wall):.1f} times by wall time against "
          f"{name}" + (f"   wanted: {wanted}" if wanted else ""), flush=True)


def tell(what, run):
    """One measured command, in the unit that suits it."""
    unit, factor = ("ms", 1000) if run.wall < 0.1 else ("s ", 1)
    print(f"{what:<44} {run.cpu * factor:7.2f} {unit} CPU "
          f"{run.wall * factor:7.2f} {unit} wall {run.peak:6.0f} MB",
          flush=True)

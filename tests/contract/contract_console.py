"""Runs the commands that a document shows, and compares what they print.

A document's ```console blocks are run in order in one world (see
contract_world.py). `$ ` begins a command; a line that ends with a backslash
goes on. What follows is standard output and standard error as a terminal
shows them. A line `…` stands for any lines. Digests, fingerprints and sizes
of signatures differ from run to run and are not compared.

`<!-- run: COMMAND -->` runs a command that is not shown;
`<!-- world: NAME -->` calls a method of the world;
`<!-- save: FILE -->` puts the next block into a file first.

    COUNTERSIGN_BIN=… python contract_console.py PAGE…

writes into each page what its commands print now.
"""

import pathlib
import re
import subprocess
import sys

BLOCK = re.compile(r"^<!-- run: (?P<run>.*?) -->$"
                   r"|^<!-- world: (?P<world>\w+) -->$"
                   r"|^<!-- save: (?P<save>.*?) -->\n+```\w*\n"
                   r"(?P<content>.*?)^```$"
                   r"|^```console\n(?P<console>.*?)^```$", re.M | re.S)


def commands(block):
    """(command, expected output) of a block, in order."""
    out = []
    lines = iter(block.splitlines(keepends=True))
    for line in lines:
        if not line.startswith("$ "):
            assert out, f"output before the first command: {line}"
            out[-1][1].append(line)
            continue
        command = line[2:]
        while command.endswith("\\\n"):
            command += next(lines)
        out.append((command, []))
    return [(command, "".join(expected)) for command, expected in out]


def shell(world, command):
    done = subprocess.run(["bash", "-c", command], cwd=world.folder,
                          env=world.environment, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          check=False)
    # gpg says that these tests stopped its clock.
    text = re.sub(r"gpg: WARNING: running with faked .*\n", "",
                  done.stdout.decode())
    return text + "\n" if text and not text.endswith("\n") else text


def mask(text):
    text = re.sub(r"\b([0-9a-f]{64}|[0-9a-f]{128}|[0-9a-f]{40})\b", "HEX",
                  text)
    text = re.sub(r"\b([0-9A-F]{40}|[0-9A-F]{16})\b", "FPR", text)
    text = re.sub(r"size: \d+", "size: N", text)
    return re.sub(r"\d+ bytes", "N bytes", text)


def same(expected, found):
    """Whether the output is the expected one, up to what is not compared."""
    parts = mask(expected).split("…\n")
    pattern = "(?s:.*)".join(map(re.escape, parts))
    return re.fullmatch(pattern, mask(found)) is not None


def play(world, text):
    """Runs a page. Yields each shown command with its expected output, what
    it prints, and where the expected output stands in the page."""
    for match in BLOCK.finditer(text):
        if match["run"]:
            shell(world, match["run"])
        elif match["world"]:
            getattr(world, match["world"])()
        elif match["save"]:
            (world.folder / match["save"]).write_text(match["content"])
        else:
            start = match.start("console")
            for command, expected in commands(match["console"]):
                at = text.index(expected, text.index(command, start) + len(
                    command)) if expected else (
                    text.index(command, start) + len(command))
                start = at
                yield command, expected, shell(world, command), at


def update(world, path):
    """All of a page or nothing, so that its digests stay those of one run."""
    text = path.read_text()
    played = list(play(world, text))
    if all(same(expected, found) for _, expected, found, _ in played):
        return False
    for _, expected, found, at in reversed(played):
        # What was left out stays left out.
        if "…\n" not in expected or not same(expected, found):
            text = text[:at] + found + text[at + len(expected):]
    path.write_text(text)
    return True


def main(pages):
    import tempfile

    import contract_world
    with tempfile.TemporaryDirectory(prefix="cs-") as top:
        top = pathlib.Path(top)
        (top / "world").mkdir()
        first = contract_world.World(top / "world", top / "home").make()
        for page in pages:
            world = first.copy(top / pathlib.Path(page).stem)
            print(page, update(world, pathlib.Path(page)))
        subprocess.run(["gpgconf", "--kill", "all"], check=False,
                       env=first.environment)


if __name__ == "__main__":
    main(sys.argv[1:])

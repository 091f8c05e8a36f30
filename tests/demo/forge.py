"""Makes the demo's forgeries: forge.py flip|add ARTIFACT FORGED.

The forged archive is a well-formed one, as an attacker would make it: only
its content tells.
"""

import io
import sys
import tarfile


def main(kind, artifact, forged):
    flipped = False
    with tarfile.open(artifact) as source, tarfile.open(
        forged, "w:gz", format=tarfile.PAX_FORMAT, pax_headers=source.pax_headers
    ) as target:
        for entry in source:
            # tarfile hands the archive's own header down to every entry.
            entry.pax_headers.pop("comment", None)
            content = source.extractfile(entry).read() if entry.isreg() else None
            if kind == "flip" and content and not flipped:
                middle = len(content) // 2
                content = content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1:]
                flipped = True
                print(f"   one bit of {entry.name} flipped, at byte {middle}")
            target.addfile(entry, io.BytesIO(content) if content is not None else None)
            root = entry.name.split("/")[0]
        if kind == "add":
            added = tarfile.TarInfo(f"{root}/m4/build-to-host.m4")
            content = b"dnl Nothing to see here.\n"
            added.size = len(content)
            target.addfile(added, io.BytesIO(content))
            print(f"   {added.name} added")


if __name__ == "__main__":
    main(*sys.argv[1:])

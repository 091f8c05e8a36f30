"""Hashing a large file, against openssl."""

import os
import shutil

from measure import measure, ratio, tell

SIZE = 1 << 30


def hashing(helper, folder, rounds):
    """`checksum` makes SHA-256 and SHA-512 in one pass. Its wall time is held
    against openssl's SHA-256 alone, its CPU time against both of openssl's."""
    place = folder / "hashing"
    place.mkdir()
    path = place / "large.bin"
    chunk = os.urandom(1 << 20)
    with path.open("wb") as file:
        for _ in range(SIZE // len(chunk)):
            file.write(chunk)
    ours = measure([helper, "checksum", "--quiet", place], rounds)
    tell("checksum (SHA-256 and SHA-512), 1 GiB", ours)
    if shutil.which("openssl"):
        short, long = (measure(["openssl", "dgst", name, path], rounds)
                       for name in ("-sha256", "-sha512"))
        tell("  openssl dgst -sha256", short)
        tell("  openssl dgst -sha512", long)
        print(f"  {ratio(ours.wall, short.wall):.2f} x the wall time of "
              "openssl's SHA-256 alone   wanted: at most 1.1, on two cores\n"
              f"  {ratio(ours.wall, long.wall):.2f} x the wall time of "
              "openssl's SHA-512 alone\n"
              f"  {ratio(ours.cpu, short.cpu + long.cpu):.2f} x the CPU time "
              "of openssl's SHA-256 and SHA-512   wanted: at most 1.1")
    else:
        print("  openssl is not installed: not compared")
    shutil.rmtree(place)

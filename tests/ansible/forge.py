"""What a builder with bad intentions does to an archive."""

import gzip
import io
import tarfile


def rewrite(path, change):
    """Makes the archive anew with its members changed."""
    members = []
    with tarfile.open(path) as archive:
        comment = archive.pax_headers
        for member in archive:
            data = archive.extractfile(member)
            members.append((member, data.read() if data else b""))
    members = change(members)
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=tarfile.PAX_FORMAT,
                      pax_headers=comment) as archive:
        for member, data in members:
            member.size = len(data)
            # tarfile repeats the archive's comment in every member.
            member.pax_headers = {}
            archive.addfile(member, io.BytesIO(data))
    path.write_bytes(gzip.compress(plain.getvalue(), mtime=0))


def flip_one_byte(path):
    def change(members):
        return [(member, data.replace(b"return 0", b"return 1"))
                for member, data in members]
    rewrite(path, change)


def add_file(path, name):
    def change(members):
        return [*members, (tarfile.TarInfo(f"hello-1.0/{name}"), b"extra\n")]
    rewrite(path, change)

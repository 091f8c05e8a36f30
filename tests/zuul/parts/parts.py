"""Makes the sdist, the wheel and a container image of this project, the same
bytes every time.

    parts.py VERSION FOLDER
"""

import base64
import hashlib
import io
import json
import pathlib
import subprocess
import sys
import tarfile
import zipfile


def metadata(version):
    return f"Metadata-Version: 2.1\nName: hello\nVersion: {version}\n"


def add(archive, name, data):
    member = tarfile.TarInfo(name)
    member.size = len(data)
    archive.addfile(member, io.BytesIO(data))


def tar(files):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, data in files.items():
            add(archive, name, data)
    return buffer.getvalue()


def sdist(path, version):
    """What git has, and the metadata."""
    root = f"hello-{version}"
    tree = subprocess.run(
        ["git", "archive", f"--prefix={root}/", "HEAD"],
        check=True, capture_output=True).stdout
    with tarfile.open(path, "w:gz") as archive:
        with tarfile.open(fileobj=io.BytesIO(tree)) as old:
            for member in old:
                member.pax_headers = {}
                archive.addfile(member, old.extractfile(member))
        add(archive, f"{root}/PKG-INFO", metadata(version).encode())


def wheel(path, version):
    folder = f"hello-{version}.dist-info"
    files = {
        "hello/__init__.py": pathlib.Path("hello/__init__.py").read_text(),
        f"{folder}/METADATA": metadata(version),
        f"{folder}/WHEEL": "Wheel-Version: 1.0\nGenerator: parts 1.0\n"
                           "Root-Is-Purelib: true\nTag: py3-none-any\n"}
    record = ""
    for name, text in files.items():
        digest = hashlib.sha256(text.encode()).digest()
        record += (f"{name},sha256={encoded(digest)},{len(text)}\n")
    files[f"{folder}/RECORD"] = record + f"{folder}/RECORD,,\n"
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in files.items():
            archive.writestr(zipfile.ZipInfo(name), text)


def encoded(digest):
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def image(path):
    """As `docker save` writes it."""
    layer = tar({"hello/__init__.py":
                 pathlib.Path("hello/__init__.py").read_bytes()})
    config = json.dumps({
        "architecture": "amd64", "os": "linux", "rootfs": {
            "type": "layers", "diff_ids": [
                f"sha256:{hashlib.sha256(layer).hexdigest()}"]}}).encode()
    name = f"{hashlib.sha256(config).hexdigest()}.json"
    manifest = [{"Config": name, "RepoTags": ["hello:latest"],
                 "Layers": ["layer.tar"]}]
    path.write_bytes(tar({
        "manifest.json": json.dumps(manifest).encode(), name: config,
        "layer.tar": layer}))


def main(version, folder):
    folder = pathlib.Path(folder)
    sdist(folder / f"hello-{version}.tar.gz", version)
    wheel(folder / f"hello-{version}-py3-none-any.whl", version)
    image(folder / f"hello-{version}-image.tar")


if __name__ == "__main__":
    main(*sys.argv[1:])

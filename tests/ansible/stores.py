"""Servers that keep files: OpenStack Swift, Debian's registry, and Zuul's.

Each is a process of its own, on a free port of the loopback, with everything
it writes below one folder."""

import base64
import contextlib
import hashlib
import http.client
import json
import os
import pwd
import socket
import subprocess
import time
import urllib.parse

import yaml
from rig import REPOSITORY

# python3-swift alone: the packages around it bring services along. These two
# are what their commands do.
# Isolated: a virtual environment is none of theirs.
PYTHON = ["/usr/bin/python3", "-I", "-c"]
SWIFT_SERVER = """
import sys
from swift.common.utils import set_swift_dir
from swift.common.wsgi import run_wsgi
set_swift_dir(sys.argv[1])
sys.exit(run_wsgi(sys.argv[2], sys.argv[3], verbose=True))
"""
SWIFT_RINGS = """
import sys
from swift.common.ring import RingBuilder
for name, port in zip(("account", "container", "object"), sys.argv[2:]):
    builder = RingBuilder(part_power=4, replicas=1, min_part_hours=0)
    builder.add_dev({"id": 0, "region": 1, "zone": 1, "weight": 1,
                     "ip": "127.0.0.1", "port": int(port), "device": "disk",
                     "replication_ip": "127.0.0.1",
                     "replication_port": int(port), "meta": ""})
    builder.rebalance()
    builder.get_ring().save(f"{sys.argv[1]}/{name}.ring.gz")
"""
USER = pwd.getpwuid(os.geteuid()).pw_name
SWIFT_PIPELINE = ("catch_errors gatekeeper healthcheck proxy-logging cache "
                  "tempurl tempauth copy slo dlo proxy-server")


def ask(method, url, body=None, **headers):
    """One HTTP request, and no other: status, headers, body."""
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=30)
    with contextlib.closing(connection):
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        connection.request(method, path, body, {
            name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()


def told(method, url, body=None, **headers):
    """A request that must succeed."""
    status, answered, content = ask(method, url, body, **headers)
    assert 200 <= status < 300, (method, url, status, content)
    return answered, content


class Processes:
    """What was started, and will be stopped whatever happens."""

    def __init__(self, folder):
        self.folder = folder
        self.running = []

    def start(self, *command):
        """Starts a server, and says where its log is."""
        path = self.folder / f"{len(self.running)}.log"
        with open(path, "wb") as log:
            self.running.append(subprocess.Popen(
                [str(part) for part in command], stdout=log, stderr=log,
                stdin=subprocess.DEVNULL, cwd=self.folder))
        return path

    def wait_for(self, *ports):
        deadline = time.monotonic() + 60
        for port in ports:
            while not listens(port):
                assert time.monotonic() < deadline, f"nobody at {port}"
                for number, process in enumerate(self.running):
                    assert process.poll() is None, (
                        self.folder / f"{number}.log").read_text()
                time.sleep(0.05)

    def stop(self):
        for process in self.running:
            process.kill()
        for process in self.running:
            process.wait()


def listens(port):
    with contextlib.suppress(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port)).close()
        return True
    return False


def free_ports(count):
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


class Swift:
    """A whole Swift with one replica, and two accounts: test and other."""

    def __init__(self, folder, processes):
        self.folder = folder
        (folder / "devices/disk").mkdir(parents=True)
        (folder / "locks").mkdir()
        (folder / "swift.conf").write_text(
            "[swift-hash]\nswift_hash_path_suffix = tests\n")
        *rings, memcached, proxy = free_ports(5)
        subprocess.run([*PYTHON, SWIFT_RINGS, folder, *map(str, rings)],
                       check=True)
        processes.start("memcached", "-l", "127.0.0.1",
                        "-p", str(memcached), "-U", "0", "-u", USER)
        for name, port in zip(("account", "container", "object"), rings):
            self._serve(processes, f"{name}-server", port, {
                "DEFAULT": {"devices": folder / "devices",
                            "mount_check": "false"},
                "pipeline:main": {"pipeline": f"{name}-server"}})
        self.log = self._serve(processes, "proxy-server", proxy, {
            "pipeline:main": {"pipeline": SWIFT_PIPELINE},
            "app:proxy-server": {"account_autocreate": "true"},
            "filter:cache": {"use": "egg:swift#memcache",
                             "memcache_servers": f"127.0.0.1:{memcached}"},
            "filter:tempauth": {"user_test_zuul": "secret .admin",
                                "user_other_zuul": "secret .admin"}})
        processes.wait_for(*rings, memcached, proxy)
        self.url = f"http://127.0.0.1:{proxy}"
        self.tokens = {account: told(
            "GET", f"{self.url}/auth/v1.0", X_Auth_User=f"{account}:zuul",
            X_Auth_Key="secret")[0]["X-Auth-Token"]
            for account in ("test", "other")}

    def _serve(self, processes, name, port, sections):
        settings = {
            "bind_ip": "127.0.0.1", "bind_port": port, "workers": 0,
            "user": USER, "swift_dir": self.folder,
            "fallocate_reserve": 0}
        sections.setdefault("DEFAULT", {}).update(settings)
        sections.setdefault(f"app:{name}", {})
        for part in sections["pipeline:main"]["pipeline"].split():
            kind = "app" if part == name else "filter"
            use = part if kind == "app" else part.replace("-", "_")
            sections.setdefault(f"{kind}:{part}", {}).setdefault(
                "use", f"egg:swift#{use.removesuffix('-server')}")
        path = self.folder / f"{name}.conf"
        path.write_text("".join(
            f"[{section}]\n" + "".join(f"{key} = {value}\n"
                                       for key, value in lines.items())
            for section, lines in sections.items()))
        return processes.start(*PYTHON, SWIFT_SERVER, self.folder, path, name)

    def container(self, name, account="test", read=".r:*"):
        """Makes a container, readable by all, and says its URL."""
        url = f"{self.url}/v1/AUTH_{account}/{name}"
        told("PUT", url, X_Auth_Token=self.tokens[account],
             X_Container_Read=read)
        return url

    def put(self, url, body, **headers):
        account = url.split("/AUTH_")[1].split("/")[0]
        told("PUT", url, body, X_Auth_Token=self.tokens[account], **headers)
        return url

    def delete(self, url):
        told("DELETE", url, X_Auth_Token=self.tokens["test"])

    def asked(self, url):
        """Whether anybody but the owner asked for it."""
        path = urllib.parse.urlsplit(url).path
        return any(f" GET {path} " in line and "curl" in line
                   for line in self.log.read_text().splitlines())


class Registry:
    """Debian's docker-registry."""

    def __init__(self, folder, processes, storage, **more):
        folder.mkdir()
        port, = free_ports(1)
        self.url = f"http://127.0.0.1:{port}"
        (folder / "config.yml").write_text(yaml.safe_dump({
            "version": "0.1", "storage": storage,
            "http": {"addr": f"127.0.0.1:{port}"}, **more}))
        self.log = processes.start("docker-registry", "serve",
                                   folder / "config.yml")
        processes.wait_for(port)

    def push(self, repository, *contents, **headers):
        """Pushes blobs and a manifest that names them, as clients do: a
        registry may throw away what no manifest names. Says their URLs."""
        blobs = [self._blob(repository, content, headers)
                 for content in contents]
        config = self._blob(repository, b"{}", headers)
        told("PUT", f"{self.url}/v2/{repository}/manifests/1.0", json.dumps({
            "schemaVersion": 2, "mediaType": MANIFEST,
            "config": {"mediaType": "application/vnd.oci.empty.v1+json",
                       "digest": config, "size": 2},
            "layers": [{"mediaType": "application/octet-stream",
                        "digest": digest, "size": len(content)}
                       for digest, content in zip(blobs, contents)],
        }), Content_Type=MANIFEST, **headers)
        return [f"{self.url}/v2/{repository}/blobs/{digest}"
                for digest in blobs]

    def _blob(self, repository, content, headers):
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        answered, _ = told(
            "POST", f"{self.url}/v2/{repository}/blobs/uploads/", **headers)
        place = urllib.parse.urljoin(self.url, answered["Location"])
        place += "&" if "?" in place else "?"
        told("PUT", f"{place}digest={digest}", content,
             Content_Type="application/octet-stream", **headers)
        return digest


MANIFEST = "application/vnd.oci.image.manifest.v1+json"


class ZuulRegistry(Registry):
    """The intermediate registry of Zuul, open to read for everybody."""

    def __init__(self, folder, processes):
        folder.mkdir()
        port, = free_ports(1)
        self.url = f"http://127.0.0.1:{port}"
        (folder / "registry.yaml").write_text(yaml.safe_dump({"registry": {
            "address": "127.0.0.1", "port": port, "public-url": self.url,
            "secret": "tests", "users": [
                {"name": "zuul", "pass": "secret", "access": "write"}],
            "storage": {"driver": "filesystem", "root": str(folder)}}}))
        self.log = processes.start(
            REPOSITORY / ".venv-zuul/bin/zuul-registry",
            "-c", folder / "registry.yaml")
        processes.wait_for(port)

    def token(self, action):
        password = base64.b64encode(b"zuul:secret").decode()
        _, content = told(
            "GET", f"{self.url}/auth/token?scope=repository:x:{action}",
            Authorization=f"Basic {password}")
        return f"Bearer {json.loads(content)['token']}"

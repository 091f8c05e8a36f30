"""A whole Zuul on this machine: ZooKeeper, scheduler, executor and web, real
and unpatched, on loopback only.

To be run in network and process namespaces of its own (tests/zuul/run).
"""

import collections
import http.server
import functools
import json
import os
import pathlib
import shutil
import subprocess
import threading
import time
import urllib.error
import urllib.request

import gitlab
import yaml

HERE = pathlib.Path(__file__).resolve().parent
REPOSITORY = HERE.parents[1]
RIG = pathlib.Path("/var/tmp/countersign-rig")
VENV = RIG / "zuul"
USER, NODE = "countersign-rig", "countersign-node"
TENANT = "tenant"
WEB = 9000
LOGS = 9001
JARS = ["zookeeper", "netty-all", "netty-codec", "netty-resolver",
        "netty-transport-native-unix-common", "netty-buffer", "netty-common",
        "netty-handler", "netty-transport", "slf4j-api", "slf4j-simple"]


def run(*command, check=True, **options):
    options.setdefault("capture_output", True)
    ran = subprocess.run([str(part) for part in command], **options)
    assert not check or ran.returncode == 0, (
        f"{command} ended with {ran.returncode}: "
        f"{(ran.stderr or b'').decode(errors='replace')}")
    return ran


def as_user(*command):
    """A command as the services' user, with an environment of nothing: jobs
    inherit the executor's."""
    path = f"{VENV}/bin:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"
    return ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--init-groups",
            "env", "-i", f"HOME={RIG}/home", f"PATH={path}", "LANG=C.UTF-8",
            *map(str, command)]


def wait_for(what, ready, seconds):
    end = time.monotonic() + seconds
    while True:
        value = ready()
        if value:
            return value
        if time.monotonic() > end:
            raise TimeoutError(f"{what} not after {seconds} s")
        time.sleep(0.5)


class LogServer(http.server.SimpleHTTPRequestHandler):
    """Serves the logs. Below a folder "fickle" a file is what it was for
    whoever asks first, and something else from then on."""

    asked = collections.Counter()

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.asked[self.path] += 1
        if "/fickle/" in self.path and self.asked[self.path] > 1:
            self.send_error(410, "Something else now")
        else:
            super().do_GET()


class Zuul:
    """Everything that runs, and its files below one folder: a mount that is
    empty at first, and seen by nobody else."""

    def __init__(self, driver):
        self.driver = driver
        self.folder = RIG / "run"
        for name in ("etc", "zookeeper", "state", "jobs", "git", "logs",
                     "site", "repositories", "trusted", "services", "node",
                     "seen"):
            (self.folder / name).mkdir()
        (RIG / "home").mkdir(exist_ok=True)
        (RIG / "home/.gitconfig").write_text("[safe]\n\tdirectory = *\n")
        self.services = {}
        self.servers = []
        self.seen = set()
        self.logs = self.folder / "logs"
        self.site = self.folder / "site"
        self.trusted = self.folder / "trusted"

    # Files

    def certificates(self):
        """One authority, and one pair for server and clients."""
        etc = self.folder / "etc"
        names = etc / "names"
        names.write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
        run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes",
            "-days", "2", "-subj", "/CN=rig", "-keyout", etc / "ca.key",
            "-out", etc / "ca.pem")
        run("openssl", "req", "-new", "-newkey", "rsa:2048", "-nodes",
            "-subj", "/CN=localhost", "-keyout", etc / "key.pem",
            "-out", etc / "request.pem")
        run("openssl", "x509", "-req", "-days", "2", "-CAcreateserial",
            "-in", etc / "request.pem", "-CA", etc / "ca.pem",
            "-CAkey", etc / "ca.key", "-extfile", names,
            "-out", etc / "cert.pem")
        (etc / "both.pem").write_text(
            (etc / "key.pem").read_text() + (etc / "cert.pem").read_text())
        run("openssl", "genrsa", "-traditional", "-out", etc / "ssh", "2048")

    def configure(self, secret_blocks=None):
        etc, state = self.folder / "etc", self.folder / "state"
        (etc / "zoo.cfg").write_text("\n".join([
            "tickTime=2000", f"dataDir={self.folder}/zookeeper",
            "secureClientPort=2281", "secureClientPortAddress=127.0.0.1",
            "serverCnxnFactory="
            "org.apache.zookeeper.server.NettyServerCnxnFactory",
            f"ssl.keyStore.location={etc}/both.pem",
            f"ssl.trustStore.location={etc}/ca.pem",
            "ssl.clientAuth=need", "admin.enableServer=false",
            "maxClientCnxns=0", ""]))
        if self.driver == "git":
            local = {"driver": "git", "poll_delay": "2",
                     "baseurl": f"file://{self.folder}/repositories",
                     "canonical_hostname": "rig"}
        else:
            local = {"driver": "gitlab", "server": "rig",
                     "canonical_hostname": "rig",
                     "baseurl": f"http://127.0.0.1:{gitlab.PORT}",
                     "cloneurl": f"file://{self.folder}/repositories",
                     "webhook_token": "webhook", "api_token": "api"}
        sections = {
            "zookeeper": {"hosts": "localhost:2281",
                          "tls_cert": etc / "cert.pem",
                          "tls_key": etc / "key.pem",
                          "tls_ca": etc / "ca.pem", "session_timeout": 20},
            "keystore": {"password": "rig"},
            "launcher": {"command_socket": state / "launcher.socket"},
            "database": {"dburi": f"sqlite:///{state}/zuul.db"},
            "scheduler": {"tenant_config": etc / "tenant.yaml",
                          "state_dir": state,
                          "command_socket": state / "scheduler.socket",
                          "pidfile": state / "scheduler.pid"},
            "merger": {"git_dir": self.folder / "git/merger",
                       "git_user_email": "zuul@example.org",
                       "git_user_name": "Zuul",
                       "command_socket": state / "merger.socket"},
            "executor": {"state_dir": state, "job_dir": self.folder / "jobs",
                         "git_dir": self.folder / "git/executor",
                         "command_socket": state / "executor.socket",
                         "private_key_file": etc / "ssh",
                         "finger_port": 7979, "manage_ansible": "false",
                         "ansible_root": RIG / "ansible/lib/zuul/ansible",
                         "trusted_rw_paths":
                             f"{self.logs}:{self.site}:{self.folder}/seen",
                         "trusted_ro_paths": str(self.trusted),
                         "untrusted_ro_paths": str(self.trusted / "bin"),
                         "load_multiplier": 100, "min_avail_mem": 1,
                         "min_avail_hdd": 1, "max_starting_builds": 4,
                         "disk_limit_per_job": 500},
            "web": {"listen_address": "127.0.0.1", "port": WEB,
                    "root": f"http://127.0.0.1:{WEB}",
                    "command_socket": state / "web.socket"},
            "auth operator": {"driver": "HS256",
                              "secret": "a secret of the rig, and no other",
                              "realm": "rig", "client_id": "rig",
                              "issuer_id": "rig",
                              "allow_authz_override": "true"},
            "connection local": local,
        }
        if self.driver == "gitlab":
            sections["connection workers"] = {"driver": "static"}
        text = ""
        for name, keys in sections.items():
            text += f"[{name}]\n" + "".join(
                f"{key}={value}\n" for key, value in keys.items()) + "\n"
        (etc / "zuul.conf").write_text(text)

    def tenant(self, tenant, base):
        (self.folder / "etc/tenant.yaml").write_text(yaml.safe_dump(
            [{"tenant": {"name": TENANT, "default-parent": base,
                         "source": {"local": tenant}}}]))

    def own(self):
        run("chown", "-R", f"{USER}:", self.folder, RIG / "home")
        run("chown", "-R", f"{NODE}:", self.folder / "node")

    # Repositories

    def repository(self, name):
        suffix = ".git" if self.driver == "gitlab" else ""
        return self.folder / "repositories" / (name + suffix)

    def new_repository(self, name):
        path = self.repository(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        run("git", "init", "--quiet", "--bare", "--initial-branch=master",
            path)
        if self.driver == "gitlab":
            (path / "hooks/post-receive").symlink_to(HERE / "gitlab.py")
        return path

    def seal(self, project, secret):
        """The blocks of a Zuul secret for a project."""
        script = HERE / "seal.py"
        ran = run(VENV / "bin/python", script, self.folder / "etc/zuul.conf",
                  "local", project, input=secret)
        return json.loads(ran.stdout)

    # Services

    def start(self, name, *command):
        log = (self.folder / "services" / f"{name}.log").open("ab")
        self.services[name] = subprocess.Popen(
            as_user(*command), stdin=subprocess.DEVNULL, stdout=log,
            stderr=subprocess.STDOUT, cwd=self.folder)

    def start_zookeeper(self):
        etc = self.folder / "etc"
        jars = [pathlib.Path("/usr/share/java") / f"{jar}.jar"
                for jar in JARS]
        path = ":".join([str(etc), *(str(jar) for jar in jars
                                     if jar.exists())])
        self.start("zookeeper", "java", "-Xmx512m", "-cp", path,
                   "org.apache.zookeeper.server.ZooKeeperServerMain",
                   etc / "zoo.cfg")

        def ready():
            ran = run("openssl", "s_client", "-connect", "127.0.0.1:2281",
                      "-CAfile", etc / "ca.pem", "-cert", etc / "cert.pem",
                      "-key", etc / "key.pem", input=b"", check=False)
            return b"Verify return code: 0" in ran.stdout
        wait_for("ZooKeeper", ready, 60)

    def start_worker(self):
        """This machine as a worker, reached by SSH."""
        etc = self.folder / "etc"
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", etc / "host")
        allowed = etc / "authorized_keys"
        allowed.write_bytes(run("ssh-keygen", "-y", "-f", etc / "ssh").stdout)
        config = etc / "sshd_config"
        config.write_text("\n".join([
            f"HostKey {etc}/host", f"AllowUsers {NODE}",
            f"AuthorizedKeysFile {allowed}", "PasswordAuthentication no",
            "StrictModes no", "PidFile none", ""]))
        log = (self.folder / "services/sshd.log").open("ab")
        self.services["sshd"] = subprocess.Popen(
            ["/usr/sbin/sshd", "-D", "-e", "-f", config],
            stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)

    def start_service(self, name):
        self.start(name, VENV / f"bin/zuul-{name}",
                   "-c", self.folder / "etc/zuul.conf", "-f")

    def start_zuul(self):
        handler = functools.partial(LogServer, directory=str(self.logs))
        self.serve(LOGS, handler)
        if self.driver == "gitlab":
            self.serve(gitlab.PORT,
                       gitlab.handler(self.folder / "repositories"))
            self.start_worker()
            self.start_service("launcher")
        for name in ("scheduler", "executor", "web"):
            self.start_service(name)

        def ready():
            alive = {name: service.poll() is None
                     for name, service in self.services.items()}
            assert all(alive.values()), (alive, self.tails())
            tenants = self.get("tenants")
            return tenants and any(t["name"] == TENANT for t in tenants)
        wait_for("Zuul", ready, 180)
        if self.driver == "git":
            # Its first poll only records what there is.
            time.sleep(8)

    def kill(self, name):
        """Ends a service as a crash would, its children too."""
        service = self.services.pop(name)
        service.kill()
        service.wait()

    def serve(self, port, handler):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", port), handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.servers.append(server)

    def stop(self):
        for server in self.servers:
            server.shutdown()
            server.server_close()
        LogServer.asked.clear()
        for name in list(self.services):
            self.kill(name)

    def tails(self):
        """The ends of all logs, for a person who must find out why."""
        return "\n".join(
            f"== {path.name}\n" + "\n".join(
                [line for line in
                 path.read_text(errors="replace").splitlines()
                 if "cherrypy.access" not in line][-15:])
            for path in sorted((self.folder / "services").glob("*.log")))

    # Questions

    def secret_lines(self):
        """The lines of all secret keys, as they would stand in a file or a
        log, but those that a public certificate has, too."""
        public = "".join(path.read_text() for path in
                         (self.trusted / "keyring").iterdir())
        return sorted({line for key in self.keys.values()
                       for line in key.decode().splitlines()
                       if len(line) > 40 and line not in public})

    def in_site(self, project):
        """The names of what is published."""
        return sorted(str(path.relative_to(self.site / project))
                      for path in (self.site / project).rglob("*"))

    def tag(self, name, project=None, number=1, seconds=1200):
        """What became of a tag."""
        return self.finished(project or "example/hello",
                             f"refs/tags/{name}", number, seconds)

    def get(self, path):
        try:
            with urllib.request.urlopen(
                    f"http://127.0.0.1:{WEB}/api/{path}", timeout=20) as told:
                return json.load(told)
        except (urllib.error.URLError, OSError, json.JSONDecodeError):
            return None

    def config_errors(self):
        return self.get(f"tenant/{TENANT}/config-errors")

    def buildsets(self, project, ref):
        told = self.get(f"tenant/{TENANT}/buildsets?project={project}"
                        "&limit=100") or []
        return [one for one in told
                if any(r["ref"] == ref for r in one["refs"])]

    def finished(self, project, ref, number=1, seconds=1200):
        """The newest of a number of buildsets of a ref, when all of them
        have ended."""
        def ready():
            found = self.buildsets(project, ref)
            ended = [one for one in found if one["result"]]
            return ended if len(ended) >= number else None
        try:
            found = wait_for(f"a result of {ref}", ready, seconds)
        except TimeoutError as late:
            raise TimeoutError(f"{late}\n{self.tails()}") from None
        newest = max(found, key=lambda one: one.get("event_timestamp") or "")
        return Buildset(self, self.get(
            f"tenant/{TENANT}/buildset/{newest['uuid']}"))

    def enqueue_head(self, project, pipeline):
        """Puts a project's branch into a pipeline, as a timer would."""
        head = run("git", "-c", "safe.directory=*", "rev-parse", "master",
                   cwd=self.repository(project)).stdout.decode().strip()
        self.enqueue(project, "refs/heads/master", head, pipeline)

    def enqueue(self, project, ref, newrev, pipeline="release"):
        """Puts a ref into the pipeline again, as an operator would."""
        token = run(VENV / "bin/zuul-admin", "-c",
                    self.folder / "etc/zuul.conf", "create-auth-token",
                    "--auth-config", "operator", "--tenant", TENANT,
                    "--user", "operator").stdout.decode().strip()
        # The git driver asks for the difference of a branch's commits.
        old = newrev if ref.startswith("refs/heads/") else "0" * 40
        body = json.dumps({"trigger": None, "pipeline": pipeline, "ref": ref,
                           "oldrev": old, "newrev": newrev}).encode()
        request = urllib.request.Request(
            f"http://127.0.0.1:{WEB}/api/tenant/{TENANT}/project/"
            f"{project}/enqueue", body,
            {"Authorization": token, "Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as told:
            return json.load(told)


class Buildset:
    """One run of a pipeline for a tag."""

    def __init__(self, zuul, document):
        self.zuul = zuul
        self.document = document
        self.result = document["result"]
        self.builds = {build["job_name"]: build
                       for build in document.get("builds") or []}

    def results(self):
        return {name: build["result"] for name, build in self.builds.items()}

    def output(self, job):
        """What a person sees of a build."""
        folder = self.zuul.logs / self.builds[job]["uuid"]
        path = folder / "job-output.txt"
        return path.read_text(errors="replace") if path.exists() else ""

    def file(self, job, name):
        return self.zuul.logs / self.builds[job]["uuid"] / name

    def __str__(self):
        """All that a person needs to find out why."""
        brief = {"result": self.result, "message": self.document["message"],
                 "builds": self.results()}
        parts = [json.dumps(brief, indent=1)]
        for job in self.builds:
            parts.append(f"== {job}\n{self.output(job)[-3000:]}")
        return "\n".join(parts)


def environment():
    return {"PATH": os.environ["PATH"], "HOME": "/nonexistent",
            "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null"}

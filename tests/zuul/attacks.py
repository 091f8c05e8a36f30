"""What is pushed to Zuul: one honest release, and everything that must not
get through. Each is a tag of its own, all pushed at once."""

import hashlib
import json
import os
import pathlib

import rig as zuul_rig
import yaml
from people import KEYS as KEYS_PROJECT
from people import (
    CHECKED, FULL, FULLER, MOVED, ONLY, PARTS, PROJECT, READONLY, STANZAS,
    WORKER)

# What a builder does after the honest build; $1 is the version, $2 the folder
# of artifacts.
ARCHIVE = """\
top=$(mktemp -d)
mkdir "$top/hello-$1"
git archive HEAD | tar -x -C "$top/hello-$1"
%s
tar -C "$top" -czf "$2/hello-$1.tar.gz" "hello-$1"
"""
LEFT_BEHIND = """\
trap=/var/tmp/countersign-rig/run/logs/trap
printf '[core]\\n\\tfsmonitor = touch %s-home\\n[gpg]\\n\\tprogram = false\\n' \\
    "$trap" >"$HOME/.gitconfig"
mkdir -p "$HOME/.gnupg"
echo no-such-option >"$HOME/.gnupg/gpg.conf"
git config core.fsmonitor "touch $trap-config"
git update-ref refs/heads/stable/1 HEAD
git update-ref -d refs/remotes/origin/master
echo evil >"$2/evil.bin"
echo evil >"$2/a name"
echo evil >"$2/$(printf 'two\\nlines')"
mkdir "$2/fickle"
mv "$2/hello-$1.tar.gz" "$2/fickle/"
printf 'format: "countersign/checksum@v1"\\noutcome: "ok"\\n' \\
    >"$2/manifest.yaml"
"""
# A second look at what a build returned for its dependents.
ODD_MEMBERS = """\
python3 - "$2/hello-$1.tar.gz" "$1" <<'EOF'
import io, sys, tarfile
path, version = sys.argv[1:]
with tarfile.open(path) as old:
    comment = old.pax_headers
    members = [(m, old.extractfile(m)) for m in old]
    members = [(m, f.read() if f else b"") for m, f in members]
with tarfile.open(path, "w:gz", format=tarfile.PAX_FORMAT,
                  pax_headers=comment) as new:
    for member, data in members:
        member.pax_headers = {}
        new.addfile(member, io.BytesIO(data))
    for name in ("../../evil", "a name", "two\\nlines"):
        member = tarfile.TarInfo(f"hello-{version}/{name}")
        new.addfile(member, io.BytesIO(b""))
    link = tarfile.TarInfo(f"hello-{version}/passwd")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    new.addfile(link)
EOF
"""
HOSTILE = {
    "v2.0": LEFT_BEHIND,
    "v2.1": ARCHIVE % 'sed -i s/0/1/ "$top/hello-$1/hello.c"',
    "v2.2": ARCHIVE % 'echo >"$top/hello-$1/evil.c"',
    "v2.3": 'rm "$2"/*\n',
    "v2.4": ODD_MEMBERS,
    "v2.5": 'ln -sf /etc/passwd "$2/hello-$1.tar.gz"\n',
    "v2.6": 'head -c 3000000 /dev/zero >"$2/hello-$1.tar.gz"\n',
    "v2.7": "",
    "v2.8": "",
}
# A folder that trusted builds can write to.
LOGS = f"{zuul_rig.RIG}/run/logs"


def become(trap):
    """Variables that have each module started by a program which leaves a
    trace where it can, and else does what it should."""
    return {"ansible_become": True, "ansible_become_exe":
            f"sh -c 'touch {LOGS}/{trap} 2>/dev/null; while [ \"$1\" != "
            "/bin/sh ]; do shift; done; exec \"$@\"' sh"}


def template(trap):
    """An artifact whose name Ansible would render, in whatever reads any of
    Zuul's variables."""
    run = f"lookup('pipe', 'touch {LOGS}/{trap}')"
    return {"zuul": {"artifacts": [
        {"name": "hello-2.8.tar.gz", "url": "dist/hello-2.8.tar.gz"},
        {"name": "{{ " + run + " }}", "url": "dist/other"}]}}


KEYS = ["expired", "revoked", "wrong", "primary", "empty"]


def bad_keys(people):
    return {
        "key_expired": people["expired"].secret_subkey(),
        "key_revoked": people["revoked"].secret_subkey(),
        "key_wrong": people["stranger"].secret_subkey(),
        "key_primary": people["signer"].secret_primary(),
        "key_empty": b"",
    }


def every_variable():
    """Every name that our roles and jobs take a value by."""
    names = set()
    for path in (zuul_rig.REPOSITORY / "roles").glob(
            "*/meta/argument_specs.yaml"):
        for entry in yaml.safe_load(
                path.read_text())["argument_specs"].values():
            names |= set(entry["options"])
    for stanza in yaml.safe_load(
            (zuul_rig.REPOSITORY / "zuul.d/countersign-jobs.yaml").read_text()):
        names |= {name for name in stanza["job"]["vars"]
                  if not name.startswith("ansible_")}
    return names | {"countersign_key"}


def returned(version):
    """What the jobs of hostile builds return."""
    if version == "v2.0":
        offered = [
            {"name": "hello-2.0.tar.gz",
             "url": "dist/fickle/hello-2.0.tar.gz"},
            {"name": "../evil", "url": "dist/evil.bin"},
            {"name": "evil.bin", "url": "dist/evil.bin"},
            {"name": "a name", "url": "dist/a%20name"},
            {"name": "two\nlines", "url": "dist/evil.bin"},
            {"name": "manifest.yaml", "url": "dist/manifest.yaml"},
            {"name": "hello-2.0.tar.gz.asc", "url": "dist/evil.bin"}]
        return dict.fromkeys(sorted(every_variable()), "/hostile") | {
            "zuul": {"artifacts": offered}}
    if version == "v2.7":
        # Variables of Ansible itself.
        return {
            "ansible_become": True, "ansible_become_user": "root",
            "ansible_become_exe": f"sh -c 'touch {LOGS}/trap-become' #",
            "ansible_remote_tmp": f"{LOGS}/trap-tmp",
            "ansible_shell_type": "csh", "ansible_pipelining": False}
    if version == "v2.8":
        return template("trap-template")
    return {}


def helper_digest():
    helper = pathlib.Path(os.environ["COUNTERSIGN_BIN"])
    return hashlib.sha256(helper.read_bytes()).hexdigest()


def stanza(name):
    """The project's own configuration, where it is a hostile one."""
    if name == PROJECT:
        return {}
    kind = name.partition("/")[2]
    jobs = {
        "dependencies": [{"project": {"release": {"jobs": [
            {"example-release": {"dependencies": []}},
            {"example-publish": {"dependencies": []}}]}}}],
        "check": [{"project": {"check": {"jobs": ["example-release"]}}}],
        "shadow": [{"job": {"name": "example-release",
                            "run": "playbooks/build.yaml"}}],
        "inherit": [
            {"job": {"name": "inherited", "parent": "example-release",
                     "run": "playbooks/build.yaml"}},
            {"project": {"release": {"jobs": ["inherited"]}}}],
        "vary": [{"project": {"release": {"jobs": [{"example-release": {
            "vars": {"countersign_policy": "/hostile"}}}]}}}],
        # Its own job, in whose builds the trusted playbooks of base run.
        "become": [
            {"job": {"name": "becoming", "run": "playbooks/build.yaml",
                     "vars": become("trap-base")}},
            {"project": {"check": {"jobs": ["becoming"]}}}],
        # The second depends on what the first returns.
        "chain": [
            {"job": {"name": "returning", "run": "playbooks/build.yaml",
                     "post-run": "playbooks/return.yaml"}},
            {"job": {"name": "depending", "run": "playbooks/build.yaml"}},
            {"project": {"check": {"jobs": [
                "returning", {"depending": {
                    "dependencies": ["returning"]}}]}}}],
        # Variables for all jobs that run for it.
        "variables": [{"project": {
            "vars": dict.fromkeys(sorted(every_variable()), "/hostile")
            | become("trap-project"), "release": {"jobs": []}}}],
        "builder": [{"job": {
            "name": "second-build", "run": "playbooks/build.yaml",
            "post-run": "playbooks/return.yaml"}}],
        # The helper comes to the worker as the role brings it.
        "worker": [{"job": {
            "name": "worker-build", "parent": "countersign-build",
            "run": "playbooks/build.yaml",
            "nodeset": {"nodes": [{"name": "worker", "label": "worker"}]},
            "vars": {
                "countersign_artifacts_dir":
                    "{{ ansible_user_dir }}/zuul-output/logs/dist",
                "ensure_countersign_url":
                    f"http://127.0.0.1:{zuul_rig.LOGS}/keys/countersign",
                "ensure_countersign_sha256": helper_digest()}}}],
    }.get(kind, [])
    files = {".zuul.yaml": yaml.safe_dump(jobs)}
    if kind == "chain":
        files["returned.json"] = json.dumps(template("trap-chain"))
    return files


def branch(project):
    """A stable branch, which Zuul must know before a tag is pushed."""
    project.git("branch", "stable/0.9")
    project.push("stable/0.9")


def push(zuul):
    """Makes all tags and pushes them. Returns their objects' ids."""
    hello = zuul.projects[PROJECT]
    objects = {"v1.0": hello.tag("v1.0")}
    zuul.projects[MOVED].release("v1.0")
    if zuul.driver == "gitlab":
        for version in ("v1.0", "v1.1", "v1.2"):
            zuul.projects[WORKER].release(version)
        objects["v1.1"] = hello.tag("v1.1", "--annotate", "--message=No")
        hello.git("checkout", "--quiet", "stable/0.9")
        hello.write("stable.c", "int stable;\n")
        hello.commit("For the stable branch")
        objects["v0.9.1"] = hello.tag("v0.9.1")
        hello.push("stable/0.9")
        hello.git("checkout", "--quiet", "master")
        for name in STANZAS:
            zuul.projects[f"example/{name}"].release(
                "check-1" if name in CHECKED else "v1.0")
    else:
        objects |= bad_tags(hello)
        for version, script in HOSTILE.items():
            hello.write("hostile.sh", script)
            hello.write("returned.json", json.dumps(returned(version)))
            hello.commit(f"Build {version}")
            objects[version] = hello.tag(version)
        for path in ("hostile.sh", "returned.json"):
            (hello.work / path).unlink()
        hello.commit("Honest again")
        for name in (KEYS_PROJECT, ONLY, PARTS, FULL, FULLER, READONLY):
            zuul.projects[name].release("v1.0")
    hello.push("master", *(f"refs/tags/{name}" for name in objects))
    return objects


def bad_tags(hello):
    made = {
        "v1.1": hello.tag("v1.1", "--annotate", "--message=Release"),
        "v1.2": hello.tag("v1.2", "--no-sign"),
        "v1.3": hello.tag("v1.3", person="stranger"),
        "v1.4": hello.tag("v1.4", person="other"),
        "v1.5": hello.tag("v1.5", "--ssh"),
        "v1.8": hello.tag("v1.8", person="expired"),
        # The policy wants a v.
        "1.7": hello.tag("1.7"),
    }
    hello.git("checkout", "--quiet", "--detach")
    hello.write("aside.c", "int aside;\n")
    hello.commit("On no branch")
    made["v1.6"] = hello.tag("v1.6")
    hello.git("checkout", "--quiet", "master")
    return made

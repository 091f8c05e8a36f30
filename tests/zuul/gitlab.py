#!/usr/bin/python3
"""As much of GitLab as Zuul's driver asks for: branches by its interface, and
a post-receive hook that tells of pushes. This file is both: the rig imports
the server, and git runs the file as the hook."""

import http.server
import json
import pathlib
import re
import subprocess
import sys
import urllib.parse
import urllib.request

PORT = 9002
HOOK = "http://127.0.0.1:9000/api/connection/local/payload"
TOKEN = "webhook"


def git(repository, *arguments):
    return subprocess.run(
        ["git", "-c", "safe.directory=*", *arguments], cwd=repository,
        check=True, capture_output=True).stdout.decode().strip()


def branches(repository):
    listing = git(repository, "for-each-ref", "refs/heads",
                  "--format=%(refname:strip=2) %(objectname)")
    return [{"name": name, "protected": True, "commit": {"id": commit}}
            for name, commit in map(str.split, listing.splitlines())]


def handler(repositories):
    class Stub(http.server.BaseHTTPRequestHandler):
        def log_message(self, *_):
            pass

        def do_GET(self):
            url = urllib.parse.urlsplit(self.path)
            asked = re.fullmatch(
                r"/api/v4/projects/([^/]+)/repository/branches(?:/([^/]+))?",
                url.path)
            answer = None
            if asked:
                project, branch = (urllib.parse.unquote(part or "")
                                   for part in asked.groups())
                found = branches(repositories / f"{project}.git")
                if branch:
                    answer = next((one for one in found
                                   if one["name"] == branch), None)
                else:
                    page = urllib.parse.parse_qs(url.query).get("page", ["1"])
                    answer = found if page == ["1"] else []
            body = json.dumps(answer).encode()
            self.send_response(404 if answer is None else 200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
    return Stub


def hook():
    here = pathlib.Path.cwd()
    name = f"{here.parent.name}/{here.name}".removesuffix(".git")
    for line in sys.stdin:
        before, after, ref = line.split()
        if before != "0" * 40 and after != "0" * 40:
            files = git(here, "diff", "--name-only", before, after)
        elif after != "0" * 40:
            files = git(here, "ls-tree", "-r", "--name-only", after)
        else:
            files = ""
        tag = ref.startswith("refs/tags/")
        commits = [] if tag else [{
            "id": after, "added": [], "removed": [],
            "modified": files.splitlines()}]
        body = json.dumps({
            "object_kind": "tag_push" if tag else "push",
            "before": before, "after": after, "ref": ref,
            "project": {"path_with_namespace": name},
            "commits": commits, "total_commits_count": len(commits)})
        try:
            urllib.request.urlopen(urllib.request.Request(
                HOOK, body.encode(), {"X-Gitlab-Token": TOKEN,
                                      "Content-Type": "application/json"}),
                timeout=30).close()
        except OSError as error:  # before Zuul runs nobody listens
            print("hook:", error, file=sys.stderr)


if __name__ == "__main__":
    hook()

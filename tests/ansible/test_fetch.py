"""countersign-fetch, from a real HTTP server."""

import http.server
import threading

import pytest
from rig import ARTIFACT, PROJECT, SIGNED, prefixed, snapshot


class Server(http.server.ThreadingHTTPServer):
    """Serves what a test puts into it, and remembers what was asked for."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.files = {}
        self.moved = {}
        self.asked = []
        self.url = f"http://127.0.0.1:{self.server_port}"


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        self.server.asked.append(self.path)
        if self.path in self.server.moved:
            self.send_response(302)
            self.send_header("Location", self.server.moved[self.path])
            self.end_headers()
        elif self.path in self.server.files:
            self.send_response(200)
            self.end_headers()  # no length: it ends when it ends
            try:
                self.wfile.write(self.server.files[self.path])
            except OSError:
                pass  # the other side had enough
        else:
            self.send_error(404)


@pytest.fixture
def server():
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def fetching(source, server, signed, tmp_path):
    """A whole signed release is served and offered."""
    for path in signed.iterdir():
        server.files[f"/logs/{path.name}"] = path.read_bytes()
    return prefixed("fetch", {
        "executable": source["executable"], "policy": source["policy"],
        "project": PROJECT, "tag": source["tag"],
        "artifacts": [offer(server, path.name) for path in signed.iterdir()],
        "url_prefixes": [f"{server.url}/logs/"],
        "dir": str(tmp_path / "fetched")})


def offer(server, name, path=None):
    return {"name": name, "url": f"{server.url}{path or f'/logs/{name}'}"}


def fetched(tmp_path):
    return sorted(path.name for path in (tmp_path / "fetched").iterdir()
                  ) if (tmp_path / "fetched").exists() else []


def refused(player, fetching, server, *shown):
    """The role stops, and asks no server for anything."""
    played = player.role("countersign-fetch", fetching)
    assert not played.ok
    output = " ".join(played.output.split())
    for text in shown:
        assert text in output
    assert server.asked == []


def test_fetch_takes_the_files_that_the_policy_names(
        player, fetching, server, signed, tmp_path):
    played = player.role("countersign-fetch", fetching)
    assert played.ok
    assert fetched(tmp_path) == [ARTIFACT]
    assert server.asked == [f"/logs/{ARTIFACT}"]
    assert (tmp_path / "fetched" / ARTIFACT).read_bytes() == (
        signed / ARTIFACT).read_bytes()
    document = played.facts["countersign_fetch_policy_result"]
    assert document["format"] == "countersign/policy-explain@v1"


def test_fetch_takes_a_signed_release(player, fetching, signed, tmp_path):
    fetching["countersign_fetch_signed"] = True
    assert player.role("countersign-fetch", fetching).ok
    assert fetched(tmp_path) == sorted([ARTIFACT, *SIGNED])
    for name in fetched(tmp_path):
        assert (tmp_path / "fetched" / name).read_bytes() == (
            signed / name).read_bytes()


def test_file_over_the_limit_is_not_fetched_whole(
        player, fetching, server, tmp_path):
    server.files[f"/logs/{ARTIFACT}"] = bytes(500_000)
    fetching["countersign_fetch_max_size"] = 100_000
    played = player.role("countersign-fetch", fetching)
    assert not played.ok
    assert "it has more than 100000 bytes" in " ".join(played.output.split())
    assert sum(path.stat().st_size
               for path in (tmp_path / "fetched").iterdir()) <= 100_000


def test_file_that_is_not_served_stops_the_role(player, fetching, server):
    del server.files[f"/logs/{ARTIFACT}"]
    played = player.role("countersign-fetch", fetching)
    assert not played.ok
    assert "404" in played.output


def test_file_that_is_not_offered_stops_the_role(player, fetching, server):
    fetching["countersign_fetch_artifacts"] = [offer(server, "other.tar.gz")]
    refused(player, fetching, server, f"{ARTIFACT} must be offered exactly",
            "it is offered 0 times")


def test_file_that_is_offered_twice_stops_the_role(player, fetching, server):
    fetching["countersign_fetch_artifacts"].append(
        offer(server, ARTIFACT, "/logs/second"))
    refused(player, fetching, server, "it is offered 2 times")


@pytest.mark.parametrize("url", [
    pytest.param("http://127.0.0.1:1/logs/a", id="other-port"),
    pytest.param("file:///etc/passwd", id="file"),
    pytest.param("{server}@evil.example.org/logs/a", id="user"),
    pytest.param("{server}/other/a", id="other-folder"),
    pytest.param("{server}/logs/../other/a", id="dots"),
    pytest.param("{server}/logs/%2e%2E/other/a", id="encoded-dots"),
    pytest.param("{server}/logs/a b", id="blank"),
    pytest.param("{server}/logs/a\n--output=x", id="newline"),
    pytest.param("{server}/logs\\..\\a", id="backslash"),
])
def test_file_at_a_foreign_place_stops_the_role(
        player, fetching, server, url):
    fetching["countersign_fetch_artifacts"] = [
        {"name": ARTIFACT, "url": url.format(server=server.url)}]
    refused(player, fetching, server, "must be offered exactly once, at one")


@pytest.mark.parametrize("prefix", [
    "", "https://", "https://logs.example.org", "ftp://logs.example.org/",
    "https://user@logs.example.org/"])
def test_allowed_place_must_name_a_whole_host(
        player, fetching, server, prefix):
    fetching["countersign_fetch_url_prefixes"] = [prefix]
    refused(player, fetching, server, "countersign_fetch_url_prefixes must")


def test_no_redirection_is_followed(player, fetching, server, tmp_path):
    server.files["/other/a"] = server.files[f"/logs/{ARTIFACT}"]
    server.moved[f"/logs/{ARTIFACT}"] = f"{server.url}/other/a"
    assert not player.role("countersign-fetch", fetching).ok
    assert "/other/a" not in server.asked


def test_url_is_no_template_and_no_glob(player, fetching, server, tmp_path):
    fetching["countersign_fetch_artifacts"] = [
        offer(server, ARTIFACT, "/logs/[1-3]{a,b}")]
    assert not player.role("countersign-fetch", fetching).ok
    assert server.asked == ["/logs/[1-3]{a,b}"]


def test_folder_that_holds_something_is_refused(
        player, fetching, server, tmp_path):
    (tmp_path / "fetched").mkdir()
    (tmp_path / "fetched/.hidden").touch()
    refused(player, fetching, server, "is not empty")
    assert fetched(tmp_path) == [".hidden"]


def test_tag_that_is_no_release_is_refused(player, fetching, server):
    fetching["countersign_fetch_tag"] = "1.0"
    refused(player, fetching, server, "tag-not-a-release")


def test_unknown_project_is_refused(player, fetching, server):
    fetching["countersign_fetch_project"] = "example/other"
    refused(player, fetching, server, "unknown-project")


@pytest.fixture
def with_manifest(fetching, server, tmp_path):
    server.files["/logs/manifest.yaml"] = b"a claim"
    fetching["countersign_fetch_artifacts"].append(
        offer(server, "manifest.yaml"))
    fetching["countersign_fetch_manifest"] = str(tmp_path / "claims.yaml")
    return tmp_path / "claims.yaml"


def test_manifest_of_the_builder_comes_along_when_asked_for(
        player, fetching, server, with_manifest, tmp_path):
    assert player.role("countersign-fetch", fetching).ok
    assert with_manifest.read_bytes() == b"a claim"
    assert fetched(tmp_path) == [ARTIFACT]


def test_manifest_that_is_not_offered_stops_the_role(
        player, fetching, server, with_manifest):
    del fetching["countersign_fetch_artifacts"][-1]
    refused(player, fetching, server, "manifest.yaml must be offered exactly")


def test_older_manifest_is_not_taken_for_the_new_one(
        player, fetching, server, with_manifest):
    with_manifest.write_text("older")
    refused(player, fetching, server, "claims.yaml exists")
    assert with_manifest.read_text() == "older"


def test_check_mode_fetches_nothing(player, fetching, server, tmp_path):
    before = snapshot(tmp_path / "fetched")
    assert player.role("countersign-fetch", fetching, "--check").ok
    assert server.asked == []
    assert snapshot(tmp_path / "fetched") == before

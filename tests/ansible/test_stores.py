"""countersign-fetch, from the servers that sites keep their files on: a real
OpenStack Swift, a real registry, and the intermediate registry of Zuul."""

import gzip
import json
import time

import pytest
from rig import ARTIFACT, PROJECT, SIGNED, prefixed
from stores import Processes, Registry, Swift, ZuulRegistry, ask


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("stores")


@pytest.fixture(scope="module")
def processes(folder):
    processes = Processes(folder)
    try:
        yield processes
    finally:
        processes.stop()


@pytest.fixture(scope="module")
def swift(folder, processes):
    return Swift(folder / "swift", processes)


@pytest.fixture(scope="module")
def logs(swift):
    return swift.container("zuul-logs")


@pytest.fixture(scope="module")
def registry(folder, processes):
    return Registry(folder / "registry", processes, {
        "filesystem": {"rootdirectory": str(folder / "blobs")}})


@pytest.fixture
def artifact(signed):
    return (signed / ARTIFACT).read_bytes()


@pytest.fixture
def fetch(player, source, tmp_path):
    """Runs the role on one URL, or on several by name."""
    def fetch(prefix, urls, **more):
        if isinstance(urls, str):
            urls = {ARTIFACT: urls}
        return player.role("countersign-fetch", prefixed("fetch", {
            "executable": source["executable"], "policy": source["policy"],
            "project": PROJECT, "tag": source["tag"],
            "artifacts": [{"name": name, "url": url}
                          for name, url in urls.items()],
            "url_prefixes": [prefix], "dir": str(tmp_path / "fetched")}
            | more))
    return fetch


def fetched(tmp_path):
    return {path.name: path.read_bytes()
            for path in (tmp_path / "fetched").iterdir()}


def stopped(played, *shown):
    """The role asked, got no file, and says why."""
    assert not played.ok
    output = " ".join(played.output.split())
    for text in (f"{ARTIFACT} could not be fetched", *shown):
        assert text in output


def refused(played):
    """The role stopped before it asked anybody."""
    assert not played.ok
    assert "at one of" in " ".join(played.output.split())
    assert not played.ran(": Fetch")


def test_signed_release_comes_from_swift(
        fetch, swift, logs, signed, tmp_path):
    urls = {path.name: swift.put(f"{logs}/ab/1/{path.name}",
                                 path.read_bytes())
            for path in signed.iterdir()}
    played = fetch(f"{swift.url}/v1/AUTH_test/zuul-logs/", urls, signed=True)
    assert played.ok
    assert played.ran(": Fetch")
    assert sorted(urls) == sorted([ARTIFACT, *SIGNED])
    assert fetched(tmp_path) == {
        path.name: path.read_bytes() for path in signed.iterdir()}
    assert all(swift.asked(url) for url in urls.values())


def test_signed_release_comes_as_zuul_jobs_uploads_it(
        fetch, swift, signed, tmp_path):
    """upload-logs-swift with zuul_log_partition spreads builds over
    containers. It packs text and what it does not know. What is packed by its
    name it leaves alone, and labels it the same."""
    shard = swift.container("zuul_logs_ab")
    urls = {}
    for path in signed.iterdir():
        content = path.read_bytes()
        if path.name != ARTIFACT:
            content = gzip.compress(content)
        urls[path.name] = swift.put(f"{shard}/1/{path.name}", content,
                                    Content_Encoding="gzip")
    assert fetch(f"{swift.url}/v1/AUTH_test/zuul_logs_", urls,
                 signed=True).ok
    assert fetched(tmp_path) == {
        path.name: path.read_bytes() for path in signed.iterdir()}


def segments(swift, logs, name, content):
    """The content in three parts, as objects of their own."""
    size = len(content) // 3 + 1
    container = logs.rsplit("/", 1)[1]
    for number in range(3):
        swift.put(f"{logs}/{name}-parts/{number}",
                  content[number * size:(number + 1) * size])
    return [f"/{container}/{name}-parts/{number}" for number in range(3)]


def static(swift, logs, name, content):
    paths = segments(swift, logs, name, content)
    swift.put(f"{logs}/{name}?multipart-manifest=put",
              json.dumps([{"path": path} for path in paths]))
    return f"{logs}/{name}"


def dynamic(swift, logs, name, content):
    first, *_ = segments(swift, logs, name, content)
    return swift.put(f"{logs}/{name}", b"",
                     X_Object_Manifest=first.strip("/").removesuffix("0"))


@pytest.fixture(scope="module")
def listed(swift):
    """To read a dynamic large object, one must be allowed to list. zuul-jobs
    makes its containers so."""
    return swift.container("zuul-listed", read=".r:*,.rlistings")


@pytest.mark.parametrize("kind", [static, dynamic])
def test_large_object_arrives_whole(
        fetch, swift, listed, artifact, tmp_path, kind):
    url = kind(swift, listed, f"whole-{kind.__name__}", artifact)
    assert fetch(f"{listed}/", url).ok
    assert fetched(tmp_path) == {ARTIFACT: artifact}


def test_readers_need_the_parts_and_the_list_of_a_large_object(swift, logs):
    """What docs/zuul.md says of containers."""
    hidden = swift.container("parts", read="")
    parts = segments(swift, hidden, "a", bytes(3_000_000))
    swift.put(f"{logs}/hidden?multipart-manifest=put",
              json.dumps([{"path": path} for path in parts]))
    assert ask("GET", f"{logs}/hidden")[0] >= 400
    swift.container("parts", read=".r:*")
    assert ask("GET", f"{logs}/hidden")[0] == 200
    assert ask("GET", dynamic(swift, logs, "unlisted", b"abc"))[0] == 401


def test_large_object_that_lost_a_part_is_not_taken(
        fetch, swift, logs):
    url = static(swift, logs, "lost", bytes(3_000_000))
    swift.delete(f"{logs}/lost-parts/1")
    # The first part is there: the answer begins as a good one.
    stopped(fetch(f"{logs}/", url), "exit code 18")
    assert swift.asked(url)


@pytest.mark.parametrize("account, name", [
    ("test", "zuul-logs-of-others"), ("other", "zuul-logs")])
def test_object_of_another_place_is_refused_unasked(
        fetch, swift, artifact, account, name):
    url = swift.put(f"{swift.container(name, account)}/a", artifact)
    refused(fetch(f"{swift.url}/v1/AUTH_test/zuul-logs/", url))
    assert not swift.asked(url)


def test_object_that_expired_stops_the_role(fetch, swift, logs, artifact):
    url = swift.put(f"{logs}/expires", artifact, X_Delete_After="1")
    while ask("GET", url)[0] == 200:
        time.sleep(0.1)
    stopped(fetch(f"{logs}/", url), "error: 404")


def test_object_of_a_private_container_stops_the_role(
        fetch, swift, artifact):
    private = swift.container("private", read="")
    url = swift.put(f"{private}/a", artifact)
    stopped(fetch(f"{private}/", url), "error: 401")


def test_object_over_the_limit_is_stopped(fetch, swift, logs, tmp_path):
    url = swift.put(f"{logs}/over", bytes(500_000))
    stopped(fetch(f"{logs}/", url, max_size=100_000),
            "exit code 63 ", "it has more than 100000 bytes")
    assert fetched(tmp_path) == {}


def test_object_that_unpacks_to_more_than_the_limit_is_stopped(
        fetch, swift, logs, signed, tmp_path):
    urls = {path.name: swift.put(f"{logs}/bomb/{path.name}",
                                 path.read_bytes())
            for path in signed.iterdir()}
    name = f"{ARTIFACT}.asc"
    swift.put(urls[name], gzip.compress(bytes(500_000)),
              Content_Encoding="gzip")
    assert len(ask("GET", urls[name])[2]) < 1_000
    played = fetch(f"{logs}/", urls, signed=True, max_size=100_000)
    assert not played.ok
    assert f"{name} could not be fetched: exit code -25 " in " ".join(
        played.output.split())
    assert len(fetched(tmp_path)[name]) <= 100_000


def test_signed_release_comes_from_a_registry(
        fetch, registry, signed, tmp_path):
    files = {path.name: path.read_bytes() for path in signed.iterdir()}
    urls = dict(zip(files, registry.push("example/hello", *files.values())))
    played = fetch(f"{registry.url}/v2/example/hello/blobs/", urls,
                   signed=True)
    assert played.ok
    assert fetched(tmp_path) == files


def test_blob_of_another_repository_is_refused_unasked(
        fetch, registry, artifact):
    url, = registry.push("example/other", artifact)
    assert ask("GET", url)[::2] == (200, artifact)
    refused(fetch(f"{registry.url}/v2/example/hello/blobs/", url))
    assert f'"GET {url.removeprefix(registry.url)} HTTP/1.1" 200' in (
        registry.log.read_text())
    assert "curl" not in "".join(
        line for line in registry.log.read_text().splitlines()
        if "/example/other/" in line)


def test_redirection_of_a_registry_is_not_followed(fetch, registry):
    status, headers, _ = ask("GET", f"{registry.url}/v2")
    assert (status, headers["Location"]) == (301, "/v2/")
    stopped(fetch(f"{registry.url}/", f"{registry.url}/v2"),
            "exit code 47", "it is to be fetched elsewhere")
    assert '"GET /v2/ HTTP' not in registry.log.read_text()


@pytest.fixture(scope="module")
def redirecting(folder, processes, swift):
    """A registry that keeps its blobs in Swift, and sends readers there."""
    swift.container("registry", read="")
    return Registry(folder / "redirecting", processes, {"swift": {
        "username": "test:zuul", "password": "secret",
        "authurl": f"{swift.url}/auth/v1.0", "container": "registry"}})


def test_redirection_to_a_store_is_not_followed(
        fetch, redirecting, swift, artifact, tmp_path):
    url, = redirecting.push("example/hello", artifact)
    status, headers, _ = ask("GET", url)
    elsewhere = headers["Location"]
    assert status == 307
    assert elsewhere.startswith(f"{swift.url}/v1/AUTH_test/registry/")
    stopped(fetch(f"{redirecting.url}/", url),
            "exit code 47", "it is to be fetched elsewhere")
    # That store is listed, and asked for itself.
    (tmp_path / "fetched").rmdir()
    assert fetch(f"{swift.url}/v1/AUTH_test/registry/", elsewhere).ok
    assert fetched(tmp_path) == {ARTIFACT: artifact}


def test_registry_that_wants_a_password_stops_the_role(
        fetch, folder, processes, registry, artifact):
    url, = registry.push("example/closed", artifact)
    # The same blobs, behind a password.
    closed = Registry(
        folder / "closed", processes,
        {"filesystem": {"rootdirectory": str(folder / "blobs")}},
        auth={"htpasswd": {"realm": "tests",
                           "path": str(folder / "passwords")}})
    stopped(fetch(f"{closed.url}/", url.replace(registry.url, closed.url)),
            "error: 401")


def test_intermediate_registry_of_zuul_gives_blobs_for_a_token_only(
        fetch, folder, processes, artifact):
    """It is open to read, which means a token for everybody."""
    zuul = ZuulRegistry(folder / "zuul", processes)
    url, = zuul.push("example/hello", artifact,
                     Authorization=zuul.token("push"))
    pull = zuul.token("pull")
    assert ask("GET", url, Authorization=pull)[::2] == (200, artifact)
    # Nor does it keep repositories apart.
    other = url.replace("/hello/", "/other/")
    assert ask("GET", other, Authorization=pull)[0] == 200
    stopped(fetch(f"{zuul.url}/v2/example/hello/blobs/", url), "error: 401")

"""Downloads against a local server that drops connections, ignores ranges, and sends the wrong bytes."""

import hashlib
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import numpy as np
import pytest

from skpbnas.datasets import DataFileError, download_nasbench101
from skpbnas.datasets.nasbench101 import _download
from skpbnas.datasets.nasbench101._download import OfficialFile, download

CONTENT = np.random.default_rng(0).bytes(300_000)
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class Server(HTTPServer):
    """Serves CONTENT; the attributes say how badly."""

    content = CONTENT
    most = None  # bytes after which a connection is dropped
    ranges = True
    status = 200
    tells_length = True

    def __init__(self):
        self.asked = []  # the Range header of each request
        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}/nasbench_only108.tfrecord"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        server = self.server
        wanted = self.headers.get("Range")
        server.asked.append(wanted)
        start = int(wanted[len("bytes=") : -1]) if wanted and server.ranges else 0
        if server.status != 200:
            self.send_error(server.status)
        elif start and start >= len(server.content):
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{len(server.content)}")
            self.end_headers()
        else:
            body = server.content[start:]
            self.send_response(206 if start else 200)
            if start:
                self.send_header(
                    "Content-Range", f"bytes {start}-{len(server.content) - 1}/{len(server.content)}"
                )
            if server.tells_length:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[: server.most])

    def log_message(self, *args):
        pass


@pytest.fixture
def server():
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def target(tmp_path):
    return tmp_path / "folder" / "nasbench_only108.tfrecord"


def get(server, target, **kwargs):
    official = OfficialFile(server.url, SHA256, max_size=2 * len(CONTENT))
    return download(official, target, retries=kwargs.pop("retries", 2), pause=0, **kwargs)


def part_of(target):
    return target.with_name(target.name + ".part")


def test_a_file_arrives_whole(server, target):
    assert get(server, target, progress=True) == target
    assert target.read_bytes() == CONTENT
    assert [path.name for path in target.parent.iterdir()] == [target.name]


def test_dropped_connections_are_resumed_where_they_broke(server, target):
    server.most = 100_001
    get(server, target)
    assert target.read_bytes() == CONTENT
    assert server.asked == [None, "bytes=100001-", "bytes=200002-"]


def test_an_earlier_download_is_gone_on_with(server, target):
    target.parent.mkdir()
    part_of(target).write_bytes(CONTENT[:250_000])
    get(server, target)
    assert target.read_bytes() == CONTENT
    assert server.asked == ["bytes=250000-"]


def test_a_part_that_is_whole_already_needs_no_bytes(server, target):
    target.parent.mkdir()
    part_of(target).write_bytes(CONTENT)
    get(server, target)
    assert target.read_bytes() == CONTENT


def test_a_part_longer_than_the_file_is_thrown_away(server, target):
    target.parent.mkdir()
    part_of(target).write_bytes(CONTENT + b"more")
    get(server, target)
    assert target.read_bytes() == CONTENT


def test_a_server_without_ranges_sends_all_again(server, target):
    server.ranges = False
    target.parent.mkdir()
    part_of(target).write_bytes(b"x" * 250_000)
    get(server, target)
    assert target.read_bytes() == CONTENT


def test_a_server_without_ranges_that_always_breaks_is_given_up(server, target):
    server.ranges, server.most = False, 100_000
    with pytest.raises(OSError, match="the connection was closed before the end; 100000 bytes are kept in"):
        get(server, target)
    assert len(server.asked) == 4
    server.most = None
    assert get(server, target).read_bytes() == CONTENT


def test_a_server_that_tells_no_length_is_checked_by_the_hash(server, target):
    server.tells_length = False
    assert get(server, target).read_bytes() == CONTENT


@pytest.mark.parametrize("content", [CONTENT[:-1], b"!" + CONTENT[1:], b"<html>not here</html>"])
def test_wrong_bytes_are_removed(server, target, content):
    server.content = content
    with pytest.raises(DataFileError, match="SHA-256 .* instead of .*removed") as info:
        get(server, target)
    assert info.value.path == str(target)
    assert list(target.parent.iterdir()) == []


@pytest.mark.parametrize("tells_length", [True, False])
def test_a_download_without_an_end_is_stopped(server, target, tells_length):
    server.content, server.tells_length = CONTENT * 3, tells_length
    with pytest.raises(DataFileError, match="fewer than 600000; what was received is removed"):
        get(server, target)
    assert list(target.parent.iterdir()) == []


def test_an_existing_file_is_never_touched(server, target):
    target.parent.mkdir()
    target.write_bytes(b"mine")
    with pytest.raises(FileExistsError, match="is there already") as info:
        get(server, target)
    assert info.value.filename == str(target)
    assert target.read_bytes() == b"mine"
    assert server.asked == []


def test_a_file_that_is_not_there_is_not_asked_for_again(server, target):
    server.status = 404
    with pytest.raises(OSError, match="the server answers 404"):
        get(server, target)
    assert len(server.asked) == 1


def test_a_server_in_trouble_is_asked_again(server, target):
    server.status = 503
    with pytest.raises(OSError, match="503"):
        get(server, target, retries=2)
    assert len(server.asked) == 3


def test_no_server_at_all(target):
    with Server() as closed:
        url = closed.url
    with pytest.raises(OSError, match=f"{url}: .*0 bytes are kept"):
        download(OfficialFile(url, SHA256, 1), target, retries=1, pause=0)


def test_a_folder_that_cannot_be_written_is_named_at_once(server, tmp_path):
    (tmp_path / "folder").write_bytes(b"a file")
    with pytest.raises(OSError, match="folder"):
        get(server, tmp_path / "folder" / "file")
    assert server.asked == []


def test_the_official_names(server, tmp_path, monkeypatch):
    official = OfficialFile(server.url, SHA256, 2 * len(CONTENT))
    monkeypatch.setitem(_download.OFFICIAL_FILES, "only108", official)
    monkeypatch.setenv("SKPBNAS_CACHE", str(tmp_path / "cache"))
    path = download_nasbench101(progress=False)
    assert path == tmp_path / "cache" / "nasbench_only108.tfrecord"
    assert path.read_bytes() == CONTENT
    with pytest.raises(ValueError, match=r"which='108' is unknown; choose from \['full', 'only108'\]"):
        download_nasbench101("108")

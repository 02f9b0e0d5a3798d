"""Stage in: what arrives is what was promised, where it was asked for, within the disk limit."""

from __future__ import annotations

import asyncio
import hashlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from tests.agent.builders import KEY, a_centre, a_lease

from suanwang.agent import staging
from suanwang.agent.api import Api
from suanwang.agent.cold import ColdStore
from suanwang.agent.errors import (
    DiskFull,
    InputChecksum,
    InputForbidden,
    InputMissing,
    InputTooLarge,
    InputUnreachable,
)
from suanwang.agent.lease import LeaseInput
from suanwang.agent.sources import public_address
from suanwang.agent.staging import Stager, safe_path

HELLO = hashlib.sha256(b"hello").hexdigest()


def stage(tmp_path, *inputs, centre=None, limit=10**6, server="http://127.0.0.1:9"):
    """Stage inputs into a fresh directory; returns it and the bytes that came."""
    work = tmp_path / "work"
    work.mkdir(exist_ok=True)

    async def go():
        api = Api(server, KEY)
        stager = Stager(
            a_lease(*inputs), centre=centre or a_centre(export=tmp_path / "export"), api=api,
            cold=ColdStore(tmp_path / "cold"), back_off_seconds=0.001,
        )  # fmt: skip
        try:
            return await stager.stage_in(work, limit_bytes=limit)
        finally:
            await api.close()

    return work, asyncio.run(go())


@pytest.fixture
def export(tmp_path):
    folder = tmp_path / "export"
    folder.mkdir()
    (folder / "hello.txt").write_bytes(b"hello")
    (tmp_path / "secret.txt").write_bytes(b"secret")
    (folder / "link").symlink_to(tmp_path / "secret.txt")
    return folder


@pytest.mark.parametrize("to", ["x/y.txt", "./x/y.txt", "y.txt", "图/甲.txt"])
def test_a_file_of_the_export_directory_lands_where_it_was_asked(tmp_path, export, to):
    wanted = LeaseInput(source=f"file://{export}/hello.txt", to=to, sha256=HELLO, bytes=5)
    work, came = stage(tmp_path, wanted)
    assert (work / to).read_bytes() == b"hello"
    assert came == 5
    assert not list(work.rglob("*partial*"))


def test_a_target_ending_in_a_slash_is_a_directory(tmp_path, export):
    work, _ = stage(tmp_path, LeaseInput(source=f"file://{export}/hello.txt", to="in/"))
    assert (work / "in" / "hello.txt").exists()


def test_a_directory_comes_with_its_files_but_not_with_its_links(tmp_path, export):
    work, came = stage(tmp_path, LeaseInput(source=f"file://{export}", to="all"))
    assert [p.name for p in (work / "all").iterdir()] == ["hello.txt"]
    assert came == 5


@pytest.mark.parametrize("to", ["../x", "/etc/x", "a/../../x", "", "a\0b"])
def test_a_target_outside_the_work_directory_is_refused(tmp_path, to):
    with pytest.raises(InputForbidden):
        safe_path(tmp_path, to, source="x")


def test_a_target_through_a_link_is_refused(tmp_path):
    (tmp_path / "out").symlink_to("/tmp")
    with pytest.raises(InputForbidden):
        safe_path(tmp_path, "out/x", source="x")


@pytest.mark.parametrize(
    ("source", "error"),
    [
        ("file:///etc/passwd", InputForbidden),
        ("file://{export}/../secret.txt", InputForbidden),
        ("file://{export}/link", InputForbidden),
        ("file://{export}/nothing", InputMissing),
        ("gopher://x/y", InputForbidden),
        ("http://127.0.0.1:9/x", InputForbidden),
        ("http://169.254.169.254/latest/meta-data", InputForbidden),
        ("store://job_01JB3ZK8Q4AAAAAAAAAAAAAAAA/x", InputMissing),
    ],
)
def test_what_may_not_be_read_is_refused_by_name(tmp_path, export, source, error):
    with pytest.raises(error):
        stage(tmp_path, LeaseInput(source=source.format(export=export), to="x"))


def test_without_an_export_directory_no_file_is_read(tmp_path, export):
    with pytest.raises(InputForbidden):
        stage(tmp_path, LeaseInput(source=f"file://{export}/hello.txt", to="x"), centre=a_centre())


@pytest.mark.parametrize(("sha256", "size"), [("0" * 64, None), (None, 6), ("0" * 64, 5)])
def test_a_file_that_differs_from_its_promise_is_not_kept(tmp_path, export, sha256, size):
    wanted = LeaseInput(source=f"file://{export}/hello.txt", to="x", sha256=sha256, bytes=size)
    with pytest.raises(InputChecksum):
        stage(tmp_path, wanted)
    assert not (tmp_path / "work" / "x").exists()


def test_staging_stops_at_the_disk_limit_and_not_after_it(tmp_path, export):
    (export / "big").write_bytes(b"x" * 3_000_000)
    with pytest.raises(InputTooLarge):
        stage(tmp_path, LeaseInput(source=f"file://{export}/big", to="x"), limit=2_000_000)
    written = sum(p.stat().st_size for p in (tmp_path / "work").iterdir())
    assert written <= 2_000_000


def test_a_full_disk_is_the_centres_fault(tmp_path, export):
    with pytest.raises(DiskFull) as found:
        stage(tmp_path, limit=10**18)
    assert found.value.fault == "centre"


def test_a_server_that_is_away_is_the_centres_fault_after_some_attempts(tmp_path):
    with pytest.raises(InputUnreachable) as found:
        stage(tmp_path, LeaseInput(source=f"blob:{HELLO}", to="x"))
    assert (found.value.fault, found.value.facts["attempts"]) == ("centre", staging.ATTEMPTS)


class Web(BaseHTTPRequestHandler):
    """Answers by path; counts what was asked."""

    asked: list[str] = []

    def do_GET(self):
        self.asked.append(self.path)
        if self.path == "/ok":
            self.answer(200, b"hello")
        elif self.path == "/moved":
            self.answer(302, b"", location="/ok")
        elif self.path == "/inside":
            self.answer(302, b"", location="http://127.0.0.2:9/x")
        elif self.path == "/flaky" and self.asked.count("/flaky") < 3:
            self.answer(503, b"")
        elif self.path == "/flaky":
            self.answer(200, b"hello")
        else:
            self.answer(404, b"")

    def answer(self, status, body, location=None):
        self.send_response(status)
        if location:
            self.send_header("Location", location)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


@pytest.fixture
def web():
    Web.asked = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Web)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("path", ["ok", "moved", "flaky"])
def test_a_page_is_fetched_redirected_and_tried_again(tmp_path, web, path):
    centre = a_centre(private_hosts=[web])
    wanted = LeaseInput(source=f"http://{web}/{path}", to="x", sha256=HELLO)
    work, came = stage(tmp_path, wanted, centre=centre)
    assert ((work / "x").read_bytes(), came) == (b"hello", 5)


def test_a_page_that_is_not_there_is_the_buyers_fault_at_once(tmp_path, web):
    with pytest.raises(InputMissing):
        stage(tmp_path, LeaseInput(source=f"http://{web}/no", to="x"),
              centre=a_centre(private_hosts=[web]))  # fmt: skip
    assert Web.asked == ["/no"]


def test_a_redirect_into_the_centre_is_refused(tmp_path, web):
    with pytest.raises(InputForbidden):
        stage(tmp_path, LeaseInput(source=f"http://{web}/inside", to="x"),
              centre=a_centre(private_hosts=[web]))  # fmt: skip


@pytest.mark.parametrize("host", ["127.0.0.1", "10.1.2.3", "169.254.169.254", "::1", "localhost"])
def test_addresses_inside_the_centre_need_the_operators_word(host):
    with pytest.raises(InputForbidden):
        public_address("u", host, 80, private_hosts=())
    assert public_address("u", host, 80, private_hosts=(f"{host}:80",))


def test_an_address_of_the_open_internet_needs_nobodys_word():
    assert public_address("u", "192.88.98.1", 80, private_hosts=()) == "192.88.98.1"


def test_a_blob_comes_from_the_server_with_the_key(tmp_path, server):
    sha256 = server.blob(b"hello")
    work, came = stage(tmp_path, LeaseInput(source=f"blob:{sha256}", to="x"), server=server.url)
    assert ((work / "x").read_bytes(), came) == (b"hello", 5)


def test_a_blob_that_arrives_changed_is_refused(tmp_path, server):
    sha256 = server.blob(b"hello")
    server.blobs[sha256] = b"jello"
    with pytest.raises(InputChecksum):
        stage(tmp_path, LeaseInput(source=f"blob:{sha256}", to="x"), server=server.url)

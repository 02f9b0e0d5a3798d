"""Heads on a real EVM chain: what grew is taken, what was rolled back or bent is refused and named."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import resources

import pytest
from tests.ledger.log.bundles import LOG, ORIGIN
from typer import Typer
from typer.testing import CliRunner

from suanwang.ledger.log.notes import Checkpoint, Signer, sign_checkpoint
from suanwang.ledger.log.tiles import grow
from suanwang.ledger.log.tree import leaf_hash, root
from suanwang.server.anchor_command import anchor
from suanwang.server.anchor_errors import AnchorMissing, AnchorRefused, ChainUnavailable
from suanwang.server.anchoring import (
    Agreement,
    Anchor,
    connect,
    contract_document,
    deploy,
    origin_hash,
)

pytestmark = pytest.mark.real
ENTRIES = [b"%d" % number for number in range(600)]
OTHERS_KEY = "0x" + "11" * 32  # an account with a key of its own and no money
# The packages of the chain warn about their own dependencies.
pytestmark = [pytest.mark.real, pytest.mark.filterwarnings("ignore")]


def head(size: int, *, fork: bytes = b"") -> Checkpoint:
    return Checkpoint(origin=ORIGIN, size=size, root=root([*ENTRIES[: size - 1], fork + b"end"]
                      if fork else ENTRIES[:size]))  # fmt: skip


def tiles(*, fork: bytes = b""):
    entries = [fork + each for each in ENTRIES]
    made = grow(0, [leaf_hash(each) for each in entries], lambda *_: b"")
    return lambda level, number: made[level, number]


@contextmanager
def py_evm():
    """Serve py-evm's JSON-RPC by HTTP, with errors as a node writes them."""
    # py-evm raises the limit of the whole process beyond what C's stack holds: other tests, which
    # nest JSON without end, would die of it.
    limit = sys.getrecursionlimit()
    from eth_tester.exceptions import TransactionFailed  # noqa: PLC0415 - slow
    from web3 import Web3  # noqa: PLC0415 - slow
    from web3.datastructures import NamedElementOnion  # noqa: PLC0415 - slow
    from web3.providers.eth_tester import EthereumTesterProvider  # noqa: PLC0415 - slow

    sys.setrecursionlimit(limit)
    chain = EthereumTesterProvider()
    # With the provider's own middleware, which gives names and numbers the form of JSON-RPC.
    ask = chain.request_func(Web3(chain), NamedElementOnion([]))

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            try:
                answer = ask(asked["method"], asked["params"])
            except TransactionFailed as error:
                answer = {"error": {"code": 3, "message": str(error), "data": "0x"}}
            said = json.dumps(
                answer | {"jsonrpc": "2.0", "id": asked["id"]},
                default=lambda value: (
                    "0x" + bytes(value).hex() if isinstance(value, bytes) else dict(value)
                ),
            ).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@contextmanager
def anvil():
    """Start anvil where it is installed."""
    program = shutil.which("anvil")
    if program is None:
        pytest.skip("needs anvil")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen([program, "--port", str(port), "--silent"])
    try:
        for _ in range(100):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture(scope="module", params=[py_evm, anvil], ids=["py-evm", "anvil"])
def url(request):
    with request.param() as found:
        yield found


@pytest.fixture
def web3(url):
    return connect(url)


@pytest.fixture
def there(web3, url):
    return Anchor(web3, deploy(web3, url=url), url=url)


def test_the_compiled_contract_is_that_of_the_source():
    import vyper  # noqa: PLC0415 - slow

    source = resources.files("suanwang.ledger.anchor").joinpath("anchor.vy").read_text("utf-8")
    made = vyper.compile_code(source, output_formats=["abi", "bytecode"])
    kept = contract_document()
    assert kept["compiler"] == f"vyper {vyper.__version__}", "compile it again with this compiler"
    assert (kept["abi"], kept["bytecode"]) == (made["abi"], made["bytecode"])


def test_a_head_that_grew_is_taken(there):
    assert there.latest(ORIGIN) is None
    for size in (3, 4, 600):
        assert len(there.add(head(size))) == 64
        found = there.latest(ORIGIN)
        assert (found.size, found.root) == (size, head(size).root)
        assert found.seconds > 1_600_000_000


@pytest.mark.parametrize(
    "second",
    [head(7), head(7, fork=b"x"), head(6), Checkpoint(origin=ORIGIN, size=0, root=b"\x01" * 32)],
    ids=["the same", "another of its size", "rolled back", "empty"],
)
def test_a_head_that_did_not_grow_is_refused(there, second):
    there.add(head(7))
    with pytest.raises(AnchorRefused, match="did not grow"):
        there.add(second)
    assert there.latest(ORIGIN).root == head(7).root


def test_a_head_without_a_root_is_refused(there):
    with pytest.raises(AnchorRefused, match="has a root"):
        there.add(Checkpoint(origin=ORIGIN, size=7, root=bytes(32)))


def test_logs_do_not_mix(there):
    there.add(head(7))
    other = Checkpoint(origin="other.example", size=2, root=b"\x02" * 32)
    there.add(other)
    assert (there.latest(ORIGIN).size, there.latest("other.example").size) == (7, 2)


def test_only_the_owner_adds(there, web3):
    accounts = web3.eth.accounts
    call = there._contract.functions.anchor(origin_hash(ORIGIN), 7, b"\x01" * 32)
    with pytest.raises(Exception, match="only the owner anchors"):
        call.transact({"from": accounts[1]})
    assert there.latest(ORIGIN) is None
    web3.eth.wait_for_transaction_receipt(
        web3.eth.send_transaction(
            {"from": accounts[0], "value": 10**18,
             "to": web3.eth.account.from_key(OTHERS_KEY).address}
        )
    )  # fmt: skip
    stranger = Anchor(web3, there.address, url=there.url, private_key=OTHERS_KEY)
    with pytest.raises(AnchorRefused, match="only the owner anchors"):
        stranger.add(head(7))


def test_an_account_with_a_key_of_its_own_deploys_and_adds(web3, url):
    account = web3.eth.account.from_key("0x" + "22" * 32)
    funded = {"from": web3.eth.accounts[0], "to": account.address, "value": 10**18}
    web3.eth.wait_for_transaction_receipt(web3.eth.send_transaction(funded))
    key = "0x" + "22" * 32
    own = Anchor(web3, deploy(web3, url=url, private_key=key), url=url, private_key=key)
    own.add(head(7))
    assert own.latest(ORIGIN).size == 7


@pytest.mark.parametrize(
    ("size", "fork", "with_tiles", "found"),
    [
        (300, b"", False, Agreement.SAME),
        (300, b"x", False, Agreement.FORKED),
        (9, b"", False, Agreement.SAME),  # anchored before
        (9, b"x", False, Agreement.FORKED),
        (500, b"", False, Agreement.NEWER),
        (200, b"", False, Agreement.OLDER),
        (500, b"", True, Agreement.CONTINUES),
        (200, b"", True, Agreement.BEFORE),
        (500, b"x", True, Agreement.FORKED),
        (200, b"x", True, Agreement.FORKED),
    ],
)
def test_a_head_is_compared_with_what_is_on_the_chain(there, size, fork, with_tiles, found):
    assert there.check(head(size)) is Agreement.NONE
    there.add(head(9))
    there.add(head(300))
    assert there.check(head(size, fork=fork), read=tiles() if with_tiles else None) is found


def test_what_is_not_there_is_named(web3, url):
    for address in ("0x" + "00" * 19 + "99", "junk", ""):
        with pytest.raises(AnchorMissing):
            Anchor(web3, address, url=url)
    with pytest.raises(ChainUnavailable):
        connect("http://127.0.0.1:9")


@pytest.fixture
def command(tmp_path, monkeypatch, url):
    monkeypatch.setenv("SUANWANG_LANG", "en")
    monkeypatch.chdir(tmp_path)
    app = Typer(add_completion=False)
    app.command()(anchor)
    for size in (7, 9):
        (tmp_path / f"head{size}").write_text(sign_checkpoint(head(size), LOG))
    (tmp_path / "key").write_text(LOG.verifier.vkey + "\n")
    (tmp_path / "other").write_text(Signer(name=ORIGIN, private=b"\x09" * 32).verifier.vkey)
    (tmp_path / "account").write_text("junk")
    return lambda *args: CliRunner().invoke(app, ["--rpc", url, *args])


def test_the_command_deploys_adds_and_checks(command):
    address = json.loads(command("--deploy", "--json").stdout)["contract"]
    common = ("--contract", address, "--key", "key")
    assert command(*common, "--head", "head7", "--check").exit_code == 1
    done = command(*common, "--head", "head7")
    assert (done.exit_code, "The head of 7 leaves is on the chain" in done.stdout) == (0, True)
    assert command(*common, "--head", "head7", "--check").exit_code == 0
    done = command(*common, "--head", "head9", "--check")
    assert (done.exit_code, "NOT SHOWN" in done.stdout) == (1, True)
    done = command(*common, "--head", "head7")
    assert (done.exit_code, "did not grow" in done.stderr) == (5, True)
    assert command(*common, "--head", "head9").exit_code == 0


@pytest.mark.parametrize(
    "args",
    [
        ("--contract", "junk", "--head", "head7", "--key", "key"),
        ("--head", "none", "--key", "key"),
        ("--account", "account", "--deploy"),
    ],
)
def test_a_mistake_on_the_command_line_is_one_sentence(command, args):
    done = command(*args)
    assert done.exit_code in (1, 2)
    assert done.stderr.startswith("Error: ")


def test_a_head_that_the_exchange_did_not_sign_is_not_anchored(command):
    address = json.loads(command("--deploy", "--json").stdout)["contract"]
    done = command("--contract", address, "--head", "head7", "--key", "other")
    assert (done.exit_code, "signature" in done.stderr) == (2, True)
    done = command("--contract", address, "--head", "head7")
    assert (done.exit_code, "--key" in done.stderr) == (2, True)


def test_the_log_is_read_from_the_exchange_and_proven_by_its_tiles(command, tmp_path):
    made = grow(0, [leaf_hash(each) for each in ENTRIES[:500]], lambda *_: b"")
    pages = {"/v1/ledger/checkpoint": sign_checkpoint(head(500), LOG).encode()}
    for path, place in {
        "tile/0/000": (0, 0), "tile/0/001.p/244": (0, 1), "tile/1/000.p/1": (1, 0),
    }.items():  # fmt: skip
        pages[f"/v1/ledger/{path}"] = made[place]

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200 if self.path in pages else 404)
            self.end_headers()
            self.wfile.write(pages.get(self.path, b""))

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    exchange = f"http://127.0.0.1:{server.server_port}/"
    address = json.loads(command("--deploy", "--json").stdout)["contract"]
    common = ("--contract", address, "--key", "key")
    assert command(*common, "--head", "head9").exit_code == 0
    done = command(*common, "--head", exchange, "--check", "--json")
    assert json.loads(done.stdout)["found"] == "continues"
    del pages["/v1/ledger/checkpoint"]
    done = command(*common, "--head", exchange)
    assert (done.exit_code, "404" in done.stderr) == (1, True)
    server.shutdown()
    server.server_close()

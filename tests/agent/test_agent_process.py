"""The agent as a real process with a real sandbox, against a server that follows the contract."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import time

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from tests.agent.builders import ROOT, AgentProcess, wait_alive, wait_gone

from suanwang.jobs.usage import UsageRecord

pytestmark = pytest.mark.real


def test_a_job_runs_from_lease_to_signed_usage(server, start_agent):
    agent = start_agent()
    sha256 = server.blob(b"hello")
    lease = server.lease({
        "run": "cat in/x.txt > out.txt; echo said; echo $SUANWANG_JOB_NAME >&2",
        "inputs": [{"from": f"blob:{sha256}", "to": "in/x.txt", "sha256": sha256}],
        "outputs": ["out.txt"],
    })  # fmt: skip
    body = server.report(lease).body
    assert server.verbs(lease) == ["staged", "started", "returned"]
    assert (body["exit_code"], body["ended_by"]) == (0, "exit")
    assert server.outputs["out.txt"] == b"hello"
    assert body["outputs"][0]["sha256"] == hashlib.sha256(b"hello").hexdigest()
    assert sorted(line["text"] for line in server.lines) == ["said", "x"]
    record = UsageRecord.from_wire(body["usage"])
    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(server.hellos[0]["public_key"]))
    key.verify(bytes.fromhex(body["signature"]), record.signing_bytes())
    assert (record.bytes_in, record.bytes_out, record.cards) == (5, 5, 1)
    assert record.centre_id == server.centre_id
    assert agent.end() == 0
    assert list(agent.home.jobs.iterdir()) == []


def test_a_relative_directory_is_as_good_as_an_absolute_one(server, start_agent, monkeypatch):
    monkeypatch.setattr(AgentProcess, "folder", lambda _, home: os.path.relpath(home.folder, ROOT))
    start_agent()
    body = server.report(server.lease({"run": "exit 7"})).body
    assert (body["exit_code"], body["ended_by"]) == (7, "exit")


def test_kill_9_of_the_agent_kills_its_job_and_the_next_agent_says_so(server, start_agent):
    mark = f"sleep 9{os.getpid()}"
    agent = start_agent()
    lease = server.lease({"run": mark})
    server.wait_for(lease, "started")
    wait_alive(mark)
    agent.end(signal.SIGKILL)
    assert wait_gone(mark)
    agent = start_agent()
    body = server.report(lease).body
    assert (body["fault"], body["code"]) == ("centre", "agent-restarted")
    assert agent.end() == 0
    assert server.verbs(lease).count("failed") == 1


def test_without_a_sandbox_kill_9_of_the_agent_still_kills_the_job(server, start_agent):
    mark = f"sleep 8{os.getpid()}"
    agent = start_agent("--no-sandbox")
    lease = server.lease({"run": f"setsid {mark} & setsid setsid {mark} & {mark}"})
    server.wait_for(lease, "started")
    wait_alive(mark)
    time.sleep(0.3)
    agent.end(signal.SIGKILL)
    assert wait_gone(mark)


def test_a_lease_that_runs_out_unanswered_kills_the_job(server, start_agent):
    mark = f"sleep 7{os.getpid()}"
    server.lease_seconds = 1.0
    agent = start_agent()
    lease = server.lease({"run": mark})
    server.wait_for(lease, "started")
    wait_alive(mark)
    server.away = True
    assert wait_gone(mark, within=4)
    server.away = False
    assert agent.end() == 0
    assert server.verbs(lease) == ["staged", "started"]  # nobody waits for our word


def test_an_old_token_drops_the_work(server, start_agent):
    mark = f"sleep 6{os.getpid()}"
    agent = start_agent()
    lease = server.lease({"run": mark})
    server.wait_for(lease, "started")
    wait_alive(mark)
    server.orders[lease] = "drop"
    assert wait_gone(mark)
    assert agent.end() == 0
    assert server.verbs(lease) == ["staged", "started"]


def test_a_final_report_survives_the_agent_and_is_sent_once_more_with_the_same_bytes(
    server, start_agent
):
    server.refuse["returned"] = 1000
    agent = start_agent()
    lease = server.lease({"run": "echo hi"})
    until = time.monotonic() + 10
    while server.refuse["returned"] > 998 and time.monotonic() < until:
        time.sleep(0.05)
    agent.end(signal.SIGKILL)
    journal = agent.home.journal.read_text("utf-8").splitlines()
    written = [json.loads(line) for line in journal if '"report"' in line][-1]["body"]
    server.refuse["returned"] = 0
    agent = start_agent()
    body = server.report(lease).body
    assert {k: v for k, v in body.items() if k != "token"} == written
    assert agent.end() == 0
    assert server.verbs(lease).count("returned") == 1


def test_sigterm_lets_a_job_finish_and_takes_no_new_one(server, start_agent):
    agent = start_agent()
    first = server.lease({"run": "sleep 1; echo done"})
    server.wait_for(first, "started")
    agent.process.send_signal(signal.SIGTERM)
    time.sleep(0.2)
    server.lease({"run": "echo never"})
    assert agent.process.wait(10) == 0
    assert server.report(first).body["exit_code"] == 0
    assert len(server.waiting) == 1


def test_a_second_sigterm_hands_the_job_back(server, start_agent):
    mark = f"sleep 5{os.getpid()}"
    agent = start_agent()
    lease = server.lease({"run": mark})
    server.wait_for(lease, "started")
    wait_alive(mark)
    agent.process.send_signal(signal.SIGTERM)
    time.sleep(0.3)
    agent.process.send_signal(signal.SIGTERM)
    assert agent.process.wait(10) == 0
    assert server.report(lease).body["code"] == "centre-draining"
    assert wait_gone(mark)


def test_a_cancelled_job_returns_with_what_it_used(server, start_agent):
    start_agent()
    lease = server.lease({"run": "trap 'echo saved > out.txt; exit 3' TERM; sleep 50 & wait",
                          "outputs": ["out.txt"]})  # fmt: skip
    server.wait_for(lease, "started")
    time.sleep(0.3)
    server.orders[lease] = "stop"
    body = server.report(lease).body
    assert (body["ended_by"], body["exit_code"]) == ("cancel", 143)
    assert server.outputs["out.txt"] == b"saved\n"


@pytest.mark.parametrize(
    ("inputs", "code"),
    [
        ([{"from": "blob:" + "0" * 64, "to": "x"}], "input-missing"),
        ([{"from": "file:///etc/passwd", "to": "x"}], "input-missing"),
        ([{"from": "http://127.0.0.1:1/x", "to": "x"}], "input-missing"),
    ],
    ids=["missing", "outside the export", "inside the centre"],
)
def test_an_input_that_cannot_be_had_is_the_buyers_fault(server, start_agent, inputs, code):
    start_agent()
    lease = server.lease({"inputs": inputs})
    body = server.report(lease).body
    assert (body["fault"], body["code"]) == ("buyer", code)
    assert server.verbs(lease) == ["failed"]


def test_an_input_with_another_checksum_is_the_buyers_fault(server, start_agent):
    start_agent()
    sha256 = server.blob(b"good")
    server.blobs[sha256] = b"evil"
    lease = server.lease({"inputs": [{"from": f"blob:{sha256}", "to": "x"}]})
    body = server.report(lease).body
    assert (body["fault"], body["code"]) == ("buyer", "input-checksum")


def test_a_store_job_archives_and_a_later_job_reads_it_back(server, start_agent):
    start_agent()
    sha256 = server.blob(b"frame" * 1000)
    first = server.lease({
        "kind": "store", "run": None, "retain": "30d",
        "inputs": [{"from": f"blob:{sha256}", "to": "frames/1.png"}],
    }, job_id="job_01JB3ZK8Q4AAAAAAAAAAAAAAAA")  # fmt: skip
    body = server.report(first).body
    assert body["exit_code"] == 0
    by_name = {line["name"]: line for line in body["outputs"]}
    assert by_name["frames/1.png"]["kind"] == "cold"
    assert by_name["frames/1.png"]["sha256"] == sha256
    assert json.loads(server.outputs["suanwang-archive.json"])["files"][0]["sha256"] == sha256
    second = server.lease({
        "run": "sha256sum back.png",
        "inputs": [{"from": by_name["frames/1.png"]["location"], "to": "back.png",
                    "sha256": sha256}],
        "outputs": ["back.png"],
    })  # fmt: skip
    assert server.report(second).body["exit_code"] == 0
    assert server.outputs["back.png"] == b"frame" * 1000


def test_a_full_work_directory_is_the_centres_fault_and_said_before_anything_runs(
    server, start_agent
):
    start_agent()
    lease = server.lease({"resources": {"disk": "900PB"}})
    body = server.report(lease).body
    assert (body["fault"], body["code"]) == ("centre", "disk-full")
    assert server.verbs(lease) == ["failed"]


def test_a_result_outlives_a_server_that_is_away_for_longer_than_the_lease(server, start_agent):
    start_agent()
    server.lease_seconds = 1.0
    lease = server.lease({"run": "echo made > x; sleep 0.5", "outputs": ["x"]})
    server.wait_for(lease, "started")
    time.sleep(0.2)
    server.away = True
    time.sleep(0.5)  # it ends now, within its lease, and nobody hears of it
    time.sleep(2)
    server.away = False
    assert server.report(lease).body["exit_code"] == 0
    assert server.outputs["x"] == b"made\n"


def test_missing_outputs_are_named_and_the_exit_code_stays(server, start_agent):
    start_agent()
    lease = server.lease({"run": "exit 7", "outputs": ["nothing.txt"]})
    body = server.report(lease).body
    assert (body["exit_code"], body["missing"]) == (7, ["nothing.txt"])


def test_two_jobs_run_side_by_side_within_the_free_cards(server, start_agent):
    start_agent()
    leases = [server.lease({"run": "sleep 1"}, cards=2) for _ in range(3)]
    began = time.monotonic()
    assert [server.report(lease).body["exit_code"] for lease in leases] == [0, 0, 0]
    assert 1.9 < time.monotonic() - began < 8


def test_a_secret_is_masked_in_the_log(server, start_agent):
    start_agent()
    lease = server.lease({"run": "echo the key is $KEY"}, secrets={"KEY": "topsecret"})
    server.report(lease)
    assert server.log() == "the key is ***"


def test_a_second_agent_in_the_same_directory_is_refused(server, start_agent):
    start_agent()
    until = time.monotonic() + 10
    while not server.hellos and time.monotonic() < until:
        time.sleep(0.05)
    second = start_agent()
    assert second.process.wait(10) == 5
    assert "Another agent" in second.said()

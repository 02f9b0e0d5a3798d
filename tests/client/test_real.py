"""The command and the SDK against a real `suan serve` and a real agent, as processes."""

from __future__ import annotations

import json
import signal

import pytest
from tests.client.real_grid import RealGrid, free_port

from suanwang.basics.errors import NotSignedIn
from suanwang.client.sync.client import Client

pytestmark = [pytest.mark.real, pytest.mark.timeout(180)]

JOB = """\
name: first
run: |
  cat in/a.txt
  echo oops >&2
  cp -r in out
inputs: [{from: data, to: in}]
outputs: [out/b.txt, out/a.txt]
resources: {memory: 200MB}
expected: 10s
"""
SMALL = "name: {name}\nrun: {run}\nresources: {{memory: 200MB}}\nexpected: 5s\n"


@pytest.fixture(scope="module")
def grid(tmp_path_factory):
    opened = RealGrid(tmp_path_factory.mktemp("grid"))
    try:
        opened.join()
        yield opened
    finally:
        opened.close()


def put(grid, name, text):
    path = grid.folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return name


def small(grid, name, run):
    return put(grid, f"{name}.yaml", SMALL.format(name=name, run=run))


def test_a_job_from_file_to_results_bill_and_settlement(grid):
    put(grid, "data/a.txt", "hello\n")
    put(grid, "data/b.txt", "there\n")
    put(grid, "job.yaml", JOB)
    done = grid.run("job", "submit", "job.yaml", "--yes", "--follow")
    assert done.returncode == 0, done.stderr
    assert "hello" in done.stdout
    for said in ("✔", "Holds ¥ ", "oops", "start: RUNNING", "has ended well"):
        assert said in done.stderr, said
    job_id = done.stdout.split()[0]
    done = grid.run("job", "results", job_id, "--dir", "home")
    assert done.returncode == 0, done.stderr
    assert (grid.folder / "home/out/b.txt").read_text() == "there\n"
    assert grid.run("job", "wait", job_id, "--settled", "--timeout", "30").returncode == 0
    shown = json.loads(grid.run("job", "show", job_id, "--json").stdout)
    assert (shown["state"], shown["exit_code"]) == ("SETTLED", 0)
    assert float(shown["charge"]) > 0
    page = grid.run("job", "show", job_id).stdout
    for said in ("settle", "compute", "total"):
        assert said in page
    statement = json.loads(grid.run("statement", "--json").stdout)
    assert any(job_id in str(entry["memo"]) for entry in statement["items"])


def test_a_failing_command_is_10_and_its_own_code_on_request(grid):
    done = grid.run("job", "submit", small(grid, "fails", "exit 3"), "-y", "-q")
    job_id = done.stdout.strip()
    assert grid.run("job", "wait", job_id).returncode == 10
    assert grid.run("job", "wait", job_id, "--exit-code").returncode == 3


def test_a_wait_times_out_a_job_is_cancelled_and_waiting_says_so(grid):
    job_id = grid.run("job", "submit", small(grid, "sleeps", "sleep 60"), "-yq").stdout.strip()
    assert grid.run("job", "wait", job_id, "--timeout", "1").returncode == 6
    assert grid.run("job", "cancel", job_id, "--yes").returncode == 0
    assert grid.run("job", "wait", job_id, "--timeout", "30").returncode == 10


def test_ctrl_c_detaches_and_the_job_goes_on(grid):
    name = small(grid, "waits", "echo up; sleep 4")
    job_id = grid.run("job", "submit", name, "-yq").stdout.strip()
    following = grid.popen("job", "logs", "-f", job_id)
    assert following.stdout.readline() == "up\n"
    following.send_signal(signal.SIGINT)
    _, err = following.communicate(timeout=20)
    assert following.returncode == 130
    assert f"{job_id} goes on" in err
    assert grid.run("job", "wait", job_id, "--timeout", "30").returncode == 0


def test_an_array_and_what_waits_for_it(grid):
    array = small(grid, "many", "echo $SUANWANG_ARRAY_INDEX") and put(
        grid,
        "many.yaml",
        SMALL.format(name="many", run="echo $SUANWANG_ARRAY_INDEX") + "array: 0-1\n",
    )
    after = put(grid, "after.yaml", SMALL.format(name="last", run="echo last") + "after: [many]\n")
    done = grid.run("job", "submit", array, after, "--yes", "--follow")
    assert done.returncode == 0, done.stderr
    said = done.stdout.splitlines()
    assert sorted(said[-3:]) == ["0", "1", "last"]
    assert grid.run("job", "wait", said[0].split()[0], "--timeout", "30").returncode == 0
    assert said[-1] == "last"


def test_no_place_is_5_with_the_reason(grid):
    name = put(grid, "huge.yaml", "name: huge\nrun: echo\nresources: {cards: 4000}\n")
    done = grid.run("job", "submit", name, "--yes")
    assert done.returncode == 5
    assert "No centre can take huge" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_quote_accepted_twice_is_one_job(grid):
    with Client(grid.url, grid.key) as client:
        quote = client.jobs.quote({"name": "twice", "run": "echo hi",
                                   "resources": {"memory": "200MB"}, "expected": "5s"})  # fmt: skip
        first, second = client.jobs.accept(quote), client.jobs.accept(quote)
        assert first.id == second.id
        assert [line.text for line in first.logs(follow=True)] == ["hi"]
        assert first.wait(timeout=30).exit_code == 0
        assert first.bill().total >= 0


def test_two_languages_and_the_servers_words(grid):
    done = grid.run("job", "show", "job_none", "--lang", "zh")
    assert done.returncode == 3
    assert "没有您可查看的" in done.stderr


def test_a_bad_key_is_4_and_a_closed_port_1(grid):
    assert grid.run("job", "list", SUANWANG_KEY="sk_wrong_key").returncode == 4
    done = grid.run("job", "list", "--url", f"http://127.0.0.1:{free_port()}")
    assert done.returncode == 1
    assert "Cannot reach" in done.stderr


def test_events_come_with_their_numbers(grid):
    with Client(grid.url, grid.key) as client:
        client.jobs.submit({"name": "e", "run": "echo", "resources": {"memory": "200MB"}})
        events = client.events.follow(after=0)
        kinds = {next(events).kind for _ in range(8)}
        events.close()
    assert any(kind.startswith("job") for kind in kinds), kinds


def test_centres_offers_accounts_and_the_operators_calls(grid):
    with Client(grid.url, grid.key) as client:
        [offer] = client.offers.list("card=generic* price<9")
        assert client.centres.get(offer.centre_id).pools[0].card_class == offer.card_class
        assert {each.name for each in client.accounts.list()} >= {"available"}
        hook = client.webhooks.list()
        assert list(hook) == []
        assert client.me().role == "buyer"
    operator = grid.operator.operator
    assert operator.check_ledger().balanced
    assert operator.settle().settled >= 0
    assert any(each.id == grid.organisation_id for each in operator.organisations())
    assert any(each.action for each in operator.records())
    key = operator.issue_key(grid.organisation_id, "buyer")
    operator.revoke_key(key.id)
    revoked = {each.id: each.revoked_at for each in operator.keys(grid.organisation_id)}
    assert revoked[key.id] is not None


def test_a_members_key_and_its_end(grid):
    owner, operator = grid.organisation_id, grid.operator.operator
    project, member = operator.add_project(owner, "film"), operator.add_member(owner, "Lin")
    key = operator.issue_key(owner, "buyer", project="film", member_id=member.id)
    with Client(grid.url, key.key) as lin:
        job = lin.jobs.submit({"name": "mine", "run": "echo"})
        assert (job.project_id, job.member_id) == (project.id, member.id)
        assert [(each.name, each.roles) for each in lin.operator.members(owner)] == [
            ("Lin", ("buyer",))
        ]
        done = grid.run("operator", "member", "remove", owner, member.id, "--yes",
                        SUANWANG_KEY=(grid.folder / "data/operator.key").read_text().strip())  # fmt: skip
        assert done.returncode == 0, done.stderr
        with pytest.raises(NotSignedIn):
            lin.me()

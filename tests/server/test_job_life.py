from __future__ import annotations

from tests.server.world import SPEC


def test_a_job_goes_from_submission_to_settlement_over_the_api(world):
    centre = world.centre()
    job = world.buyer.submit(outputs=["out.txt"])
    assert job["state"] == "SUBMITTED"
    world.turn()
    assert world.job(job["id"])["state"] == "PLACED"
    [run] = centre.take()
    assert run.wire["job_id"] == job["id"]
    run.start()
    line = {"seq": 0, "at": "2026-11-24T03:00:00Z", "stream": "stdout", "text": "你好"}
    run.report("logs", lines=[line]).ok()
    output = run.send("out.txt", b"hello")
    run.report("returned", **run.returned(outputs=[output])).ok()
    world.turn()
    done = world.buyer.get(f"/jobs/{job['id']}").ok()
    assert (done["state"], done["exit_code"], done["centre"]["name"]) == (
        "SETTLED",
        0,
        "c-zhongwei",
    )
    assert b"\xe4\xbd\xa0" in world.buyer.get(f"/jobs/{job['id']}/logs").content
    assert world.buyer.get(f"/jobs/{job['id']}/outputs/out.txt").content == b"hello"
    bill = world.buyer.get(f"/jobs/{job['id']}/bill").ok()
    assert {line["kind"] for line in bill["lines"]} >= {"compute", "fee", "tax"}
    assert bill["total"] == done["charge"]
    verbs = [x["verb"] for x in world.buyer.get(f"/jobs/{job['id']}/timeline").ok()["items"]]
    assert verbs == [
        "submit", "quote", "accept", "clear", "place", "lease", "stage", "start", "finish",
        "meter", "bill", "settle",
    ]  # fmt: skip
    assert world.operator.get("/ledger/check").ok()["balanced"]


def test_a_plan_is_shown_before_anything_is_spent(world):
    world.centre()
    plan = world.buyer.post("/quotes", {"spec": SPEC}).ok()
    assert plan["chosen"]["centre"] == "c-zhongwei"
    assert plan["hold"] == plan["chosen"]["cost_at_most"]
    assert plan["options"][0]["why_text"]
    assert world.buyer.get("/jobs").ok()["items"] == []


def test_a_quote_is_accepted_and_money_is_held(world):
    world.centre()
    job = world.buyer.submit(accept=False)
    world.buyer.post(f"/jobs/{job['id']}/accept").refused(409, "conflict")
    world.turn()
    quote = world.buyer.get(f"/jobs/{job['id']}/quote").ok()
    accepted = world.buyer.post(f"/jobs/{job['id']}/accept").ok()
    assert accepted["accepted"]
    held = {a["name"]: a["held"] for a in world.buyer.get("/accounts").ok()["items"]}
    assert held["available"] == quote["hold"]


def test_a_cancelled_job_gives_its_hold_back(world):
    world.centre()
    job = world.buyer.submit()
    world.turn()
    gone = world.buyer.post(f"/jobs/{job['id']}/cancel").ok(202)
    assert (gone["state"], gone["reason"]["code"]) == ("CANCELLED", "cancelled-by-buyer")
    held = {a["name"]: a["held"] for a in world.buyer.get("/accounts").ok()["items"]}
    assert held["available"] == "0.00"


def test_an_operator_who_cancels_a_job_leaves_a_record(world):
    job = world.buyer.submit(accept=False)
    world.operator.post(f"/jobs/{job['id']}/cancel").ok(202)
    newest = world.operator.get("/records").ok()["items"][0]
    assert (newest["action"], newest["body"]) == ("cancel-job", {"job_id": job["id"]})


def test_an_array_is_many_jobs(world):
    made = world.buyer.post("/jobs", {"spec": SPEC | {"array": "0-4"}}).ok(201)["items"]
    assert [job["array_index"] for job in made] == [0, 1, 2, 3, 4]
    array_id = made[0]["array_id"]
    assert len(world.buyer.get("/jobs", array_id=array_id).ok()["items"]) == 5


def test_jobs_are_listed_page_by_page_in_both_orders(world):
    made = [world.buyer.submit(name=f"j{n}")["id"] for n in range(5)]
    for sort, expected in (("-created", made[::-1]), ("created", made)):
        seen, cursor = [], None
        while True:
            page = world.buyer.get(
                "/jobs", limit=2, sort=sort, **({"cursor": cursor} if cursor else {})
            ).ok()
            seen += [job["id"] for job in page["items"]]
            cursor = page["next_cursor"]
            if cursor is None:
                break
        assert seen == expected
    assert [j["name"] for j in world.buyer.get("/jobs", name="j3").ok()["items"]] == ["j3"]


def test_a_late_report_with_an_old_token_is_refused_and_stands_on_the_timeline(world):
    run = world.running()
    late = dict(run.wire)
    run.report("failed", fault="centre", code="disk-full").ok()
    run.wire = late
    run.report("returned", **run.returned()).refused(409, "token-old")
    lines = world.buyer.get(f"/jobs/{run.wire['job_id']}/timeline").ok()["items"]
    assert [x["detail"]["code"] for x in lines if x["verb"] == "refuse"] == ["token-old"]
    assert world.buyer.get(f"/jobs/{run.wire['job_id']}/bill").status == 404


def test_the_same_return_sent_twice_is_one_return(world):
    run = world.running()
    body = run.returned()
    run.report("returned", **body).ok()
    run.report("returned", **body).ok()
    world.turn()
    verbs = [
        x["verb"] for x in world.buyer.get(f"/jobs/{run.wire['job_id']}/timeline").ok()["items"]
    ]
    assert verbs.count("finish") == verbs.count("meter") == verbs.count("bill") == 1


def test_a_record_with_a_wrong_signature_is_refused(world):
    run = world.running()
    run.report("returned", **run.returned(signature="00" * 64)).refused(422, "usage-refused")


def test_a_heartbeat_tells_an_agent_to_stop_a_cancelled_job(world):
    run = world.running()
    beat = {"lease_id": run.wire["lease_id"], "token": run.wire["token"]}
    orders = run.centre.caller.post("/agent/heartbeat", {"leases": [beat]}).ok()["leases"]
    assert [o["order"] for o in orders] == ["go_on"]
    world.buyer.post(f"/jobs/{run.wire['job_id']}/cancel").ok(202)
    orders = run.centre.caller.post("/agent/heartbeat", {"leases": [beat]}).ok()["leases"]
    assert [o["order"] for o in orders] == ["stop"]


def test_an_input_is_fetched_by_the_agent_of_the_lease_only(world):
    data = b"input"
    digest = "c96c6d5be8d08a12e7b5cdc1b207fa6b2430974c86803d8891675e76fd992c20"
    world.buyer.put(f"/blobs/{digest}", data).ok(201)
    world.buyer.put(f"/blobs/{digest}", data).ok(200)
    run = world.running(inputs=[{"from": f"blob:{digest}", "to": "in.txt"}])
    [wire] = run.wire["inputs"]
    assert run.centre.caller.get(wire["url"]).content == data
    stranger = world.centre("guian", owner=world.rival)
    stranger.caller.get(wire["url"]).refused(404, "not-found")
    old = wire["url"].replace("token=1", "token=0")
    run.centre.caller.get(old).refused(409, "token-old")
    other = "ab" * 32
    run.centre.caller.get(wire["url"].replace(digest, other)).refused(404, "not-found")

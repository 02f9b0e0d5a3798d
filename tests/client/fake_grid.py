"""A small exchange in memory that follows the HTTP contract, behind httpx.MockTransport.

    grid = FakeGrid(); grid.job(name="x"); grid.client().jobs.list()

Every request is kept in `grid.requests`; `grid.trouble` is served first, one item a request.
"""

from __future__ import annotations

import hashlib
import json
from itertools import count

import httpx

from suanwang.client.aio.client import AsyncClient
from suanwang.client.sync.client import Client

URL = "http://grid.test"
KEY = "sk_key_secret-of-tests"
AT = "2026-11-24T09:00:00Z"
WAY = ["SUBMITTED", "QUOTED", "CLEARED", "PLACED", "STAGED", "RUNNING", "RETURNED", "SETTLED"]


def an_option(**changes):
    return {
        "pool_id": "pool_1", "centre_id": "ctr_1", "centre": "Gui'an 1", "zone": "guian",
        "card_class": "a100-80g-sxm", "cards": 8, "start": AT, "finish": AT, "run_seconds": 3600,
        "data_seconds": 240, "price": "6.40", "compute_cost": "51.20", "data_cost": "0.10",
        "store_cost": "0.00", "cost": "52.40", "cost_at_most": "307.20", "energy_wh": 10.0,
        "carbon_g": 3.0, "carbon_intensity": 310.0, "latency_ms": 12.5, "score": 1.0,
        "why": "cheapest", "why_not": None, "why_detail": {}, "why_text": "cheapest",
        "chosen": True,
    } | changes  # fmt: skip


def infeasible(**changes):
    return an_option(
        centre="Qingyang 910B", zone="qingyang", chosen=False, why="", start=None,
        why_not="capability-missing", why_text="image lacks the CANN build", **changes,
    )  # fmt: skip


class FakeGrid:
    """Jobs move one state on each time they are looked at, until `ends`."""

    def __init__(self):
        self.jobs: dict[str, dict] = {}
        self.blobs: dict[str, bytes] = {}
        self.secrets: dict[str, bytes] = {}
        self.requests: list[httpx.Request] = []
        self.trouble: list[httpx.Response | Exception] = []
        self.seen: dict[str, httpx.Response] = {}
        self.options = [an_option(), infeasible()]
        self.exit_code, self.ends, self.page = 0, "SETTLED", 100
        self.log = [("stdout", "hello"), ("stderr", "oops"), ("stdout", "bye")]
        self.results = {"out/model.pt": b"weights"}
        self.offers = [an_offer(), an_offer(pool_id="pool_2", zone="wuhu", price="12.00", cards=4)]
        self.unaffordable: set[str] = set()
        self._ids = count(1)

    def client(self, **changes) -> Client:
        mount = httpx.MockTransport(self.answer)
        return Client(changes.pop("url", URL), changes.pop("key", KEY), mount=mount, **changes)

    def async_client(self, **changes) -> AsyncClient:
        return AsyncClient(URL, KEY, mount=httpx.MockTransport(self.answer), **changes)

    def client_like(self, kind, url=None, key=None, **changes) -> Client:
        """Make a client as the command does, with this exchange behind it."""
        return kind(url, key, mount=httpx.MockTransport(self.answer), **changes)

    def paths(self, method: str) -> list[str]:
        return [r.url.path for r in self.requests if r.method == method]

    def job(self, **changes) -> dict:
        job_id = f"job_{next(self._ids)}"
        self.jobs[job_id] = {
            "id": job_id, "name": "x", "kind": "compute", "state": "SUBMITTED", "currency": "CNY",
            "organisation_id": "org_1", "project_id": None, "array_id": None, "array_index": None,
            "array_count": None, "created_at": AT, "updated_at": AT, "finished_at": None,
            "deadline_at": None, "accepted": False, "waits": False, "quote_expires_at": None,
            "centre": None, "pool": None, "cards": None, "start_at": None, "end_at": None,
            "price": None, "limit": None, "charge": None, "exit_code": None, "reason": None,
            "usage": None, "attempt": 0, "token": 0, "cancel_asked": False, "news": "ignored",
        } | changes  # fmt: skip
        return self.jobs[job_id]

    def answer(self, request: httpx.Request) -> httpx.Response:
        request.read()
        self.requests.append(request)
        if self.trouble:
            trouble = self.trouble.pop(0)
            if isinstance(trouble, Exception):
                raise trouble
            return trouble
        if request.headers.get("authorization") != f"Bearer {KEY}":
            return problem(401, "not-signed-in", "No valid key came with the request.")
        once = request.headers.get("idempotency-key")
        if once in self.seen:
            return self.seen[once]
        answer = self._route(request)
        if once:
            self.seen[once] = answer
        return answer

    def _route(self, request: httpx.Request) -> httpx.Response:
        parts = request.url.path.removeprefix("/v1/").split("/", 3)
        verb = getattr(self, f"_{request.method.lower()}_{parts[0].replace('-', '_')}", None)
        if verb is None:
            return problem(404, "route-unknown", f"There is nothing at {request.url.path}.")
        return verb(request, *parts[1:])

    def _page(self, request, items):
        start = int(request.url.params.get("cursor", 0))
        end = start + min(self.page, int(request.url.params.get("limit", 50)))
        more = str(end) if end < len(items) else None
        return httpx.Response(200, json={"items": items[start:end], "next_cursor": more})

    def _post_quotes(self, request):
        spec = json.loads(request.content)["spec"]
        if spec.get("name") == "bad":
            return problem(422, "spec-invalid", "1 mistake(s)", errors=[
                {"pointer": "/spec/resources/cards", "detail": "too many cards"}])  # fmt: skip
        return httpx.Response(200, json=self._quote())

    def _quote(self):
        chosen = next((o for o in self.options if o["chosen"]), None)
        return {"options": self.options, "chosen": chosen, "currency": "CNY", "expires_at": AT,
                "hold": chosen and chosen["cost_at_most"]}  # fmt: skip

    def _post_jobs(self, request, job_id=None, verb=None):
        if job_id is None:
            return self._submit(json.loads(request.content))
        job = self.jobs.get(job_id)
        if job is None:
            return problem(404, "not-found", f"There is no job {job_id} that you may see.")
        if verb == "accept" and job["name"] in self.unaffordable:
            return problem(422, "funds-insufficient", "It would cost ¥ 307.20.")
        if verb == "accept":
            job["accepted"], job["limit"] = True, "307.20"
        else:
            job["state"] = "CANCELLED"
        return httpx.Response(200 if verb == "accept" else 202, json=job)

    def _submit(self, body):
        made = []
        for spec in body["specs"]:
            for local in spec.get("inputs", ()):
                assert ":" in local["from"], "a local input was not uploaded"
            members = range(int(spec["array"].split("-")[1]) + 1) if "array" in spec else [None]
            made += [self.job(name=spec["name"], accepted=body["accept"], array_index=index,
                              array_id="arr_1" if index is not None else None)
                     for index in members]  # fmt: skip
        return httpx.Response(201, json={"items": made, "next_cursor": None})

    def _get_jobs(self, request, job_id=None, what=None, name=None):
        if job_id is None:
            wanted = request.url.params.get("state")
            array = request.url.params.get("array_id")
            found = [j for j in self.jobs.values()
                     if wanted in (None, j["state"]) and array in (None, j["array_id"])]  # fmt: skip
            newest_first = request.url.params.get("sort", "-created") == "-created"
            return self._page(request, found[::-1] if newest_first else found)
        job = self.jobs.get(job_id)
        if job is None:
            return problem(404, "not-found", f"There is no job {job_id} that you may see.")
        if what is not None:
            return getattr(self, f"_show_{what}")(request, job, name)
        self._move(job)
        return httpx.Response(200, json=job)

    def _move(self, job):
        stuck = job["state"] == "QUOTED" and not job["accepted"]
        if stuck or job["state"] in (self.ends, "CANCELLED", "REJECTED"):
            return
        if not any(o["chosen"] for o in self.options):
            job["state"], job["reason"] = "REJECTED", {"code": "no-place", "message": "too far"}
            return
        job["state"] = WAY[WAY.index(job["state"]) + 1]
        job["updated_at"] = f"2026-11-24T09:00:{WAY.index(job['state']):02}Z"
        if job["state"] == "RETURNED":
            job["exit_code"] = self.exit_code
        if job["state"] == "SETTLED":
            job["charge"] = "51.20"

    def _show_quote(self, request, job, name):
        return httpx.Response(200, json=self._quote())

    def _show_timeline(self, request, job, name):
        lines = [{"seq": n, "at": AT, "verb": s.lower(), "state": s, "detail": {"n": n}}
                 for n, s in enumerate(WAY[: WAY.index(job["state"]) + 1], 1)]  # fmt: skip
        return self._page(request, lines)

    def _show_logs(self, request, job, name):
        after = request.url.params.get("after")
        first = int(after.split(".")[1]) if after else 0
        lines = [{"token": 1, "seq": n, "at": AT, "stream": s, "text": t, "cursor": f"1.{n}"}
                 for n, (s, t) in enumerate(self.log, 1) if n > first]  # fmt: skip
        body = "".join(json.dumps(line) + "\n" for line in lines)
        return httpx.Response(200, text=body, headers={"content-type": "application/x-ndjson"})

    def _show_outputs(self, request, job, name):
        if name is not None:
            return httpx.Response(200, content=self.results[name])
        return self._page(request, [
            {"name": n, "kind": "blob", "sha256": hashlib.sha256(b"weights").hexdigest(),
             "bytes": 7, "location": None, "at": AT} for n in self.results])  # fmt: skip

    def _show_bill(self, request, job, name):
        return httpx.Response(200, json={
            "id": "bil_1", "job_id": job["id"], "total": "51.20", "currency": "CNY",
            "created_at": AT, "settled_at": None, "lines": [
                {"kind": "compute", "quantity": "8", "unit": "card-hour", "price": "6.40",
                 "amount": "51.20", "price_source": "list", "usage_id": "usg_1", "at": AT}]})  # fmt: skip

    def _head_blobs(self, request, sha256):
        return httpx.Response(200 if sha256 in self.blobs else 404)

    def _put_blobs(self, request, sha256):
        if hashlib.sha256(request.content).hexdigest() != sha256:
            return problem(422, "checksum-differs", "Expected another SHA-256.")
        assert int(request.headers["content-length"]) == len(request.content)
        self.blobs[sha256] = request.content
        return httpx.Response(201, json={"sha256": sha256, "bytes": len(request.content)})

    def _put_secrets(self, request, *name):
        self.secrets["/".join(name)] = request.content
        return httpx.Response(200, json={"name": "/".join(name), "created_at": AT})

    def _get_secrets(self, request):
        return self._page(request, [{"name": n, "created_at": AT} for n in sorted(self.secrets)])

    def _delete_secrets(self, request, *name):
        if self.secrets.pop("/".join(name), None) is None:
            return problem(404, "not-found", "There is no secret that you may see.")
        return httpx.Response(204)

    def _get_offers(self, request):
        return self._page(request, self.offers)

    def _get_centres(self, request, centre_id=None):
        centre = {
            "id": "ctr_1", "name": "Gui'an 1", "zone": "guian", "city": "guian", "province": "CN-GZ",
            "state": "joined", "silent": False, "last_seen_at": AT, "created_at": AT,
            "facts": {"pue": "1.20"}, "pools": [
                {"id": "pool_1", "name": "a", "class": "a100-80g-sxm", "cards": 64, "nodes": 8,
                 "price_now": "6.40", "price": {"kind": "flat"}, "currency": "CNY"}]}  # fmt: skip
        if centre_id is None:
            return self._page(request, [centre])
        return httpx.Response(200, json=centre)

    def _get_accounts(self, request):
        return self._page(request, [an_account()])

    def _get_statement(self, request):
        entry = {"transfer_id": "txf_1", "at": AT, "amount": "-0.000425", "balance": "9.999575",
                 "other_account_id": "acc_2", "group_id": None, "memo": {"kind": "charge"}}  # fmt: skip
        return httpx.Response(200, json={
            "account": an_account(), "from": AT, "to": AT, "opening": "10.00",
            "closing": "9.999575", "currency": "CNY", "items": [entry], "next_cursor": None})  # fmt: skip

    def _get_statements(self, request, *names):
        closed = {
            "id": "acc_1/2026-10", "account_id": "acc_1", "organisation_id": "org_1",
            "name": "available", "month": "2026-10", "currency": "CNY", "opening": "10.00",
            "credits": "1.00", "debits": "3.50", "closing": "7.50", "held": "0.00", "entries": 4,
            "entries_sha256": "0" * 64}  # fmt: skip
        return httpx.Response(200, json=closed) if names else self._page(request, [closed])

    def _get_closings(self, request):
        return self._page(request, [
            {"month": "2026-11", "until": AT, "closed_at": AT, "statements": None},
            {"month": "2026-10", "until": AT, "closed_at": AT, "statements": 7,
             "statements_sha256": "0" * 64}])  # fmt: skip

    def _get_me(self, request):
        return httpx.Response(200, json={
            "key_id": "key_1", "role": "buyer", "organisation_id": "org_1", "organisation": "Lab",
            "exchange": "Test grid"})  # fmt: skip

    def _post_webhooks(self, request):
        made = json.loads(request.content)
        return httpx.Response(201, json={"id": "whk_1", "secret": "whsec_x", "state": "open",
                                         "created_at": AT, **made})  # fmt: skip

    def _get_events(self, request):
        first = int(request.headers.get("last-event-id", 0)) + 1
        frames = [f"id: {n}\nevent: job.{n}\ndata: {json.dumps({'id': f'evt_{n}', 'kind': 'job'})}"
                  for n in range(first, first + 2)]  # fmt: skip
        return httpx.Response(200, text=": hello\n\n" + "\n\n".join(frames) + "\n\n")


def an_offer(**changes):
    return {
        "pool_id": "pool_1", "pool": "a", "centre_id": "ctr_1", "centre": "Gui'an 1",
        "zone": "guian", "city": "guian", "province": "CN-GZ", "class": "a100-80g-sxm",
        "cards": 64, "cards_free": 40, "nodes": 8, "cores_per_node": 64, "memory_gb": "512",
        "price": "6.40", "currency": "CNY",
    } | changes  # fmt: skip


def an_account():
    return {"id": "acc_1", "organisation_id": "org_1", "name": "available", "currency": "CNY",
            "balance": "10.00", "held": "2.50", "available": "7.50"}  # fmt: skip


def problem(status, code, detail, **more):
    body = {"type": f"/errors/{code}", "title": "x", "status": status, "detail": detail,
            "instance": "/", "code": code, "errors": [], "trace_id": "t1", **more}  # fmt: skip
    headers = {"content-type": "application/problem+json"}
    return httpx.Response(status, content=json.dumps(body), headers=headers)

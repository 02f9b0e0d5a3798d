"""`suan operator …`: what operators do by hand, and that a new key is neither lost nor shown twice."""

from __future__ import annotations

import json
import stat

import httpx
import pytest
from tests.client.fake_grid import AT, problem

SECRET = "sk_key_1_0123456789abcdef"


def a_key(**changes):
    return {"id": "key_1", "role": "buyer", "organisation_id": "org_1", "project_id": "prj_1",
            "centre_id": None, "created_at": AT, "revoked_at": None, "key": SECRET} | changes  # fmt: skip


ORGANISATION = {"id": "org_1", "name": "Lab", "kind": "member", "state": "open", "created_at": AT}
CENTRE = {"id": "ctr_1", "name": "wuhu-1", "zone": "wuhu", "state": "draining"}
OPENED = ORGANISATION | {"keys": [a_key()]}
REGISTERED = {"centre": CENTRE, "key": a_key(role="agent", centre_id="ctr_1")}
TOP_UP = {"transfer_id": "txf_1", "organisation_id": "org_1", "amount": "9.50", "currency": "CNY",
          "reference": "b1"}  # fmt: skip
LIMITED = {"id": "acc_1", "name": "available", "currency": "CNY", "balance": "0.00",
           "held": "0.00", "available": "0.00", "credit_limit": "500.00"}  # fmt: skip
SETTLED = {"settled": 3, "until": AT}
PROJECT = {"id": "prj_1", "organisation_id": "org_1", "name": "film", "created_at": AT}
MEMBER = {"id": "mem_1", "organisation_id": "org_1", "name": "Lin", "roles": ["buyer"],
          "created_at": AT, "removed_at": None}  # fmt: skip
RECORD = {"seq": 1, "at": AT, "action": "top-up", "key_id": "key_0", "body": {"note": "\x1b[2J"}}


def pages(*items):
    return {"items": [*items], "next_cursor": None}


def body(request):
    return json.loads(request.content)


@pytest.mark.parametrize(("words", "answer", "asked", "said"), [
    (("organisation", "add", "Lab"), OPENED, "POST /v1/organisations", SECRET),
    (("organisation", "list"), pages(ORGANISATION), "GET /v1/organisations", "Lab"),
    (("organisation", "refuse", "org_1", "--reason", "x"), ORGANISATION | {"state": "closed"},
     "POST /v1/organisations/org_1/refuse", "closed"),
    (("organisation", "suspend", "org_1", "--reason", "x"), ORGANISATION | {"state": "suspended"},
     "POST /v1/organisations/org_1/suspend", "suspended"),
    (("organisation", "reinstate", "org_1", "--reason", "x"), ORGANISATION | {"state": "verified"},
     "POST /v1/organisations/org_1/reinstate", "verified"),
    (("organisation", "close", "org_1", "--reason", "x", "-y"), ORGANISATION | {"state": "closed"},
     "POST /v1/organisations/org_1/close", "closed"),
    (("key", "add", "org_1", "--role", "buyer"), a_key(), "POST /v1/organisations/org_1/keys",
     SECRET),
    (("key", "list", "org_1"), pages(a_key(key=None)), "GET /v1/organisations/org_1/keys",
     "key_1"),
    (("key", "revoke", "key_1", "-y"), None, "DELETE /v1/keys/key_1", ""),
    (("key", "add", "org_1", "--role", "buyer", "--member", "mem_1"), a_key(member_id="mem_1"),
     "POST /v1/organisations/org_1/keys", SECRET),
    (("project", "add", "org_1", "film"), PROJECT, "POST /v1/organisations/org_1/projects",
     "prj_1"),
    (("project", "list", "org_1"), pages(PROJECT), "GET /v1/organisations/org_1/projects", "film"),
    (("member", "add", "org_1", "Lin"), MEMBER, "POST /v1/organisations/org_1/members", "mem_1"),
    (("member", "list", "org_1"), pages(MEMBER), "GET /v1/organisations/org_1/members", "buyer"),
    (("member", "remove", "org_1", "mem_1", "-y"), None,
     "DELETE /v1/organisations/org_1/members/mem_1", ""),
    (("centre", "add", "org_1", "wuhu-1", "--zone", "wuhu"), REGISTERED, "POST /v1/centres",
     SECRET),
    (("centre", "drain", "ctr_1"), CENTRE, "POST /v1/centres/ctr_1/drain", "draining"),
    (("centre", "reopen", "ctr_1"), CENTRE, "POST /v1/centres/ctr_1/reopen", "ctr_1"),
    (("top-up", "org_1", "9.50", "--reference", "b1"), TOP_UP, "POST /v1/top-ups", "¥ 9.50"),
    (("credit", "org_1", "500"), LIMITED, "POST /v1/credit-limits", "¥ 500.00"),
    (("settle",), SETTLED, "POST /v1/settlements", "3"),
    (("records",), pages(RECORD), "GET /v1/records", "top-up"),
])  # fmt: skip
def test_each_command_asks_what_it_says(fake, suan, *, words, answer, asked, said):
    for json_ in ((), ("--json",)):
        fake.trouble = [httpx.Response(204) if answer is None else httpx.Response(200, json=answer)]
        done = suan("operator", *words, *json_)
        assert done.code == 0, done.err
        request = fake.requests[-1]
        assert f"{request.method} {request.url.path}" == asked
        if json_:
            json.loads(done.out)
        else:
            assert said in done.out
        assert "\x1b" not in done.out
        assert SECRET not in done.err


def test_a_key_goes_to_a_file_that_only_its_owner_reads(fake, suan, tmp_path):
    fake.trouble = [httpx.Response(201, json=OPENED)]
    done = suan("operator", "organisation", "add", "Lab", "--key-file", "lab.key")
    path = tmp_path / "lab.key"
    assert (done.code, done.out) == (0, "org_1\n")
    assert (path.read_text(), stat.S_IMODE(path.stat().st_mode)) == (SECRET + "\n", 0o600)


def test_no_key_is_made_that_no_file_could_take(fake, suan, tmp_path):
    (tmp_path / "lab.key").write_text("mine")
    for file in ("lab.key", "nowhere/lab.key"):
        done = suan("operator", "key", "add", "org_1", "--role", "buyer", "--key-file", file)
        assert (done.code, fake.requests) == (2, [])
    assert (tmp_path / "lab.key").read_text() == "mine"


def test_a_refused_key_leaves_no_file(fake, suan, tmp_path):
    fake.trouble = [problem(403, "not-allowed", "This needs the role operator.")]
    done = suan("operator", "key", "add", "org_1", "--role", "buyer", "--key-file", "k")
    assert (done.code, (tmp_path / "k").exists()) == (5, False), done.err


def test_one_file_takes_one_key(fake, suan):
    roles = ("--role", "buyer", "--role", "provider")
    done = suan("operator", "organisation", "add", "Lab", *roles, "--key-file", "k")
    assert (done.code, fake.requests) == (2, [])


def test_revoking_asks_first(fake, suan):
    assert suan("operator", "key", "revoke", "key_1").code == 2
    assert suan("operator", "key", "revoke", "key_1", typed="n\n").code == 1
    assert fake.requests == []


def test_an_idempotency_key_travels_with_what_makes_something(fake, suan):
    fake.trouble = [httpx.Response(201, json=TOP_UP)]
    suan("operator", "top-up", "org_1", "9.50", "--reference", "b1")
    assert fake.requests[-1].headers["idempotency-key"]
    assert body(fake.requests[-1])["reference"] == "b1"


def test_a_members_key_names_them_and_removing_a_member_asks_first(fake, suan):
    fake.trouble = [httpx.Response(200, json=a_key(member_id="mem_1"))]
    suan("operator", "key", "add", "org_1", "--role", "buyer", "--member", "mem_1")
    assert body(fake.requests[-1])["member_id"] == "mem_1"
    asked = len(fake.requests)
    assert suan("operator", "member", "remove", "org_1", "mem_1", typed="n\n").code == 1
    assert len(fake.requests) == asked


def test_verifying_sends_the_documents_hash_and_not_the_document(fake, suan, tmp_path):
    (tmp_path / "licence.pdf").write_bytes(b"hello")
    fake.trouble = [httpx.Response(200, json=ORGANISATION | {"state": "verified"})]
    who = ("--code", "91330100799655058B", "--representative", "Lin")
    done = suan("operator", "organisation", "verify", "org_1", *who, "--document",
                str(tmp_path / "licence.pdf"))  # fmt: skip
    assert (done.code, "verified" in done.out) == (0, True), done.err
    digest = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
    assert body(fake.requests[-1])["documents"] == {"licence.pdf": digest}


def test_closing_a_member_asks_first(fake, suan):
    asked = ("operator", "organisation", "close", "org_1", "--reason", "x")
    assert suan(*asked, typed="n\n").code == 1
    assert fake.requests == []

"""Centres: let in by the operator, described by their agents, silent or draining."""

from __future__ import annotations

import pytest
from tests.flows.builders import CLASS, TIMING, a_spec, a_world

from suanwang.basics.errors import NotAllowed
from suanwang.basics.slots import to_micros
from suanwang.flows import loops, register_centre, show
from suanwang.flows.act import Role
from suanwang.flows.errors import CentreNameTaken, PoolsMissing
from suanwang.flows.hello import Hello, hello
from suanwang.flows.register_centre import NewCentre, drain_centre, reopen_centre
from suanwang.grid.errors import ChipUnknown
from suanwang.store import centres, outbox


@pytest.fixture
def world(store):
    return a_world(store)


def events(world, kind):
    world.store.run_now(outbox.assign_sequence)
    found = world.read(lambda tx: outbox.events_after(tx, 0, organisation_id=None))
    return [each.body for each in found if each.kind == kind]


def pools_of(world, name):
    centre_id = world.agent(name).key.centre_id
    return {p.name: p for p in world.read(lambda tx: centres.pools_of_centre(tx, centre_id))}


def say(world, name, pools, **changes):
    agent = world.agent(name)
    said = Hello(**({"public_key": agent.public_key, "facts": {}, "pools": pools} | changes))
    return agent.do(lambda tx, act: hello(tx, said, act=act))


def a_pool(name="gpu", **changes):
    return {
        "name": name, "chip": CLASS, "nodes": 1, "cards_per_node": 8, "cores_per_node": 64,
        "memory_gb": "512", "disk_gb": "2000", "price": {"kind": "flat", "price": "2.80"},
    } | changes  # fmt: skip


def test_only_an_operator_lets_centres_in_each_by_its_own_name(world):
    owner = world.buyer.organisation_id
    new = NewCentre(
        organisation_id=owner, facts={"name": "guian centre", "zone": "guian"}, secret_hash="x"
    )
    with pytest.raises(NotAllowed):
        world.run(lambda tx, act: register_centre.register_centre(tx, new, act=act), world.buyer)
    with pytest.raises(CentreNameTaken):
        world.run(lambda tx, act: register_centre.register_centre(tx, new, act=act), world.operator)


def test_hello_twice_changes_nothing(world):
    before = pools_of(world, "guian")
    world.agent("guian").hello()
    assert pools_of(world, "guian") == before
    assert events(world, "centre.drifted") == []
    assert len(events(world, "centre.joined")) == 2


def test_what_differs_from_before_is_an_event(world):
    say(world, "guian", [a_pool(price={"kind": "flat", "price": "9"}), a_pool("cpu")])
    [told] = events(world, "centre.drifted")
    assert set(told["drift"]) == {"pool gpu", "pool cpu"}
    assert set(told["drift"]["pool gpu"]) == {"price"}


def test_an_agent_says_what_the_centre_can_but_not_where_it_is(world):
    facts = {"zone": "wuhu", "name": "other", "pue": "1.2", "capabilities": ["image"]}
    after = say(world, "guian", [a_pool()], facts=facts).centre.centre
    assert (after.zone, after.name, after.pue) == ("guian", "guian centre", 1.2)
    assert after.capabilities == {"image"}


def test_a_pool_that_is_not_reported_any_more_is_closed_and_opens_again(world):
    first = pools_of(world, "guian")["gpu"]
    say(world, "guian", [a_pool("cpu")])
    assert pools_of(world, "guian")["gpu"].state == "closed"
    say(world, "guian", [a_pool()])
    again = pools_of(world, "guian")
    assert (again["gpu"].id, again["gpu"].state, again["cpu"].state) == (first.id, "open", "closed")


@pytest.mark.parametrize(
    ("pools", "error"),
    [
        ([], PoolsMissing),
        ([a_pool(), a_pool()], PoolsMissing),
        ([a_pool(chip="abacus")], ChipUnknown),
    ],
)
def test_pools_that_cannot_be_are_refused(world, pools, error):
    with pytest.raises(error):
        say(world, "guian", pools)


def test_a_draining_centre_gets_nothing_new_and_its_waiting_jobs_go_elsewhere(world):
    waiting = world.placed(a_spec(name="waiting"))
    guian = world.agent("guian")
    world.run(lambda tx, act: drain_centre(tx, guian.key.centre_id, act=act), world.operator)
    assert guian.take() == []
    world.loop(loops.PLACE)
    assert world.job(waiting.id).centre_id == world.agent("zhongwei").key.centre_id
    new = world.placed(a_spec(name="new"))
    assert world.job(new.id).centre_id == world.agent("zhongwei").key.centre_id
    world.run(lambda tx, act: reopen_centre(tx, guian.key.centre_id, act=act), world.operator)
    back = world.placed(a_spec(name="back"))
    assert world.job(back.id).centre_id == guian.key.centre_id


def test_a_draining_centre_finishes_what_it_has(world):
    run = world.running()
    guian = world.agent("guian")
    world.run(lambda tx, act: drain_centre(tx, guian.key.centre_id, act=act), world.operator)
    world.sleep(5)
    assert guian.beat(run) == {run.id: "go_on"}
    run.finish().or_raise()
    assert world.state(run.offer.job.id) == "METERED"


def test_offers_show_free_cards_of_centres_that_speak(world):
    world.placed(a_spec(resources={"cards": 3}))
    world.agent("guian").take()
    world.sleep(1)

    def free():
        offers = world.read(lambda tx: show.list_offers(tx, now=world.now, timing=TIMING))
        return {each.state.centre.zone: each.cards_free for each in offers}

    assert free() == {"guian": 5, "zhongwei": 8}
    world.sleep(15)
    world.agent("zhongwei").beats()
    assert free() == {"zhongwei": 8}


def test_centres_are_listed_in_pages_and_say_whether_they_are_silent(world):
    world.join("wuhu")
    views = world.read(lambda tx: show.list_centres(tx, now=world.now, timing=TIMING, limit=2))
    assert len(views) == 2
    last = views[-1].centre
    after = (to_micros(last.created_at), last.id)
    rest = world.read(lambda tx: show.list_centres(tx, now=world.now, timing=TIMING, after=after))
    assert [view.centre.name for view in (*views, *rest)] == [
        "zhongwei centre", "guian centre", "wuhu centre",
    ]  # fmt: skip
    world.sleep(16)
    view = world.read(lambda tx: show.show_centre(tx, last.id, now=world.now, timing=TIMING))
    assert view.silent
    assert [pool.name for pool in view.pools] == ["gpu"]


def test_roles_of_members_do_not_reach_agents_flows(world):
    with pytest.raises(NotAllowed):
        world.run(
            lambda tx, act: hello(tx, Hello(public_key="k", facts={}, pools=[]), act=act),
            world.member("Yunlan Render", Role.PROVIDER),
        )

"""The catalogue is complete, bilingual, sourced, and refuses what it does not know."""

from __future__ import annotations

from fractions import Fraction
from importlib import resources

import pytest

from suanwang.basics.units import Precision, Quantity, RateKey, Unit, standard_work
from suanwang.grid.catalogue import (
    ChipKind,
    check_rate,
    chip,
    chips,
    cities,
    city,
    hubs,
    is_zone,
    parse_rate,
    place,
    province,
    provinces,
    sources,
    vendors,
    zone,
    zones,
)
from suanwang.grid.catalogue.read import rows
from suanwang.grid.errors import (
    ChipUnknown,
    PlaceUnknown,
    ProvinceUnknown,
    RateImplausible,
    RateUnlabelled,
    SparseAsDense,
)

TABLES = sorted(
    path.name.removesuffix(".csv")
    for path in resources.files("suanwang.grid").joinpath("tables").iterdir()
)


def test_there_are_eight_hubs_and_ten_zones_each_in_one_hub():
    assert len(hubs()) == 8
    assert len(zones()) == 10
    assert {each.hub for each in zones()} == {each.id for each in hubs()}


def test_there_are_enough_cities_cards_and_processors():
    assert len(cities()) >= 15
    assert len(chips()) >= 60
    assert sum(each.kind is ChipKind.CPU for each in chips()) >= 12


@pytest.mark.parametrize("table", TABLES)
def test_a_table_is_short_and_every_row_names_a_known_source(table):
    known = sources()
    assert len(rows(table)) < 399
    for row in rows(table):
        named = {value for column, value in row.items() if "source" in column}
        assert named - {""} <= known.keys(), row
        if table not in {"sources", "vendors"}:
            assert named - {""}, row


@pytest.mark.parametrize("table", TABLES)
def test_no_row_of_a_table_is_ragged(table):
    assert [row for row in rows(table) if None in row or None in row.values()] == []


def test_every_name_is_there_in_both_languages():
    named = [*hubs(), *zones(), *cities(), *provinces()]
    names = [each.name for each in named] + list(vendors().values())
    names += [each.title for each in sources().values()]
    assert [name for name in names if not (name("en") and name("zh"))] == []
    assert zone("zhongwei").name("zh") == "中卫集群"
    assert zone("zhongwei").name("en") == "Zhongwei"


def test_places_lie_in_known_provinces_and_china():
    known = {each.id for each in provinces()}
    for each in (*zones(), *cities()):
        assert each.province in known
        assert 18 < each.position.latitude < 54
        assert 73 < each.position.longitude < 135


def test_the_demand_side_hubs_may_reach_pue_1_25_and_the_west_1_20():
    western = {"guian", "horinger", "qingyang", "zhongwei"}
    for each in zones():
        assert each.pue_target_max == (1.20 if each.id in western else 1.25)
        assert each.rack_rate_target_min == 0.65


@pytest.mark.parametrize(
    ("look_up", "word", "refusal", "nearest"),
    [
        (zone, "zongwei", PlaceUnknown, "zhongwei"),
        (city, "shangai", PlaceUnknown, "shanghai"),
        (place, "wuhuu", PlaceUnknown, "wuhu"),
        (province, "ninxia", ProvinceUnknown, "ningxia"),
        (chip, "a100-80g", ChipUnknown, "a100-80g-sxm"),
    ],
)
def test_an_unknown_name_is_refused_with_the_nearest_one(look_up, word, refusal, nearest):
    with pytest.raises(refusal) as caught:
        look_up(word)
    for lang in ("en", "zh"):
        assert word in caught.value.message(lang)
        assert nearest in caught.value.message(lang)


def test_places_are_found_by_id_or_name():
    assert city("西安") == city("Xi'an") == city("xian") == place("xian")
    assert province("宁夏") == province("ningxia") == province("CN-NX")
    assert place("chongqing") == zone("chongqing") != city("chongqing")
    assert is_zone("guian")
    assert not is_zone("beijing")


def test_every_card_has_power_vendor_and_plausible_figures():
    for each in chips():
        assert each.vendor in vendors(), each.id
        assert each.power_w > 0, each.id
        assert each.power_status in {"P", "A"}, each.id
        assert each.confidence in {"high", "medium", "low"}, each.id
        assert bool(each.fp16_mode) == (Precision.FP16 in each.rates), each.id
        # Nobody sells FP64 above FP32, or more than 16 TB/s on one card.
        fp64, fp32 = (each.rates.get(p) for p in (Precision.FP64, Precision.FP32))
        assert fp64 is None or fp32 is None or fp64 <= fp32, each.id
        assert each.bandwidth_gbs is None or each.bandwidth_gbs <= 16_000, each.id


@pytest.mark.parametrize(
    ("card", "fp16", "memory", "bandwidth", "power"),
    [
        ("a100-80g-sxm", "312", 80, 2039, 400),
        ("h100-80g-sxm", "989.4", 80, 3350, 700),
        ("h20-96g", "148", 96, 4000, 400),
        ("ascend-910b1", "400", 64, 1600, 400),
        ("ascend-910b2", "376", 64, 1600, 400),
        ("ascend-910b3", "313", 64, 1600, 400),
        ("ascend-910b4", "280", 32, 800, 400),
        ("ascend-910c", "800", 128, 3200, 700),
        ("mlu370-x8", "96", 48, 614.4, 250),
        ("mtt-s4000", "100", 48, 768, 450),
        ("metax-c500", "280", 64, 1800, 450),  # Epoch prints 18000: a slip
        ("bi-v100", "128", 32, 1200, 250),
        ("br100", "1024", 64, 1640, 550),  # 256 is its FP32
        ("kunlun-r200-8f", "128", 32, 512, 160),
    ],
)
def test_known_cards_have_their_figures(card, fp16, memory, bandwidth, power):
    found = chip(card)
    assert found.rates[Precision.FP16] == Fraction(fp16)
    assert (found.memory_gb, found.bandwidth_gbs, found.power_w) == (memory, bandwidth, power)


def test_domestic_cards_are_all_there():
    named = "ascend-910b1 ascend-910b2 ascend-910b3 ascend-910b4 ascend-910c mlu370-x8 mtt-s4000"
    named += " br104 metax-c500 bi-v100 kunlun-r200 kunlun-p800 hygon-z100 hygon-k100"
    named += " enflame-t21 enflame-s60 hanguang-800 kunpeng-920 hygon-7285 phytium-s2500"
    assert [each for each in named.split() if chip(each).id != each] == []


def test_the_accumulate_mode_is_told_where_it_matters():
    assert chip("rtx-4090").fp16_mode == "tensor, FP16 accumulate"
    assert "165" in chip("rtx-4090").note


def test_a_processor_reaches_cores_times_clock_times_width():
    # 40 cores × 2.3 GHz × 32 FP64 operations a cycle
    assert chip("xeon-8380").rates[Precision.FP64] == Fraction("2.944")
    assert chip("xeon-8380").cores == 40


def test_card_hours_become_p_days_through_the_catalogue():
    hours = Quantity.of(24, Unit.CARD_HOUR)
    card = chip("ascend-910b3")
    key = RateKey(card.id, Precision.FP16)
    work = standard_work(hours, key, card.rate_keys())
    assert work == Quantity.of("0.313", Unit.P_DAY_FP16_DENSE)


@pytest.mark.parametrize(
    ("text", "tflops", "precision", "sparse"),
    [
        ("989 TFLOPS FP16 dense", "989", "FP16", False),
        ("1979 tflops fp16 sparse", "1979", "FP16", True),
        ("0.989 PFLOPS FP16 dense", "989", "FP16", False),
        ("1000P FP16 dense", "1000000", "FP16", False),
        ("624 TOPS INT8 dense", "624", "INT8", False),
        ("2944 GFLOPS FP64 dense", "2.944", "FP64", False),
    ],
)
def test_a_labelled_rate_is_read(text, tflops, precision, sparse):
    rate = parse_rate(text)
    assert (rate.value, rate.precision, rate.sparse) == (Fraction(tflops), precision, sparse)


@pytest.mark.parametrize(
    "text",
    ["1000P", "1000P FP16", "1000P dense", "989 TFLOPS", "fast", "", "9 LIGHTYEARS FP16 DENSE"],
)
def test_a_bare_p_is_refused(text):
    with pytest.raises(RateUnlabelled) as caught:
        parse_rate(text)
    assert "dense" in caught.value.message("en")


@pytest.mark.parametrize(
    ("card", "text", "refusal"),
    [
        ("h100-80g-sxm", "1979 TFLOPS FP16 dense", SparseAsDense),
        ("a100-80g-sxm", "624 TFLOPS FP16 dense", SparseAsDense),
        ("h100-80g-sxm", "1500 TFLOPS FP16 dense", RateImplausible),
        ("h100-80g-sxm", "3000 TFLOPS FP16 sparse", RateImplausible),
        ("h100-80g-sxm", "989 TFLOPS FP16 dense", None),
        ("h100-80g-sxm", "1979 TFLOPS FP16 sparse", None),
        ("h100-80g-sxm", "612 TFLOPS FP16 dense", None),  # a measurement
        ("kunlun-p800", "900 TFLOPS FP16 dense", None),  # nothing known to hold it against
    ],
)
def test_a_sparse_rate_stated_as_dense_is_refused(card, text, refusal):
    rate = parse_rate(text)
    if refusal is None:
        assert check_rate(card, rate) == rate
        return
    with pytest.raises(refusal) as caught:
        check_rate(card, rate)
    assert card in caught.value.message("zh")

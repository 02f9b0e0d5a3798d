"""Reads a CASE and checks every rule of it: a Case comes out, or CaseUnreadable with the place."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256 as sha256_of
from pathlib import Path

from suanwang.market.case.blocks import read_blocks
from suanwang.market.case.bounds import Priced, read_price_bounds
from suanwang.market.case.columns import Columns
from suanwang.market.case.fields import SCALE_12, Fields, Misfit
from suanwang.market.case.frame import Frame, read_carbon, read_frame
from suanwang.market.case.ids import check_ids
from suanwang.market.case.jobs import read_jobs
from suanwang.market.case.links import read_links
from suanwang.market.case.model import Block, Case, Offer, Pricing, Side
from suanwang.market.case.numerals import short_of
from suanwang.market.case.offers import read_offers
from suanwang.market.case.pools import pool_names, pool_places
from suanwang.market.case.raw import TABLES, file_bytes, refusals
from suanwang.market.case.scan import PIECE, scan_document
from suanwang.market.case.table import scan_table

_NEEDS = "currency tick zones classes slots"
_MAY = (
    "links asks bids blocks jobs offers price_min price_max pricing carbon carbon_price seed"
    " receipts_root"
)
_QUANTA = (10**12, 10**9, 10**6)
_QUANTA_MAX = 2**62


def read_case(path: Path) -> Case:
    """Read a CASE from a JSON, .parquet or .arrow file.

    Raises:
        CaseUnreadable: with the place of what is wrong, whatever the file holds.
        MarketExtraMissing: for a table where the package that reads it is missing.
    """
    with refusals(path.name):
        content = file_bytes(path)
        sha256 = sha256_of(content).hexdigest()
        asks, bids = Columns(Side.ASK), Columns(Side.BID)
        suffix = path.suffix.lower()
        if suffix in TABLES:
            columns = {Side.ASK: asks, Side.BID: bids}
            document = scan_table(
                content, arrow=suffix == ".arrow", columns=columns, number=short_of
            )
        else:
            sinks = {"asks": asks, "bids": bids}
            document = scan_document(content, number=short_of, sinks=sinks)
        # The columns have what they need; the bytes would double the memory.
        del content
        return _Reading(document, asks, bids).case(sha256)


def case_from_document(document: object, *, sha256: str = "", name: str = "case") -> Case:
    """Check a CASE that is a document already: numbers may be int, Decimal, float or text.

    Raises:
        CaseUnreadable: naming the file as `name`.
    """
    with refusals(name):
        return _Reading(document, Columns(Side.ASK), Columns(Side.BID)).case(sha256)


class _Reading:
    """What has been read so far, in the order in which one thing needs the other."""

    def __init__(self, document: object, asks: Columns, bids: Columns) -> None:
        fields = Fields(document, "$", needs=_NEEDS, may=_MAY)
        _add_all(asks, fields, "asks")
        _add_all(bids, fields, "bids")
        self._fields, self._asks, self._bids = fields, asks, bids
        self._frame: Frame = read_frame(fields)
        self._pools = pool_names(fields, asks)
        self._blocks = read_blocks(fields, self._frame)
        self._jobs = read_jobs(fields, self._frame)
        self._offers = read_offers(fields, self._frame, self._pools)

    def case(self, sha256: str) -> Case:
        fields, frame = self._fields, self._frame
        self._check_ids()
        quantum = self._quantum()
        asks = self._asks.steps(frame, quantum=quantum, pools=self._pools)
        bids = self._bids.steps(frame, quantum=quantum, pools=self._pools)
        carbon, kg = read_carbon(fields, frame)
        priced = Priced(
            simple=[(self._asks, asks), (self._bids, bids)],
            blocks=self._blocks,
            offers=self._offers,
            carbon=carbon,
        )
        price_min, price_max = read_price_bounds(fields, frame, priced)
        places = pool_places(len(self._pools), asks=asks, offers=self._offers, frame=frame)
        return Case(
            sha256=sha256,
            currency=fields.text("currency"),
            tick=frame.tick,
            zones=tuple(frame.zones),
            classes=tuple(frame.classes),
            hours=frame.hours,
            links=read_links(fields, frame),
            pools=tuple(self._pools),
            pool_places=places,
            asks=asks,
            bids=bids,
            blocks=self._blocks,
            jobs=self._jobs,
            offers=self._offers,
            price_min=price_min,
            price_max=price_max,
            pricing=fields.choice("pricing", Pricing, Pricing.NO_LOSS),
            carbon=carbon,
            kg=kg,
            quantum=quantum,
            seed=fields.whole("seed"),
            receipts_root=fields.text_or_none("receipts_root"),
        )

    def _check_ids(self) -> None:
        check_ids(
            {
                "asks": self._asks.ids,
                "bids": self._bids.ids,
                "blocks": [block.id for block in self._blocks],
                "jobs": [job.id for job in self._jobs],
                "offers": [offer.id for offer in self._offers],
            }
        )

    def _quantum(self) -> int:
        total = self._asks.total() + self._bids.total() + _total(self._blocks, self._offers)
        for quantum in _QUANTA:
            if total * quantum < _QUANTA_MAX * SCALE_12:
                return quantum
        most = _QUANTA_MAX // _QUANTA[-1]
        raise Misfit("$", f"all quantities together < {most} cards", total // SCALE_12)


def _add_all(columns: Columns, fields: Fields, key: str) -> None:
    rows = fields.entries(key)
    for start in range(0, len(rows), PIECE):
        columns.add(rows[start : start + PIECE])


def _total(blocks: Iterable[Block], offers: Iterable[Offer]) -> int:
    """Return the sum of the quantities of blocks and offers in 10⁻¹² cards."""
    orders: list[Block | Offer] = [*blocks, *offers]
    return sum(int(cards * SCALE_12) for order in orders for cards in order.quantity)

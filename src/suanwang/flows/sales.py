"""Who sells what at which price now: contracts in force and brokers' price lists, per pool.

sales = Sales.load(tx, now=act.now)
sales.to(job.organisation_id, broker)      pool → Sale, for the demand of one job
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from suanwang.basics.ids import OrganisationId, PoolId
from suanwang.basics.money import Money
from suanwang.basics.slots import Instant, market_day
from suanwang.grid.centre import Pool
from suanwang.grid.deal import Deal, Mode, Sale
from suanwang.grid.fees import TakeRates, in_force
from suanwang.grid.list_price import ListPrice, PriceTable, list_source
from suanwang.ledger.accounts import AccountName
from suanwang.ledger.contracts import Contract, ContractKind, rate_of
from suanwang.store import centres, contracts, ledger
from suanwang.store.centres import StoredPool
from suanwang.store.tx import Tx


@dataclass(frozen=True, slots=True)
class _PricesAt:
    """A broker's price list, and the record that it is."""

    source: str
    table: PriceTable


@dataclass(frozen=True, slots=True)
class Sales:
    """The contracts in force at one moment, with the pools that they may cover."""

    now: Instant
    contracts: Sequence[Contract] = ()
    pools: Sequence[StoredPool] = ()
    prices: Mapping[OrganisationId, _PricesAt] = field(default_factory=dict)
    funds: Mapping[OrganisationId, Money] = field(default_factory=dict)

    @property
    def take(self) -> TakeRates:
        """The fee schedule in force."""
        return in_force(market_day(self.now))

    @classmethod
    def load(cls, tx: Tx, *, now: Instant) -> Sales:
        """Load what is in force now; without a contract nothing more is read."""
        found = contracts.in_force(tx, now=now)
        if not found:
            return cls(now)
        brokers = {c.partner_id for c in found if c.kind is ContractKind.SELF_RUN}
        accounts = {each: ledger.account_of(tx, each, AccountName.AVAILABLE) for each in brokers}
        return cls(
            now,
            found,
            centres.open_pools(tx),
            {
                owner: _PricesAt(f"broker:{each.id}", PriceTable.from_wire(each.prices))
                for owner, each in contracts.prices_in_force(tx, now=now).items()
            },
            {owner: each.available for owner, each in accounts.items()},
        )

    def to(self, buyer: OrganisationId, broker: OrganisationId | None) -> dict[PoolId, Sale]:
        """Say how each pool is sold to a buyer, by its centre or by a broker.

        Without a broker only pools with a carrier are named; a broker sells nothing to itself.
        """
        if broker is not None and broker == buyer:
            return {}
        sold = {}
        for each in self.pools:
            sale = Sale() if broker is None else self._sale(each, broker)
            if sale is not None:
                sold[each.id] = self._carried(each, sale)
        return {pool: sale for pool, sale in sold.items() if sale != Sale()}

    def _sale(self, pool: StoredPool, broker: OrganisationId) -> Sale | None:
        """Return how a broker sells a pool by its oldest contract that can, or None."""
        for each in self._covering(pool, ContractKind.AGENCY, ContractKind.SELF_RUN):
            if each.partner_id != broker:
                continue
            if each.kind is ContractKind.AGENCY:
                rate = rate_of(each, "commission")
                deal = Deal(mode=Mode.AGENCY, broker=broker, contract=each.word, commission=rate)
                return Sale(deal=deal)
            sale = self._resale(pool, each)
            if sale is not None:
                return sale
        return None

    def _resale(self, stored: StoredPool, contract: Contract) -> Sale | None:
        pool = stored.pool
        prices = self.prices.get(contract.partner_id)
        price = None if prices is None else prices.table.classes.get(pool.chip)
        purchase = _purchase(pool, contract)
        if prices is None or price is None or purchase is None:
            return None  # a class that one of both lists does not have
        broker = contract.partner_id
        return Sale(
            deal=Deal(
                mode=Mode.SELF_RUN,
                broker=broker,
                contract=contract.word,
                purchase_source=_purchase_source(stored, contract),
            ),
            price=price,
            source=prices.source,
            purchase=purchase,
            funds=self.funds[broker],
        )

    def _carried(self, pool: StoredPool, sale: Sale) -> Sale:
        for each in self._covering(pool, ContractKind.CARRIAGE):
            deal = replace(
                sale.deal,
                carrier=each.partner_id,
                carriage_contract=each.word,
                carriage=rate_of(each, "carriage"),
            )
            return replace(sale, deal=deal)
        return sale

    def _covering(self, pool: StoredPool, *kinds: ContractKind) -> list[Contract]:
        return [
            each
            for each in self.contracts
            if each.kind in kinds and each.covers(pool.id, pool.organisation_id, self.now)
        ]


def _purchase_source(pool: StoredPool, contract: Contract) -> str | None:
    """Name the list price that a contract's discount is off; None where it names its own."""
    return list_source(pool.id, pool.price_version) if "discount" in contract.clauses else None


def _purchase(pool: Pool, contract: Contract) -> ListPrice | None:
    """Return what a broker buys at: the contract's price of the class, or list less a discount."""
    if "discount" not in contract.clauses:
        found = contract.clauses["prices"].get(pool.chip)
        return None if found is None else ListPrice.flat(found)
    left = 1 - rate_of(contract, "discount")
    return replace(pool.price, price=pool.price.price.times(left))

"""The three centres that the demo's agents stand for, as the files `suan agent join` reads.

Real places with their own prices, tariffs, distance and carbon; the cards behind all three are
this machine's CPU. Prices are the demo's own, in the order of CPU-socket hours on the market.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoCentre:
    """One centre of the demo. Prices in yuan: per card-hour, per GB, per GB-month."""

    slug: str
    name: str
    name_zh: str
    zone: str
    city: str
    province: str
    chip: str
    pue: float
    price: str
    data_price_gb: str
    cold_price_gb_month: str
    bandwidth_mbps: int

    def toml(self, *, environment: Path) -> str:
        """Write the centre's file, with this Python environment under the name `science`."""
        quoted = {k: json.dumps(getattr(self, k), ensure_ascii=False) for k in _FACTS}
        facts = "\n".join(f"{key} = {value}" for key, value in quoted.items())
        return (
            f"{facts}\n\n[environments.science]\npython = {json.dumps(str(environment))}\n\n"
            f'[[pools]]\nname = "{self.chip}"\nchip = "{self.chip}"\nnodes = 1\n'
            f"cards_per_node = 1\ncores_per_node = 1\nmemory_gb = 4\ndisk_gb = 8\n"
            f'price = {{ kind = "flat", price = "{self.price}" }}\n'
        )


_FACTS = (
    "name", "zone", "city", "province", "pue",
    "data_price_gb", "cold_price_gb_month", "bandwidth_mbps",
)  # fmt: skip

CENTRES = (
    DemoCentre(
        slug="zhongwei", name="Zhongwei West Cloud", name_zh="中卫西部云基地", zone="zhongwei",
        city="zhongwei", province="ningxia", chip="kunpeng-920", pue=1.15, price="0.90",
        data_price_gb="0.10", cold_price_gb_month="0.012", bandwidth_mbps=200,
    ),
    DemoCentre(
        slug="guian", name="Gui'an New Area", name_zh="贵安新区", zone="guian",
        city="guian", province="guizhou", chip="hygon-7285", pue=1.18, price="1.10",
        data_price_gb="0.12", cold_price_gb_month="0.009", bandwidth_mbps=300,
    ),
    DemoCentre(
        slug="wuhu", name="Wuhu Yangtze Delta", name_zh="芜湖长三角", zone="wuhu",
        city="wuhu", province="anhui", chip="xeon-8380", pue=1.22, price="1.60",
        data_price_gb="0.08", cold_price_gb_month="0.020", bandwidth_mbps=800,
    ),
)  # fmt: skip

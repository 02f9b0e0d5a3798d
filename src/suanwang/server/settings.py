"""One frozen `Settings`, read once at start: default < file < environment < flag.

`suan serve config` prints each value with the place it came from.
"""

from __future__ import annotations

import dataclasses
import difflib
import math
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import time
from pathlib import Path
from typing import Any

from suanwang.ledger.settlement import CycleUnordered, SettlementCycle
from suanwang.server.errors import SettingUnknown, SettingUnreadable

ENV_PREFIX = "SUANWANG_"
ENV_FILE = "SUANWANG_CONFIG"
SYSTEM_FILE = Path("/etc/suanwang/server.toml")
DAY = "day"
SETTLE_SECONDS_MAX = 31 * 86_400
DATA_DIR = Path("suanwang-data")


def _setting(
    default: Any,  # noqa: ANN401 - of each setting's own type
    en: str,
    zh: str,
    *,
    least: int | None = None,
    most: int | None = None,
) -> Any:  # noqa: ANN401
    """Describe a setting; a number has both bounds, far from what anybody wishes.

    Beyond them arithmetic on dates overflows, or a server seems to run and never does the thing.
    """
    limits = {"least": least, "most": most}
    return field(default=default, metadata={"en": en, "zh": zh, **limits})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that an operator may choose. The environment's name is SUANWANG_ + NAME."""

    name: str = _setting("Suanwang", "Name of the exchange.", "交易所名称。")
    database_url: str = _setting(
        "sqlite:///./suanwang.db",
        "Database: sqlite:///FILE or postgresql://USER@HOST/NAME.",
        "数据库：sqlite:///文件 或 postgresql://用户@主机/库名。",
    )
    data_dir: Path = _setting(  # noqa: RUF009 - a field with its help
        DATA_DIR,
        "Folder of stored files and, after the first start, of operator.key.",
        "存放文件的目录；首次启动后 operator.key 也在其中。",
    )
    host: str = _setting("127.0.0.1", "Address to listen on.", "监听地址。")
    port: int = _setting(
        8930,
        "Port to listen on; 0: any free one.",
        "监听端口；0：任一空闲端口。",
        least=0,
        most=65_535,
    )
    heartbeat_seconds: int = _setting(
        5, "Seconds between an agent's heartbeats.", "代理心跳间隔（秒）。", least=1, most=3_600
    )
    lease_seconds: int = _setting(
        15,
        "Seconds without a heartbeat after which a lease is lost.",
        "无心跳多少秒后租约失效。",
        least=1,
        most=86_400,
    )
    round_every_seconds: float = _setting(
        1.0, "Seconds between rounds at most.", "两轮出清的最大间隔（秒）。", least=0, most=86_400
    )
    quote_ttl_seconds: int = _setting(
        900, "Seconds for which a quote is good.", "报价有效期（秒）。", least=1, most=31 * 86_400
    )
    settle_every: str = _setting(
        DAY,
        'When bills are settled: "day" (the Beijing day) or a number of seconds.',
        "何时结算账单：“day”（北京日）或秒数。",
    )
    settle_preliminary_bank_days: int = _setting(
        0,
        "Bank days after which a market day is paid; 0: when it is over.",
        "交易日结束后多少个银行工作日付款；0：当日结束即付。",
        least=0,
        most=250,
    )
    settle_final_bank_days: int = _setting(
        10,
        "Bank days after which a market day is final: until then meters are corrected at once.",
        "多少个银行工作日后交易日定稿；此前计量更正即时入账。",
        least=1,
        most=250,
    )
    settle_resettlement_bank_days: int = _setting(
        40,
        "Bank days after which a market day is resettled once, if anything was corrected late.",
        "多少个银行工作日后对迟到的更正一次性重新结算。",
        least=1,
        most=250,
    )
    settle_close_bank_days: int = _setting(
        45,
        "Bank days after which nothing may touch a market day any more.",
        "多少个银行工作日后交易日关闭，不得再有任何分录。",
        least=1,
        most=250,
    )
    payout_cutoff: str = _setting(
        "16:00",
        "Beijing time after which money is paid out on the next bank day.",
        "北京时间几点之后的款项在下一银行工作日支付。",
    )
    books_close_days: int = _setting(
        5,
        "Days after a month's end (Beijing) at which its books are closed.",
        "月末（北京时间）之后多少天结账。",
        least=0,
        most=90,
    )
    payout_account_wait_hours: int = _setting(
        48,
        "Hours before money is paid out to a bank account that was changed.",
        "变更出金银行账户后，多少小时方可出金。",
        least=0,
        most=31 * 24,
    )
    dispute_window_days: int = _setting(
        30,
        "Days after billing in which a bill can be disputed.",
        "出账后可提出争议的天数。",
        least=1,
        most=366,
    )
    dispute_answer_bank_days: int = _setting(
        5,
        "Bank days for the seller's answer; after them silence is consent.",
        "卖方答复争议的银行工作日数；逾期视为同意。",
        least=1,
        most=250,
    )
    dispute_ruling_bank_days: int = _setting(
        10,
        "Bank days for a ruling after the answer.",
        "答复后作出裁定的银行工作日数。",
        least=1,
        most=250,
    )
    dispute_overdue: str = _setting(
        "escalate",
        'When no ruling came in time: "escalate", "uphold" or "reject".',
        "逾期未裁定时：“escalate”（升级）、“uphold”（支持）或 “reject”（驳回）。",
    )
    head_every_seconds: float = _setting(
        60.0,
        "Seconds between signed heads of the log, when it has grown.",
        "日志增长时签署树头的间隔（秒）。",
        least=0,
        most=86_400,
    )
    rate_limit_per_second: int = _setting(
        200, "Requests per second and key.", "每个密钥每秒请求数上限。", least=1, most=1_000_000
    )
    requests_at_once: int = _setting(
        1000,
        "Requests in hand at once; more are answered 503.",
        "同时处理的请求数上限；超出答复 503。",
        least=1,
        most=1_000_000,
    )
    body_bytes_max: int = _setting(
        8_000_000,
        "Bytes of one JSON body.",
        "单个 JSON 请求体的字节上限。",
        least=1000,
        most=1_000_000_000,
    )
    blob_bytes_max: int = _setting(
        50_000_000_000,
        "Bytes of one stored file.",
        "单个存储文件的字节上限。",
        least=1,
        most=10**15,
    )
    blob_quota_bytes: int = _setting(
        500_000_000_000,
        "Bytes stored for one organisation.",
        "每个组织的存储字节上限。",
        least=1,
        most=10**18,
    )
    webhooks_to_private_addresses: bool = _setting(
        False,
        "Allow webhooks to loopback and private addresses and over plain http.",
        "允许 Webhook 发往环回与私有地址以及使用明文 http。",
    )
    log_format: str = _setting("text", '"text" or "json".', "“text” 或 “json”。")
    log_level: str = _setting(
        "info", '"debug", "info", "warning" or "error".', "“debug”、“info”、“warning” 或 “error”。"
    )

    @property
    def settle_seconds(self) -> float | None:
        """Return how often bills are settled; None: at the end of the Beijing day."""
        return None if self.settle_every == DAY else _read_float(self.settle_every)

    @property
    def cycle(self) -> SettlementCycle:
        """Return the settlement cycle. Raises CycleUnordered, ValueError."""
        return SettlementCycle(
            preliminary=self.settle_preliminary_bank_days,
            final=self.settle_final_bank_days,
            resettlement=self.settle_resettlement_bank_days,
            closed=self.settle_close_bank_days,
            payout_cutoff=time.fromisoformat(self.payout_cutoff),
        )

    @property
    def blobs_dir(self) -> Path:
        """Return the folder of stored files."""
        return self.data_dir / "blobs"


CHOICES = {
    "dispute_overdue": ("escalate", "uphold", "reject"),
    "log_format": ("text", "json"),
    "log_level": ("debug", "info", "warning", "error"),
}


@dataclass(frozen=True, slots=True)
class Origin:
    """One setting's value and where it came from."""

    name: str
    value: Any
    origin: str

    @property
    def shown(self) -> str:
        """Return the value with any password masked."""
        if self.name == "database_url":
            return mask_url(str(self.value))
        return str(self.value)


def load_settings(
    *,
    flags: Mapping[str, Any] | None = None,
    env: Mapping[str, str] | None = None,
    file: Path | None = None,
) -> tuple[Settings, list[Origin]]:
    """Read the settings. Raises SettingUnreadable or SettingUnknown, naming the place."""
    found: dict[str, tuple[Any, str]] = {f.name: (f.default, "default") for f in fields(Settings)}
    env = env or {}
    path = file or (Path(env[ENV_FILE]) if env.get(ENV_FILE) else None)
    if path is None and SYSTEM_FILE.exists():
        path = SYSTEM_FILE
    if path is not None:
        found |= {k: (v, str(path)) for k, v in _read_file(path).items()}
    for one in fields(Settings):
        variable = ENV_PREFIX + one.name.upper()
        if variable in env:
            found[one.name] = (env[variable], variable)
    for name, value in (flags or {}).items():
        if value is not None:
            found[name] = (value, "--" + name.replace("_", "-"))
    values = {f.name: _convert(f, *found[f.name]) for f in fields(Settings)}
    origins = [Origin(name, values[name], found[name][1]) for name in values]
    return _checked(Settings(**values), origins), origins


def mask_url(url: str) -> str:
    """Hide the password in an address."""
    head, at, tail = url.rpartition("@")
    scheme, slashes, user = head.partition("://")
    if not at or ":" not in user:
        return url
    return f"{scheme}{slashes}{user.split(':')[0]}:***@{tail}"


def _read_file(path: Path) -> dict[str, Any]:
    try:
        raw = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise SettingUnreadable(
            name="file",
            origin=str(path),
            expected="a readable TOML file",
            found=str(error.strerror),
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingUnreadable(
            name="file", origin=str(path), expected="TOML", found=str(error)
        ) from None
    names = [f.name for f in fields(Settings)]
    for name in raw:
        if name not in names:
            near = difflib.get_close_matches(name, names, n=1, cutoff=0) or names
            raise SettingUnknown(origin=str(path), found=name, nearest=near[0])
    return raw


def _convert(one: dataclasses.Field[Any], value: Any, origin: str) -> Any:  # noqa: ANN401
    kind = type(one.default)
    expected = _EXPECTED[kind]
    try:
        converted = _READERS[kind](value)
    except (TypeError, ValueError):
        raise SettingUnreadable(
            name=one.name, origin=origin, expected=expected, found=value
        ) from None
    least, most = one.metadata["least"], one.metadata["most"]
    if least is not None and not least <= converted <= most:
        expected = f"{expected} from {least} to {most}"
        raise SettingUnreadable(name=one.name, origin=origin, expected=expected, found=value)
    return converted


def _read_bool(value: Any) -> bool:  # noqa: ANN401 - TOML gives a bool, the environment a text
    if isinstance(value, bool):
        return value
    return {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}[
        str(value).lower()
    ]


def _read_bool_or_refuse(value: Any) -> bool:  # noqa: ANN401 - as above
    try:
        return _read_bool(value)
    except KeyError:
        raise ValueError(value) from None


def _read_float(value: Any) -> float:  # noqa: ANN401 - as above
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(value)
    return number


def _read_int(value: Any) -> int:  # noqa: ANN401 - as above
    if isinstance(value, bool | float):
        raise TypeError(value)
    return int(value)


_READERS: Mapping[type, Callable[[Any], Any]] = {
    bool: _read_bool_or_refuse,
    int: _read_int,
    float: _read_float,
    str: str,
    type(Path()): Path,
}
_EXPECTED = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "a text",
    type(Path()): "a path",
}


def _checked(settings: Settings, origins: list[Origin]) -> Settings:
    by_name = {o.name: o for o in origins}
    for name, choices in CHOICES.items():
        if getattr(settings, name) not in choices:
            _refuse(by_name[name], " or ".join(choices))
    try:
        every = settings.settle_seconds
    except ValueError:
        every = 0.0
    if every is not None and not 0 < every <= SETTLE_SECONDS_MAX:
        _refuse(
            by_name["settle_every"], f'"day" or seconds, above 0 and up to {SETTLE_SECONDS_MAX}'
        )
    try:
        settings.cycle  # noqa: B018 - read to be refused here
    except CycleUnordered:
        _refuse(by_name["settle_close_bank_days"], "more bank days than each step before")
    except ValueError:
        _refuse(by_name["payout_cutoff"], "a time of day such as 16:00")
    if settings.lease_seconds < 2 * settings.heartbeat_seconds:
        # One lost heartbeat is weather; a lease must outlive it.
        _refuse(by_name["lease_seconds"], "at least twice heartbeat_seconds")
    return settings


def _refuse(origin: Origin, expected: str) -> None:
    raise SettingUnreadable(
        name=origin.name, origin=origin.origin, expected=expected, found=origin.shown
    )

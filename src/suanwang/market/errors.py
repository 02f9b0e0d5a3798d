"""What can be wrong with a market file, and with asking for what is not in it."""

from __future__ import annotations

from suanwang.basics.errors import Invalid, NotFound


class CaseUnreadable(Invalid):
    """{file}: {place}: expected {expected}, found {found}."""

    zh = "{file}：{place}：应为 {expected}，实际为 {found}。"
    code = "case-unreadable"


class ResultUnreadable(Invalid):
    """{file}: {place}: expected {expected}, found {found}."""

    zh = "{file}：{place}：应为 {expected}，实际为 {found}。"
    code = "result-unreadable"


class OrderUnknown(NotFound):
    """There is no order {id} in {file}."""

    zh = "{file} 中没有订单 {id}。"
    code = "order-unknown"


class MarketExtraMissing(Invalid):
    """This command needs the package {package}; install it with: pip install 'suanwang[market]'."""

    zh = "此命令需要软件包 {package}；请安装：pip install 'suanwang[market]'。"
    code = "market-extra-missing"

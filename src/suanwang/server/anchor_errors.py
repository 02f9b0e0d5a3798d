"""What anchoring the log's heads on a chain refuses."""

from __future__ import annotations

from suanwang.basics.errors import Conflict, Invalid, Unavailable


class AnchorExtraMissing(Unavailable):
    """Anchoring needs more packages: pip install 'suanwang[anchor]'."""

    zh = "锚定需要更多软件包：pip install 'suanwang[anchor]'。"
    code = "anchor-extra-missing"


class ChainUnavailable(Unavailable):
    """The chain at {url} cannot do this now: {reason}."""

    zh = "位于 {url} 的链暂时无法处理：{reason}。"
    code = "chain-unavailable"


class AnchorMissing(Invalid):
    """There is no anchor contract at {address} on the chain at {url}."""

    zh = "位于 {url} 的链上，地址 {address} 处没有锚定合约。"
    code = "anchor-missing"


class AnchorRefused(Conflict):
    """The contract refused the head of {size} leaves: {reason}."""

    zh = "合约拒绝了含 {size} 个叶的树头：{reason}。"
    code = "anchor-refused"


class HeadUnavailable(Unavailable):
    """The log at {url} cannot be read: {reason}."""

    zh = "无法读取位于 {url} 的日志：{reason}。"
    code = "head-unavailable"

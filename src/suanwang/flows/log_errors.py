"""What flows of the proof log refuse."""

from __future__ import annotations

from suanwang.basics.errors import Conflict, NotFound, Unavailable


class LogForked(Unavailable):
    """The log's {size} leaves do not continue the signed head of {signed}; nothing is signed.

    Somebody changed the database by hand: `suan ledger verify` names the first record.
    """

    zh = "日志现有 {size} 个叶，与已签署的 {signed} 个叶的树头不相续；不再签署。"
    code = "log-forked"


class LogKeyWrong(Unavailable):
    """The head of {size} leaves is not signed with this server's log.key; nothing is signed.

    Give every server of the exchange the same file. A head that was altered reads the same:
    `suan ledger verify` says which.
    """

    zh = "含 {size} 个叶的树头不是以本服务器的 log.key 签署；不再签署。"
    code = "log-key-wrong"


class HeadPending(Conflict):
    """The records of {id} are not all under a signed head yet; try again in {retry_after_s} s."""

    zh = "{id} 的记录尚未全部纳入已签署的树头；请在 {retry_after_s} 秒后重试。"
    code = "head-pending"


class HeadUnknown(NotFound):
    """There is no signed head of {id} leaves."""

    zh = "没有含 {id} 个叶的已签署树头。"
    code = "head-unknown"


class WitnessUnknown(NotFound):
    """The witness {id} is not known here; an operator adds it by its verifier key."""

    zh = "此处不认识见证方 {id}；请由运营方以其验证密钥添加。"
    code = "witness-unknown"

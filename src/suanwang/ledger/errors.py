"""What the ledger refuses."""

from __future__ import annotations

from suanwang.basics.errors import Conflict, Invalid, NotFound, Refused, Unavailable


class FundsInsufficient(Refused):
    """This needs {needed} {asset}; {available} is available in account {account}."""

    zh = "此操作需要 {needed} {asset}；账户 {account} 的可用余额为 {available}。"
    code = "funds-insufficient"


class TransferIdReused(Conflict):
    """The transfer {id} was made before with another body; a fresh transfer needs a fresh id."""

    zh = "转账 {id} 此前已以不同内容提交；新的转账需要新的编号。"
    code = "transfer-id-reused"


class TransferMalformed(Invalid):
    """The transfer {id} cannot be: {reason}."""

    zh = "转账 {id} 不成立：{reason}。"
    code = "transfer-malformed"


class TransferAssetWrong(Invalid):
    """The transfer {id} moves {found}; account {account} holds {expected}."""

    zh = "转账 {id} 的资产为 {found}；账户 {account} 的资产为 {expected}。"
    code = "transfer-asset-wrong"


class AccountUnknown(NotFound):
    """There is no account {id}."""

    zh = "没有账户 {id}。"
    code = "account-unknown"


class BalanceTooLarge(Refused):
    """The account {account} would hold more than 2^63 - 1 smallest units of {asset}."""

    zh = "账户 {account} 的 {asset} 将超过 2^63 - 1 个最小单位。"
    code = "balance-too-large"


class HoldUnknown(NotFound):
    """There is no hold {id}."""

    zh = "没有冻结 {id}。"
    code = "hold-unknown"


class HoldClosed(Conflict):
    """The hold {id} is {found} already; nothing of it is left to post or release."""

    zh = "冻结 {id} 当前为 {found}；已无可扣划或解冻的金额。"
    code = "hold-closed"


class HoldTooSmall(Refused):
    """The hold {id} has {left} left; {needed} cannot be taken from it."""

    zh = "冻结 {id} 尚余 {left}；无法从中取出 {needed}。"
    code = "hold-too-small"


class HoldExpired(Conflict):
    """The hold {id} expired at {expires_at}."""

    zh = "冻结 {id} 已于 {expires_at} 到期。"
    code = "hold-expired"


class HoldNotExpired(Conflict):
    """The hold {id} is good until {expires_at} and cannot expire before."""

    zh = "冻结 {id} 有效期至 {expires_at}，此前不能作到期处理。"
    code = "hold-not-expired"


class ChainBroken(Invalid):
    """The chain {chain} cannot be: {reason}. A chain is made whole, or not at all."""

    zh = "转账链 {chain} 不成立：{reason}。一条链要么整体成立，要么完全不成立。"
    code = "chain-broken"


class ReversalWrong(Invalid):
    """The transfer {id} cannot reverse {original}: {reason}."""

    zh = "转账 {id} 不能冲正 {original}：{reason}。"
    code = "reversal-wrong"


class ReversalTooLarge(Refused):
    """The transfer {original} has {left} left to reverse; {needed} cannot be taken back."""

    zh = "转账 {original} 尚可冲正 {left}；无法冲正 {needed}。"
    code = "reversal-too-large"


class DayClosed(Conflict):
    """The market day {day} is closed; the transfer {id} cannot touch it."""

    zh = "交易日 {day} 已关闭；转账 {id} 不能再记入该日。"
    code = "day-closed"


class PeriodClosed(Conflict):
    """The books are closed up to {until}; the transfer {id} is dated {at}."""

    zh = "账簿已结至 {until}；转账 {id} 的时间为 {at}。"
    code = "period-closed"


class MemberNotVerified(Refused):
    """The member {organisation} is {found}; it must be verified before its first transfer."""

    zh = "成员 {organisation} 当前为 {found}；首笔转账前须先通过核验。"
    code = "member-not-verified"


class MemberSuspended(Refused):
    """The member {organisation} is suspended; it can spend nothing until it is reinstated."""

    zh = "成员 {organisation} 已被暂停；恢复之前不能支出。"
    code = "member-suspended"


class BankDaysUnknown(Unavailable):
    """There is no table of bank days for {year} (there is for: {known}); add that year's notice."""

    zh = "没有 {year} 年的银行工作日表（已有：{known}）；请补充该年度的放假通知。"
    code = "bank-days-unknown"


class CreditCodeWrong(Invalid):
    """Expected a unified social credit code of 18 characters, found {found!r}: {reason}."""

    zh = "应为 18 位统一社会信用代码，实际为 {found!r}：{reason}。"
    code = "credit-code-wrong"


class StatementUnbalanced(Conflict):
    """The entries of {account} in {month} lead to {found}, the account to {expected}.

    Somebody has changed the ledger's rows by hand: `suan ledger verify` says which.
    """

    zh = "账户 {account} 在 {month} 的分录合计为 {found}，账户自身为 {expected}。"
    code = "statement-unbalanced"


class CreditInUse(Refused):
    """The account {account} stands at {available}; its limit cannot be {limit} {asset}."""

    zh = "账户 {account} 的可用余额为 {available}；其额度不能设为 {limit} {asset}。"
    code = "credit-in-use"

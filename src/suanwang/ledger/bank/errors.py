"""What is refused about bank lines and payouts."""

from __future__ import annotations

from suanwang.basics.errors import Conflict, Invalid, NotAllowed, Refused, Unavailable


class BankFileUnreadable(Invalid):
    """The file of bank lines is not imported: {reason}."""

    zh = "银行流水文件未导入：{reason}。"
    code = "bank-file-unreadable"


class BankRowWrong(Invalid):
    """Line {line} of the bank file, column {column}: expected {expected}, found {found!r}."""

    zh = "银行流水文件第 {line} 行，{column} 列：应为 {expected}，实际为 {found!r}。"
    code = "bank-row-wrong"


class BankSumWrong(Invalid):
    """After line {line} the balance would be {expected}, the file says {found}."""

    zh = "第 {line} 行之后余额应为 {expected}，文件所载为 {found}。"
    code = "bank-sum-wrong"


class BankLineReused(Conflict):
    """The bank line {id} was imported before with another body."""

    zh = "银行流水 {id} 此前已以不同内容导入。"
    code = "bank-line-reused"


class TopUpImported(Conflict):
    """The payment {reference} came in as bank line {id} already; see `suan operator bank lines`."""

    zh = "付款 {reference} 已作为银行流水 {id} 入账；见 `suan operator bank lines`。"
    code = "top-up-imported"


class LineTargetWrong(Refused):
    """The bank line {id} cannot go to {target}: {reason}."""

    zh = "银行流水 {id} 不能归于 {target}：{reason}。"
    code = "line-target-wrong"


class PayoutAmountWrong(Invalid):
    """A payout is in whole fen and above zero, found {found}."""

    zh = "出金金额须为正数且精确到分，实际为 {found}。"
    code = "payout-amount-wrong"


class PayoutAccountMissing(Refused):
    """The organisation {organisation} has no bank account for payouts; set one first."""

    zh = "组织 {organisation} 尚未登记出金银行账户；请先登记。"
    code = "payout-account-missing"


class PayoutAccountWaits(Refused):
    """The bank account was changed; payouts go to it from {usable_at}."""

    zh = "银行账户已变更；自 {usable_at} 起方可出金。"
    code = "payout-account-waits"


class PayoutNameWrong(Invalid):
    """The account's name must be the organisation's own, {expected}; found {found}."""

    zh = "账户名称须为组织本身的名称 {expected}；实际为 {found}。"
    code = "payout-name-wrong"


class AccountNumberWrong(Invalid):
    """Expected a bank account number of 8 to 34 digits or capitals, found {length} characters.

    The number itself is not repeated: it is nobody else's to read.
    """

    zh = "应为 8 至 34 位数字或大写字母的银行账号，实际为 {length} 个字符。"
    code = "account-number-wrong"


class PayoutsNone(Refused):
    """No payout can go out on {day}; {left_out} wait (`suan operator payout waiting` says why)."""

    zh = "{day} 没有可发出的出金；等待中 {left_out} 笔（原因见 `suan operator payout waiting`）。"
    code = "payouts-none"


class ApprovedTwice(NotAllowed):
    """The key {key} made or approved the batch {id} already; another operator must approve it."""

    zh = "密钥 {key} 已制作或批准过批次 {id}；须由另一位操作员批准。"
    code = "approved-twice"


class ApprovedBySamePerson(NotAllowed):
    """The member {member} made or approved the batch {id} already, with another key."""

    zh = "成员 {member} 已用另一密钥制作或批准过批次 {id}。"
    code = "approved-by-same-person"


class ApprovalHashWrong(Conflict):
    """You approve a file with SHA-256 {found}; the batch {id} has {expected}."""

    zh = "您批准的文件 SHA-256 为 {found}；批次 {id} 的为 {expected}。"
    code = "approval-hash-wrong"


class PayoutFileLocked(Conflict):
    """The file of batch {id} is given out once it is approved; it is {found}."""

    zh = "批次 {id} 获批后方可取得文件；当前为 {found}。"
    code = "payout-file-locked"


class PayoutSealBroken(Unavailable):
    """The account number of {organisation} does not open with this server's secrets.key."""

    zh = "{organisation} 的账号无法用本服务器的 secrets.key 打开。"
    code = "payout-seal-broken"

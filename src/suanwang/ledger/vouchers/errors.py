"""What the voucher room refuses."""

from __future__ import annotations

from suanwang.basics.errors import Conflict, Invalid, NotAllowed, NotFound, Refused


class ProgrammeUnknown(NotFound):
    """There is no voucher programme {id}; `suan voucher programmes` lists them."""

    zh = "没有算力券计划 {id}；`suan voucher programmes` 可列出全部计划。"
    code = "programme-unknown"


class ProgrammeRuleWrong(Invalid):
    """The rule {field} of {programme} expects {expected}; found {found!r}."""

    zh = "{programme} 的规则 {field} 需为{expected}；实际为 {found!r}。"
    code = "programme-rule-wrong"


class ProgrammeIncomplete(Conflict):
    """The programme {id} is incomplete and pays nothing; an operator must fill: {missing}."""

    zh = "计划 {id} 不完整，不予支付；须由运营方填写：{missing}。"
    code = "programme-incomplete"


class RuleGiven(Conflict):
    """The notice of {id} gives {field} already; only an empty rule can be filled."""

    zh = "{id} 的通知已给出 {field}；只能填写空缺的规则。"
    code = "programme-rule-given"


class ProgrammeModeWrong(Conflict):
    """The programme {id} is redeemed by {found}; this needs {expected}."""

    zh = "计划 {id} 的兑付方式为 {found}；此操作要求 {expected}。"
    code = "programme-mode-wrong"


class ProgrammeFunded(Conflict):
    """The programme {id} has the funder {found}; it cannot have {expected} too."""

    zh = "计划 {id} 的出资方为 {found}；不能再由 {expected} 出资。"
    code = "programme-funded"


class ProgrammeUnfunded(Conflict):
    """The programme {id} has no funder yet; fund it first."""

    zh = "计划 {id} 尚无出资方；请先出资。"
    code = "programme-unfunded"


class PoolTooSmall(Refused):
    """The programme {id} has {left} yuan of vouchers left; {needed} cannot be granted."""

    zh = "计划 {id} 的算力券尚余 {left} 元；无法发放 {needed} 元。"
    code = "voucher-pool-too-small"


class PoolExceeded(Refused):
    """The programme {id} has a pool of {pool} yuan; with {found} it would be exceeded."""

    zh = "计划 {id} 的资金池为 {pool} 元；加上 {found} 元将超出。"
    code = "voucher-pool-exceeded"


class NotTheFunder(NotAllowed):
    """The programme {id} has another funder; this needs its own or an operator."""

    zh = "计划 {id} 由其他机构出资；此操作须由其出资方或运营方进行。"
    code = "not-the-funder"


class ClaimRefused(Refused):
    """The claim is refused ({why}): {sentence}"""  # noqa: D400 - the sentence ends itself

    zh = "申领被拒（{why}）：{sentence}"
    code = "voucher-claim-refused"

    def message(self, lang: str = "en") -> str:
        """Say it with the reason's own sentence in that language."""
        said = self.facts["sentences"]["zh" if lang.startswith("zh") else "en"]
        template = self.zh if lang.startswith("zh") else self._english()
        return template.format(why=self.facts["why"], sentence=said)


class EvidenceMissing(Refused):
    """The claim {id} lacks evidence: {missing}."""

    zh = "申领 {id} 缺少材料：{missing}。"
    code = "voucher-evidence-missing"


class SecondReviewer(Refused):
    """The claim {id} needs two reviews by different keys; {key} gave the first."""

    zh = "申领 {id} 需由不同密钥两级审核；{key} 已作初审。"
    code = "voucher-second-reviewer"

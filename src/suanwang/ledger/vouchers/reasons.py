"""Why a voucher pays nothing, or not all of it, for a line or a bill: a closed list, bilingual."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Reason(StrEnum):
    """Why nothing, or less, was taken."""

    INCOMPLETE = "programme-incomplete"
    NOT_IN_FORCE = "programme-not-in-force"
    SIGNED_EARLY = "contract-signed-early"
    CONTRACT_LONG = "contract-too-long"
    WINDOW_OVER = "claim-window-over"
    REGION = "region-not-eligible"
    FIRM_KIND = "firm-kind-not-eligible"
    CREDIT = "credit-record-too-short"
    FACTS_MISSING = "facts-missing"
    RELATED = "parties-related"
    CONTRACT_CLAIMED = "contract-claimed-already"
    OTHER_SIDE = "other-side-claimed"
    SCALE = "below-scale"
    EXCLUDED = "line-excluded"
    NOT_INCLUDED = "line-not-in-scope"
    SUBSIDISED = "line-subsidised-already"
    NOTHING_ELIGIBLE = "nothing-eligible"
    FIRM_YEAR_CAP = "firm-year-cap-reached"
    CLAIM_CAP = "claim-cap-reached"
    POOL_EMPTY = "pool-empty"
    VOUCHER_SPENT = "voucher-spent"
    VOUCHER_EXPIRED = "voucher-expired"
    MEMBER_SUSPENDED = "member-suspended"


_SENTENCES: Mapping[Reason, tuple[str, str]] = {
    Reason.INCOMPLETE: (
        "The programme is incomplete ({missing}) and pays nothing.",
        "该计划不完整（{missing}），不予支付。",
    ),
    Reason.NOT_IN_FORCE: (
        "The programme is in force from {since} to {until}.",
        "该计划的有效期为 {since} 至 {until}。",
    ),
    Reason.SIGNED_EARLY: (
        "The contract was signed on {found}; contracts from {expected} on count.",
        "合同签订于 {found}；自 {expected} 起的合同方可申领。",
    ),
    Reason.CONTRACT_LONG: (
        "The contract runs for {found} days; at most {expected} are allowed.",
        "合同期为 {found} 天；上限为 {expected} 天。",
    ),
    Reason.WINDOW_OVER: (
        "The claim came {found} days after the bill; at most {expected} are allowed.",
        "申领晚于账单 {found} 天；上限为 {expected} 天。",
    ),
    Reason.REGION: (
        "The firm is registered in {found}; the programme is for {expected}.",
        "企业注册地为 {found}；该计划面向 {expected}。",
    ),
    Reason.FIRM_KIND: (
        "The firm is {found}; the programme is for {expected}.",
        "企业类型为 {found}；该计划面向 {expected}。",
    ),
    Reason.CREDIT: (
        "The firm's credit record is clean for {found} years; {expected} are needed.",
        "企业信用记录良好 {found} 年；需要 {expected} 年。",
    ),
    Reason.FACTS_MISSING: (
        "Not on record of {party}: {facts}; an operator records it.",
        "{party} 的下列信息未登记：{facts}；由运营方登记。",
    ),
    Reason.RELATED: ("Buyer and supplier are related: {how}.", "买方与供方存在关联：{how}。"),
    Reason.CONTRACT_CLAIMED: (
        "The contract {contract} has its claim already.",
        "合同 {contract} 已有申领。",
    ),
    Reason.OTHER_SIDE: (
        "The other side has claimed for the same compute.",
        "另一方已就同一算力申领。",
    ),
    Reason.SCALE: (
        "The compute is {found} PFLOPS; at least {expected} are needed.",
        "算力规模为 {found} PFLOPS；至少需要 {expected}。",
    ),
    Reason.EXCLUDED: ("The programme excludes {kind}.", "该计划不含 {kind}。"),
    Reason.NOT_INCLUDED: ("The programme is for {expected}.", "该计划仅适用于 {expected}。"),
    Reason.SUBSIDISED: ("Another programme has paid for it.", "已由其他计划补贴。"),
    Reason.NOTHING_ELIGIBLE: ("No line is eligible.", "没有可补贴的明细行。"),
    Reason.FIRM_YEAR_CAP: (
        "The firm's cap of {cap} yuan for {year} leaves {left}.",
        "企业 {year} 年度上限 {cap} 元，尚余 {left} 元。",
    ),
    Reason.CLAIM_CAP: ("One claim pays at most {cap} yuan.", "单次申领最多 {cap} 元。"),
    Reason.POOL_EMPTY: ("The programme's pool has {left} yuan left.", "该计划资金尚余 {left} 元。"),
    Reason.VOUCHER_SPENT: ("The vouchers have {left} yuan left.", "算力券尚余 {left} 元。"),
    Reason.VOUCHER_EXPIRED: ("The vouchers expired at {at}.", "算力券已于 {at} 到期。"),
    Reason.MEMBER_SUSPENDED: (
        "The member {party} is suspended; its vouchers wait until it is reinstated.",
        "成员 {party} 已被暂停；其算力券待恢复后方可使用。",
    ),
}


def sentence(reason: Reason, facts: Mapping[str, object], lang: str) -> str:
    """Say a reason with its facts in a language."""
    english, chinese = _SENTENCES[reason]
    return (chinese if lang.startswith("zh") else english).format(**facts)

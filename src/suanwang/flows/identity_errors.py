"""What the flows of identity and money refuse."""

from __future__ import annotations

from suanwang.basics.errors import Conflict, Invalid, Refused, Unavailable


class ExchangeOpenAlready(Conflict):
    """The exchange's own organisation is open already; there is only one."""

    zh = "交易所自身的机构已开立；只能有一个。"
    code = "exchange-open-already"


class ExchangeNotOpen(Unavailable):
    """The exchange's own organisation is not open yet; start the server once with `suan serve`."""

    zh = "交易所自身的机构尚未开立；请先运行一次 `suan serve`。"
    code = "exchange-not-open"


class KeyUnbound(Invalid):
    """A key of role agent names its centre, and no other key does; this one has role {role}."""

    zh = "仅角色为 agent 的密钥须指明其算力中心；此密钥的角色为 {role}。"
    code = "key-unbound"


class ProjectNameTaken(Conflict):
    """The organisation has a project called {name} already; choose another name."""

    zh = "该组织已有名为 {name} 的项目；请另选名称。"
    code = "project-name-taken"


class MemberGone(Conflict):
    """The member {name} was removed; add them anew to give them a key."""

    zh = "成员 {name} 已被移除；请重新添加后再发放密钥。"
    code = "member-gone"


class TooManySecrets(Refused):
    """An organisation may keep {limit} secrets; remove one first."""

    zh = "每个组织最多保存 {limit} 个机密；请先移除一个。"
    code = "too-many-secrets"


class MemberNotEmpty(Conflict):
    """The organisation {id} still has money: {found}; pay it out, then close it."""

    zh = "组织 {id} 仍有资金：{found}；请先付清再关闭。"
    code = "member-not-empty"


class ExchangeNoMember(Conflict):
    """The organisation {id} is the exchange itself; only members are verified or suspended."""

    zh = "组织 {id} 是交易所自身；只有成员才需核验或暂停。"
    code = "exchange-no-member"

"""What the store refuses, and what it cannot do now."""

from __future__ import annotations

from suanwang.basics.errors import Conflict, Invalid, NotSignedIn, Unavailable


class DatabaseUnknown(Invalid):
    """Expected an address such as sqlite:///./suanwang.db or postgresql://…, found {found!r}."""

    zh = "需要形如 sqlite:///./suanwang.db 或 postgresql://… 的数据库地址，实际为 {found!r}。"
    code = "database-unknown"


class DatabaseUnavailable(Unavailable):
    """The database cannot do this now: {reason}."""

    zh = "数据库暂时无法处理：{reason}。"
    code = "database-unavailable"


class SchemaUnknown(Unavailable):
    """The database has schema {found}, which this program ({expected}) is too old to know."""

    zh = "数据库结构版本为 {found}，本程序（{expected}）版本过旧，无法识别。"
    code = "schema-unknown"


class IdempotencyKeyReused(Invalid):
    """The idempotency key {id} came before with another request; use a fresh one."""

    zh = "幂等键 {id} 已用于另一个请求；请换用新的。"
    code = "idempotency-key-reused"


class RequestUnderWay(Conflict):
    """The first request with the idempotency key {id} is still under way; ask again soon."""

    zh = "使用幂等键 {id} 的首个请求仍在处理；请稍后再试。"
    code = "request-under-way"


class KeyRevoked(NotSignedIn):
    """The key {id} has been revoked; ask your operator for a new one."""

    zh = "密钥 {id} 已撤销；请向运营方申请新密钥。"
    code = "key-revoked"


class NotLeading(Conflict):
    """Another server leads {id} now; what this one decided is discarded."""

    zh = "{id} 现由另一台服务器主持；本机的决定作废。"
    code = "not-leading"


class BackupRefused(Conflict):
    """The backup or restore cannot be done: {reason}."""

    zh = "无法备份或恢复：{reason}。"
    code = "backup-refused"


class DatabaseMissing(BackupRefused):
    """There is no database {path}."""

    zh = "没有数据库 {path}。"
    code = "database-missing"

"""What the server refuses before a flow is asked, and what it cannot do now."""

from __future__ import annotations

from suanwang.basics.errors import Invalid, NotFound, Refused, SuanwangError, Unavailable


class SettingUnreadable(Invalid):
    """Setting {name} from {origin}: expected {expected}, found {found!r}."""

    zh = "设置 {name}（来自 {origin}）：需要 {expected}，实际为 {found!r}。"
    code = "setting-unreadable"


class SettingUnknown(Invalid):
    """{origin} has the unknown setting {found!r}; the nearest known one is {nearest!r}."""

    zh = "{origin} 含未知设置 {found!r}；最接近的已知设置是 {nearest!r}。"
    code = "setting-unknown"


class JsonMalformed(Invalid):
    """The body is not JSON that can be read: {reason}."""

    zh = "请求体不是可读的 JSON：{reason}。"
    code = "json-malformed"
    status = 400


class TextUnstorable(Invalid):
    """{place} holds a character that cannot be stored (NUL or half of a surrogate pair)."""

    zh = "{place} 含无法存储的字符（NUL 或不成对的代理码位）。"
    code = "text-unstorable"


class MediaTypeWrong(Refused):
    """Expected a body of type {expected}, found {found!r}."""

    zh = "需要类型为 {expected} 的请求体，实际为 {found!r}。"
    code = "media-type-wrong"
    status = 415
    exit_code = 2


class BodyTooLarge(Refused):
    """The body is larger than the {limit} bytes that are read here."""

    zh = "请求体超过此处可读取的 {limit} 字节。"
    code = "body-too-large"
    status = 413
    exit_code = 2


class BodyCut(Invalid):
    """The body ended before all of it had come."""

    zh = "请求体在传完之前中断。"
    code = "body-cut"
    status = 400


class FieldsInvalid(Invalid):
    """{count} field(s) of the request are not valid."""

    zh = "请求中有 {count} 个字段无效。"
    code = "fields-invalid"


class RouteUnknown(NotFound):
    """There is nothing at {path}."""

    zh = "{path} 处没有内容。"
    code = "route-unknown"


class MethodRefused(Refused):
    """{method} is not possible at {path}; possible: {allowed}."""

    zh = "{path} 不支持 {method}；支持：{allowed}。"
    code = "method-refused"
    status = 405
    exit_code = 2


class CursorUnreadable(Invalid):
    """The cursor is none that this list has given out."""

    zh = "该游标不是此列表给出的。"
    code = "cursor-unreadable"


class IdempotencyKeyUnreadable(Invalid):
    """Expected an Idempotency-Key of 1 to {limit} printable ASCII characters."""

    zh = "Idempotency-Key 应为 1 至 {limit} 个可打印的 ASCII 字符。"
    code = "idempotency-key-unreadable"


class Overloaded(Unavailable):
    """The server has {limit} requests in hand; try again in a moment."""

    zh = "服务器正在处理 {limit} 个请求；请稍后重试。"
    code = "overloaded"


class Stopping(Unavailable):
    """The server is stopping; try again in a moment."""

    zh = "服务器正在停止；请稍后重试。"
    code = "stopping"


class DiskFull(Unavailable):
    """The exchange's disk is full; nothing was stored, and nothing was lost."""

    zh = "交易所的磁盘已满；本次内容未存入，既有内容未丢失。"
    code = "disk-full"
    status = 507


class QuotaFull(Refused):
    """Your organisation may keep {limit} bytes here; {used} are in use, {asked} were asked for."""

    zh = "贵组织在此最多可存 {limit} 字节；已用 {used}，本次申请 {asked}。"
    code = "quota-full"
    status = 507


class ChecksumDiffers(Invalid):
    """Expected content with SHA-256 {expected}, found {found}."""

    zh = "内容的 SHA-256 应为 {expected}，实际为 {found}。"
    code = "checksum-differs"


class TargetRefused(Invalid):
    """Webhooks cannot go to {url}; it must be a URL of https on the open internet."""

    zh = "Webhook 不能发往 {url}；须为公共互联网上的 https 网址。"
    code = "target-refused"


class TargetUnknown(TargetRefused):
    """Webhooks cannot go to {url}: its host name has no address."""

    zh = "Webhook 不能发往 {url}：其主机名没有地址。"
    code = "target-unknown"


class AddressTaken(Unavailable):
    """Cannot listen on {host} port {port}: {reason}."""

    zh = "无法监听 {host} 端口 {port}：{reason}。"
    code = "address-taken"


class OurMistake(SuanwangError):
    """Something went wrong on our side; the operator finds it in the log by the trace id."""

    zh = "我方出错；运营方可用 trace id 在日志中查到。"
    code = "internal"


class TooManyWebhooks(Refused):
    """An organisation may have {limit} webhooks; remove one first."""

    zh = "每个组织最多 {limit} 个 Webhook；请先移除一个。"
    code = "too-many-webhooks"


class RoleNotPossible(Invalid):
    """A key of role {found} cannot be made here; possible: {possible}."""

    zh = "此处不能生成角色为 {found} 的密钥；可选：{possible}。"
    code = "role-not-possible"


class SecretsKeyUnreadable(Unavailable):
    """Cannot use {path}, which opens the stored secrets: {reason}; put it back from a backup."""

    zh = "无法使用 {path}（用于打开已存的机密）：{reason}；请从备份中恢复。"
    code = "secrets-key-unreadable"


class WitnessTrouble(Unavailable):
    """Cannot use {what}: {reason}; nothing was cosigned beyond what the state file says."""

    zh = "无法使用 {what}：{reason}；除状态文件所记外未作联署。"
    code = "witness-trouble"


class LogKeyUnreadable(Unavailable):
    """Cannot use {path}, which signs the log's heads: {reason}; put it back from a backup."""

    zh = "无法使用 {path}（用于签署日志的树头）：{reason}；请从备份中恢复。"
    code = "log-key-unreadable"


class SecretUnreadable(Invalid):
    """Expected a secret's value as the body: UTF-8 text, not empty, without NUL."""

    zh = "请求体应为机密的值：非空的 UTF-8 文本，不含 NUL。"
    code = "secret-unreadable"

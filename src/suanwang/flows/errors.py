"""What job flows refuse. Why a job ended as it did is another list: `jobs/reasons.py`."""

from __future__ import annotations

from suanwang.basics.errors import Conflict, Invalid, Refused


class TooManyJobs(Invalid):
    """Expected at most {most} jobs in one request, found {found}; send them in parts."""

    zh = "一次请求最多 {most} 个作业，实际为 {found} 个；请分批提交。"
    code = "too-many-jobs"


class NoJobs(Invalid):
    """Expected at least one job in the request, found none."""

    zh = "请求中至少需要一个作业，实际没有。"
    code = "no-jobs"


class InputNotUploaded(Invalid):
    """The input {source} of job {name} is a path on your machine; upload it first."""

    zh = "作业 {name} 的输入 {source} 是您本机的路径；请先上传。"
    code = "input-not-uploaded"


class BlobUnknown(Invalid):
    """The input {source} of job {name} was never uploaded; PUT it to /v1/blobs first."""

    zh = "作业 {name} 的输入 {source} 尚未上传；请先 PUT 到 /v1/blobs。"
    code = "blob-unknown"


class SecretUnknown(Invalid):
    """Job {name} names the secret {secret}, which is not stored; run `suan secret set {secret}`."""

    zh = "作业 {name} 引用了机密 {secret}，但该机密尚未存入；请运行 `suan secret set {secret}`。"
    code = "secret-unknown"


class QuoteExpired(Conflict):
    """The quote of job {id} was good until {expired_at}; submit the job again."""

    zh = "作业 {id} 的报价有效期至 {expired_at}；请重新提交作业。"
    code = "quote-expired"


class TokenOld(Conflict):
    """The lease {id} carries token {found}; the job is at token {expected} now."""

    zh = "租约 {id} 的令牌为 {found}；作业当前令牌为 {expected}。"
    code = "token-old"


class UsageRefused(Refused):
    """The usage record {id} is not accepted: {reason}."""

    zh = "用量记录 {id} 未被接受：{reason}。"
    code = "usage-refused"


class UsageTwice(UsageRefused):
    """Lease {lease} was metered already by another record than {id}."""

    zh = "租约 {lease} 已按另一条记录计量，不再接受 {id}。"
    code = "usage-twice"


class CentreNameTaken(Conflict):
    """A centre is called {name} already; choose another name."""

    zh = "已有算力中心名为 {name}；请另选名称。"
    code = "centre-name-taken"


class PoolsMissing(Invalid):
    """Expected at least one pool with a name of its own, found {found}."""

    zh = "至少需要一个名称不重复的资源池，实际为 {found}。"
    code = "pools-missing"

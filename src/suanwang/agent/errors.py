"""What can go wrong beside a centre's cluster.

    SuanwangError
    ├─ Invalid ─ KeyUnreadable, CentreFileUnreadable, CentreFileWrong
    ├─ Refused ─ NotJoined, AlreadyRunning, SandboxMissing, SandboxForbidden, EnvironmentBroken
    ├─ Unavailable ─ ServerUnreachable, ServerRefused
    └─ LeaseFault              one lease cannot go on; says whose fault it is
       ├─ BuyerFault           the job file names something that is not there or not as promised
       └─ CentreFault          disk, network or machine of this centre; another one may succeed

A lease fault's `wire` code travels to the server and stands on the job's timeline.
"""

from __future__ import annotations

from typing import ClassVar

from suanwang.basics.errors import Invalid, Refused, SuanwangError, Unavailable


class KeyUnreadable(Invalid):
    """Expected an agent key such as sk_key_01J…_secret in {path}, found {found}."""

    zh = "{path} 中需要形如 sk_key_01J…_secret 的代理密钥，实际为 {found}。"
    code = "agent-key-unreadable"


class CentreFileUnreadable(Invalid):
    """The centre file {path} cannot be read: {reason}."""

    zh = "无法读取中心配置文件 {path}：{reason}。"
    code = "centre-file-unreadable"


class CentreFileWrong(Invalid):
    """In the centre file {path}, {place}: {reason}."""

    zh = "中心配置文件 {path} 的 {place} 有误：{reason}。"
    code = "centre-file-wrong"


class NotJoined(Refused):
    """{path} holds no joined agent; run `suan agent join --server URL --key-file FILE` first."""

    zh = "{path} 中没有已接入的代理；请先运行 `suan agent join --server URL --key-file FILE`。"
    code = "agent-not-joined"


class AlreadyRunning(Refused):
    """Another agent already runs from {path}; give each agent its own --dir."""

    zh = "{path} 已有代理在运行；请为每个代理指定各自的 --dir。"
    code = "agent-already-running"


class SandboxMissing(Refused):
    """No bwrap was found; install bubblewrap or suanwang[agent], or say --no-sandbox."""

    zh = "找不到 bwrap；请安装 bubblewrap 或 suanwang[agent]，或明确使用 --no-sandbox。"
    code = "sandbox-missing"


class SandboxForbidden(Refused):
    """The sandbox does not work on this machine: {detail}.

    What helps is in the hints that follow it, from `backends.sandbox.hints`.
    """

    zh = "本机无法使用沙箱：{detail}。"
    code = "sandbox-forbidden"


class SandboxLeaks(Refused):
    """The sandbox was tried and does not hold: {detail}. The agent will not run jobs in it."""

    zh = "沙箱自检未通过：{detail}。代理不会在其中运行作业。"
    code = "sandbox-leaks"


class EnvironmentBroken(Refused):
    """The environment {name} at {path} has no working Python: {reason}."""

    zh = "环境 {name}（{path}）没有可用的 Python：{reason}。"
    code = "environment-broken"


class ServerUnreachable(Unavailable):
    """The server {server} does not answer: {reason}. Check the URL and the network."""

    zh = "服务器 {server} 无响应：{reason}。请检查地址与网络。"
    code = "exchange-unreachable"


class ServerRefused(Unavailable):
    """The server answered {answer} to {call}: {reason}."""

    zh = "服务器对 {call} 答复 {answer}：{reason}。"
    code = "exchange-refused"


class TokenOld(Refused):
    """The fencing token of lease {lease} is old; the job has moved on, this work is dropped."""

    zh = "租约 {lease} 的隔离令牌已过期；作业已转移，此处的工作已放弃。"
    code = "lease-token-old"


class LeaseFault(SuanwangError):
    """The lease cannot go on."""

    zh = "租约无法继续。"
    code = "lease-fault"
    fault: ClassVar[str] = "centre"
    wire: ClassVar[str] = "centre-fault"  # the reason on the job's timeline, from jobs/reasons.toml


class BuyerFault(LeaseFault):
    """The job asks for something that is not there or not as promised."""

    zh = "作业所需之物不存在或与声明不符。"
    code = "buyer-fault"
    fault = "buyer"


class CentreFault(LeaseFault):
    """This centre cannot run the job now."""

    zh = "本中心目前无法运行该作业。"
    code = "centre-fault"


class InputMissing(BuyerFault):
    """The input {source} is not there: {reason}."""

    zh = "输入 {source} 不存在：{reason}。"
    code = "lease-input-missing"
    wire = "input-missing"


class InputChecksum(BuyerFault):
    """The input {source} differs from what was promised: expected {expected}, found {found}."""

    zh = "输入 {source} 与声明不符：应为 {expected}，实际为 {found}。"
    code = "lease-input-checksum"
    wire = "input-checksum"


class InputForbidden(BuyerFault):
    """The input {source} may not be used here: {reason}."""

    zh = "此处不允许使用输入 {source}：{reason}。"
    code = "lease-input-forbidden"
    wire = "input-missing"


class InputTooLarge(BuyerFault):
    """The inputs need more than the {limit} bytes of disk that the job asks for."""

    zh = "输入超过作业所要求的 {limit} 字节磁盘。"
    code = "lease-input-too-large"
    wire = "disk-limit"


class CapabilityMissing(CentreFault):
    """This centre does not offer {capability}."""

    zh = "本中心不提供 {capability}。"
    code = "lease-capability-absent"
    wire = "environment-missing"


class InputUnreachable(CentreFault):
    """The input {source} could not be fetched after {attempts} attempts: {reason}."""

    zh = "输入 {source} 尝试 {attempts} 次仍无法获取：{reason}。"
    code = "lease-input-unreachable"
    wire = "centre-fault"


class OutputUnreachable(CentreFault):
    """The output {name} could not be sent after {attempts} attempts: {reason}."""

    zh = "输出 {name} 尝试 {attempts} 次仍无法送出：{reason}。"
    code = "lease-output-unreachable"
    wire = "centre-fault"


class DiskFull(CentreFault):
    """The work directory's disk has {free} bytes free; the job needs {needed}."""

    zh = "工作目录所在磁盘剩余 {free} 字节；作业需要 {needed} 字节。"
    code = "lease-disk-full"
    wire = "disk-full"


class CardsBusy(CentreFault):
    """The pool {pool} has {free} cards free; the lease needs {needed}."""

    zh = "资源池 {pool} 剩余 {free} 张卡；租约需要 {needed} 张。"
    code = "lease-cards-busy"
    wire = "centre-fault"


class AgentRestarted(CentreFault):
    """The site agent was restarted while the job ran; it was stopped."""

    zh = "作业运行期间站点代理重启；作业已停止。"
    code = "lease-agent-restarted"
    wire = "agent-restarted"


class AgentStopped(CentreFault):
    """The site agent was stopped while the job ran."""

    zh = "作业运行期间站点代理被停止。"
    code = "lease-agent-stopped"
    wire = "centre-draining"


class LaunchFailed(CentreFault):
    """The job could not be started here: {reason}."""

    zh = "作业无法在此启动：{reason}。"
    code = "lease-launch-failed"
    wire = "sandbox-failed"


class ColdStoreDamaged(CentreFault):
    """The archive read back differs from what was written: {reason}."""

    zh = "回读的归档与写入内容不一致：{reason}。"
    code = "lease-cold-store-damaged"
    wire = "store-corrupt"


class Cancelled(CentreFault):
    """The job was cancelled before it started.

    Given back like a centre's fault, since nothing was used: the server, which knows of the
    cancellation, then ends the job instead of moving it.
    """

    zh = "作业在开始前已被取消。"
    code = "lease-cancelled"
    wire = "cancelled-by-buyer"


class SecretMissing(BuyerFault):
    """The secrets {names} are not known here."""

    zh = "此处没有机密 {names}。"
    code = "lease-secret-missing"
    wire = "secret-missing"


class SpecUnreadable(CentreFault):
    """This agent cannot read the job: {reason}. A newer agent may."""

    zh = "本代理无法读取该作业：{reason}。较新的代理也许可以。"
    code = "lease-spec-unreadable"

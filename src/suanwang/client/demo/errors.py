"""What can go wrong in the demo itself."""

from __future__ import annotations

from suanwang.basics.errors import Invalid, Unavailable


class DemoFailed(Unavailable):
    """The demo stopped at {what}: {why}."""

    zh = "演示在 {what} 处停止：{why}。"
    code = "demo-failed"


class FolderNotEmpty(Invalid):
    """{path} exists and is not an earlier demo's folder; name another one with --dir."""

    zh = "{path} 已存在且不是以前演示的目录；请用 --dir 指定另一个目录。"
    code = "folder-not-empty"


class FolderUnusable(Invalid):
    """Cannot keep the demo in {path}: {why}; name another folder with --dir."""

    zh = "无法把演示保存在 {path}：{why}；请用 --dir 指定另一个目录。"
    code = "folder-unusable"


class WorkMissing(Invalid):
    """The demo's work needs {missing}; install it with `pip install 'suanwang[simulate]'`."""

    zh = "演示的作业需要 {missing}；请用 `pip install 'suanwang[simulate]'` 安装。"
    code = "demo-work-missing"

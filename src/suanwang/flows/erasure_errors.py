"""What erasing a person's data refuses."""

from __future__ import annotations

from suanwang.basics.errors import Conflict, Invalid


class RecordRetained(Invalid):
    """A record of the kind {kind} is kept by law and cannot be erased; expected one of {erasable}.

    Accounting records are kept for 10 or 30 years, 会计档案管理办法 (2015) art. 14.
    """

    zh = "{kind} 类记录依法须保存，不能删除；可删除的为 {erasable}。"
    code = "record-retained"


class NothingToErase(Conflict):
    """Nothing of {id} is left to erase."""

    zh = "{id} 已无可删除的内容。"
    code = "nothing-to-erase"


class ErasureTooEarly(Conflict):
    """{id} cannot be erased yet: it is {found}, expected {expected}."""

    zh = "{id} 尚不能删除：当前为 {found}，应为 {expected}。"
    code = "erasure-too-early"

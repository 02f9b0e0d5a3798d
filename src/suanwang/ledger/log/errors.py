"""What the log, its proofs and its bundles refuse."""

from __future__ import annotations

from suanwang.basics.errors import Conflict, Invalid, Unavailable


class RecordUnreadable(Invalid):
    """{source}: column {column}: expected {expected}, found {found}."""

    zh = "{source}：列 {column}：应为 {expected}，实际为 {found}。"
    code = "record-unreadable"


class TileShort(Invalid):
    """The tile {number} of level {level} should hold {expected} hashes; it holds {found}."""

    zh = "第 {level} 层的第 {number} 块应含 {expected} 个散列，实际为 {found} 个。"
    code = "tile-short"


class NoteWrong(Invalid):
    """{place}: expected {expected}, found {found}."""

    zh = "{place}：应为 {expected}，实际为 {found}。"
    code = "note-wrong"


class BundleWrong(Invalid):
    """{place}: expected {expected}, found {found}."""

    zh = "{place}：应为 {expected}，实际为 {found}。"
    code = "bundle-wrong"


class HeadForked(Conflict):
    """{origin}: the head of {size} leaves does not continue the head of {seen} leaves."""

    zh = "{origin}：含 {size} 个叶的树头不是含 {seen} 个叶的树头的延续。"
    code = "head-forked"


class HeadOlder(Conflict):
    """{origin}: the head has {size} leaves, fewer than the {seen} that were cosigned before."""

    zh = "{origin}：该树头含 {size} 个叶，少于此前已联署的 {seen} 个。"
    code = "head-older"


class DatabaseCheckMissing(Unavailable):
    """Checking a database needs more packages: pip install 'suanwang[server]'."""

    zh = "核验数据库需要更多软件包：pip install 'suanwang[server]'。"
    code = "database-check-missing"

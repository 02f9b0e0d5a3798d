"""How the innermost loops are compiled, without reference counts: see `own/compiled.py`."""

from __future__ import annotations

from suanwang.market.clearing.own.compiled import bare as bare

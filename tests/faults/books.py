"""The grid's books, read beside the server from its own database with a connection that cannot write.

sqlite:///FILE        mode=ro: a server that was killed need not run
postgresql://…        default_transaction_read_only
"""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager

import psycopg

from suanwang.store.database import Store
from suanwang.store.verify.finding import Finding
from suanwang.store.verify.whole import verify

FINAL = ("SETTLED", "REJECTED", "EXPIRED", "CANCELLED", "FAILED", "LOST")
_FINAL = "('" + "', '".join(FINAL) + "')"

# What must never be there, whenever one looks: each query returns the offenders.
NEVER = {
    "a hold is open though its job is over": f"""
        SELECT j.id, j.state, h.id FROM holds h JOIN transfers t ON t.id = h.id
        JOIN jobs j ON j.id = t.group_id WHERE h.state = 'open' AND j.state IN {_FINAL}""",
    "a job has two open holds": """
        SELECT t.group_id, count(*) FROM holds h JOIN transfers t ON t.id = h.id
        WHERE h.state = 'open' GROUP BY t.group_id HAVING count(*) > 1""",
    "a job was billed twice": """
        SELECT job_id, count(*) FROM bills GROUP BY job_id HAVING count(*) > 1""",
    "a job paid something else than its bill": """
        SELECT b.job_id, b.total_units, coalesce(sum(t.amount_units), 0)
        FROM bills b LEFT JOIN transfers t ON t.group_id = b.job_id AND t.kind = 'post'
        GROUP BY b.job_id, b.total_units HAVING b.total_units <> coalesce(sum(t.amount_units), 0)""",
    "money was posted for a job without a bill": """
        SELECT t.group_id FROM transfers t JOIN jobs j ON j.id = t.group_id
        LEFT JOIN bills b ON b.job_id = j.id WHERE t.kind = 'post' AND b.id IS NULL""",
    "a job has two live leases": """
        SELECT job_id, count(*) FROM leases WHERE state = 'live'
        GROUP BY job_id HAVING count(*) > 1""",
    "a lease lives on though its job is over": f"""
        SELECT l.id, j.id, j.state FROM leases l JOIN jobs j ON j.id = l.job_id
        WHERE l.state = 'live' AND j.state IN {_FINAL}""",
    "a live lease has another token than its job": """
        SELECT l.id, l.token, j.token FROM leases l JOIN jobs j ON j.id = l.job_id
        WHERE l.state = 'live' AND l.token <> j.token""",
    "a job has two accepted usage records": """
        SELECT job_id, count(*) FROM usage_records WHERE accepted = 1
        GROUP BY job_id HAVING count(*) > 1""",
    "cards are kept for a job that is over": f"""
        SELECT r.job_id, j.state FROM reservations r JOIN jobs j ON j.id = r.job_id
        WHERE j.state IN {_FINAL}""",
    "more cards are leased than a pool has": """
        SELECT l.pool_id, sum(j.cards) FROM leases l JOIN jobs j ON j.id = l.job_id
        JOIN pools p ON p.id = l.pool_id WHERE l.state = 'live' GROUP BY l.pool_id, p.facts
        HAVING sum(j.cards) > 2""",
    "accounts do not sum to zero": """
        SELECT asset, sum(balance_units) FROM accounts GROUP BY asset
        HAVING sum(balance_units) <> 0""",
    "an account holds something else than its open holds": """
        SELECT a.id, a.held_units, coalesce(sum(h.amount_units - h.posted_units), 0) FROM accounts a
        LEFT JOIN holds h ON h.debit_id = a.id AND h.state = 'open' GROUP BY a.id, a.held_units
        HAVING a.held_units <> coalesce(sum(h.amount_units - h.posted_units), 0)""",
}  # fmt: skip


class Books:
    """Reads a grid's database; never writes it."""

    def __init__(self, url: str) -> None:
        self.url = url

    @contextmanager
    def _open(self):
        if self.url.startswith("sqlite:///"):
            path = self.url.removeprefix("sqlite:///")
            connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=5)
        else:
            options = "-c default_transaction_read_only=on"
            connection = psycopg.connect(self.url, options=options)
        try:
            yield connection
        finally:
            connection.close()

    def ask(self, query: str, *values) -> list[tuple]:
        """Return the rows of a query whose places are written `?`."""
        if not self.url.startswith("sqlite"):
            query = query.replace("?", "%s")
        with self._open() as connection:
            return [tuple(row) for row in connection.execute(query, values).fetchall()]

    def number(self, query: str, *values) -> int:
        """Return the one number of a query."""
        return int(self.ask(query, *values)[0][0])

    def verbs(self, job: str) -> list[str]:
        """Return what has happened to a job, oldest first, as last committed."""
        rows = self.ask("SELECT verb FROM timeline WHERE job_id = ? ORDER BY seq", job)
        return [verb for (verb,) in rows]

    def wrongs(self) -> dict[str, list[tuple]]:
        """Return every rule that is broken, with its offenders."""
        found = {rule: self.ask(query) for rule, query in NEVER.items()}
        return {rule: rows for rule, rows in found.items() if rows}

    def findings(self) -> tuple[Finding, ...]:
        """Return what is wrong with the log and the records, as `suan ledger verify` finds it."""
        store = Store.open(self.url)
        try:
            return store.read_now(verify).findings
        finally:
            store.close()

"""Checks a whole database from its own rows: the log, the ledger, the records of what was decided.

leaves    every row of transfers and evidence against its hash in the log
tiles     every hash of the tree against those below it
heads     every signed head against the tree, and against the one before it
rows      holds, chains, reversals, closed days against the transfers
mirrors   what budgets hold against the jobs' holds
records   rows of every other table against what was put on record of them
books     floors against what was granted, statements against the entries

Whoever puts a new kind of thing on record declares in `kinds/` which rows repeat it and how, in a
few lines; `records` does the rest. A test refuses a kind of evidence that is nowhere declared.
"""

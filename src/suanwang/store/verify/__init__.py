"""Checks a whole database from its own rows: the log, the ledger, the records of what was decided.

leaves    every row of transfers and evidence against its hash in the log
tiles     every hash of the tree against those below it
heads     every signed head against the tree, and against the one before it
rows      holds, chains, reversals, closed days against the transfers
records   bills, usage, rounds, accounts against what was put on record of them
"""

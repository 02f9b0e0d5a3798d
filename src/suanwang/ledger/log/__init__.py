"""The append-only log that proves the ledger: tree, leaves, heads, bundles."""

"""Who owns what: accounts, transfers, two-phase holds, statements."""

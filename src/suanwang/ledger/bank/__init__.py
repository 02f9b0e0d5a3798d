"""Money in and out: lines of the exchange's bank account, references, payouts, reconciliation."""

"""The ledger for other programs: Beancount and hledger journals."""

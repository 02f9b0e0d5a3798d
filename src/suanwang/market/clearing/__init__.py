"""The clearing engine: outcome, prices, multipliers. Nothing in `verify` may import it."""

"""One job's life: spec, check, lifecycle, the round that clears it, usage, bill."""

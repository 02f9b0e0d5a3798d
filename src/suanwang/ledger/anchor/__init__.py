"""The contract that keeps heads of the log on an EVM chain; its source, ABI and bytecode."""

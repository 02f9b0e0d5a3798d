"""The `suan` command's own nouns, one module each."""

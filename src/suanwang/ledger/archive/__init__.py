"""An export of the whole log: read, proven, and its records held against each other offline."""

"""What a round is asked to clear: the CASE of the rules page, read and checked."""

"""What is for sale at what price: products, clearing, order book, index, forwards, margin.

Empty until the clearing issue: jobs are cleared at list price by `jobs/round.py` so far, and the
auction will take the place of that rule. It imports `ledger` and `basics` only; `grid` is its
sibling and neither knows the other.
"""

"""What is for sale at what price: a round's orders cleared, proven, checked and explained.

    case      a CASE file read and checked, or refused with its place
    clearing  outcome, uniform prices, money and certificate: RESULT
    verify    RESULT checked anew in whole numbers; shares nothing with the solver
    explain   why an order was accepted, rejected or partly taken, in one sentence
    commands  `suan market clear | verify | explain | prices`

docs/en/reference/market-rules.md is normative for all of them. Everything here is a plain function
of its input: no clock, no dice, no network. The running grid still clears its jobs at list price
(`jobs/round.py`); order book, index, forwards and margin come later. The room imports `ledger`
and `basics` only; `grid` is its sibling and neither knows the other.
"""

"""Why an order was accepted, rejected or partly taken, and what would have changed that.

    answer    one order's Answer      simple, blocks, jobs, offers   how each kind comes to it
    links     which full link stands in the way                      words     one sentence
    rerun     the same by clearing again with a changed order

It reads CASE and RESULT as the verifier does, so it needs no solver but for `rerun`.
"""

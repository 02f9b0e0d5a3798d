"""The exact search for small cases: sets of orders with conditions in falling order of welfare.

    model: columns of steps, flows and orders → programme: HiGHS → reading: plans in whole quanta
    → judge (are there prices nobody loses at?) → a cut that leaves the refused set out, and again

The first set that the judge accepts is the best there is.
"""

"""Own problems: the most that one job, block family or offer could gain at given multipliers.

    arrays     jobs as flat arrays          families   block families, arrays and gains
    prices     multipliers made ready       offers     offers with conditions, arrays and gains
    contiguous, preemptible, divisible      one kernel a shape: the bound of the rules page
    pauses     a preemptible job's plan that can really run      ramps   the same for an offer
    sweep      all jobs at once: gains, plans, the cards that they ask for; carriage   their data

Compiled code takes NamedTuples and records as they are, so they stand where a dataclass would.
Money is yuan in float64: nothing here is proof, the certificate recomputes all of it in integers.
"""

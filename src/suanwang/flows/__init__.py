"""Does: one verb a file, one transaction each.

People: submit_jobs, plan_only, accept_quote, cancel_job, show. Operators: register_centre.
Agents: hello, take_leases, heartbeat, stage_job, start_job, append_logs, return_job, fail_job; a
refused report is returned (`Report.or_raise` after the commit), so that its trace stays.
The server runs `loops.LOOPS`, by itself, for ever; a `Loop` is one `step`, a `Pipeline` is
`fetch` → `work` outside any transaction → `apply`; a full batch means: again at once.

    loop             every        who
    quote            0.2 s        any server     submitted → quoted, accepted where asked
    clear            1 s          the leader     accepted → cleared, a round
    place            0.2 s        any server     cleared → placed; jobs without a place → elsewhere
    expire quotes    5 s          any server
    expire leases    1 s          any server     silent centres lose their jobs
    close unmetered  10 s         any server     usage that never came is nothing
    bill             0.2 s        any server     metered → billed
    settle           day or 1 s   the leader     billed → settled
    expire holds     5 s          any server
    extend log       0.5 s        the leader     committed rows → leaves of the proof log
"""

"""Where a job's process runs: one module for each engine a centre may have.

`order` says what is asked of any backend, `local` runs on this machine, inside `sandbox` or, on
the operator's word, without. Slurm, Kubernetes and the like come as further modules beside it.
"""

"""From a lease to what a backend runs: its spec read, its environment found, its limits set."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from suanwang.agent.backends.local import environment_variables
from suanwang.agent.backends.order import MB, Environment, JobOrder, Limits
from suanwang.agent.errors import CapabilityMissing, SecretMissing, SpecUnreadable
from suanwang.agent.lease import Lease
from suanwang.agent.meter import Meter
from suanwang.agent.site import Site
from suanwang.basics.errors import SuanwangError
from suanwang.jobs.spec import JobSpec

# /tmp lives in memory: half of the job's own, so that filling it is its own affair.
_TMP_SHARE = 2


def spec_of(lease: Lease) -> JobSpec:
    """Read the job of a lease. Raises SpecUnreadable, or CapabilityMissing for an image."""
    try:
        spec = JobSpec.model_validate(dict(lease.spec))
    except (ValidationError, SuanwangError) as problem:
        raise SpecUnreadable(reason=str(problem).splitlines()[0]) from problem
    if spec.image:
        raise CapabilityMissing(capability=f"image {spec.image}")
    if missing := spec.secrets.keys() - lease.secrets.keys():
        raise SecretMissing(names=", ".join(sorted(missing)))
    return spec


def environment_of(spec: JobSpec, site: Site) -> Environment | None:
    """Find the named environment of a job. Raises CapabilityMissing."""
    if spec.environment is None:
        return None
    found = site.environments.get(spec.environment)
    if found is None:
        raise CapabilityMissing(capability=f"environment {spec.environment}")
    return found


def order_of(
    spec: JobSpec, lease: Lease, *, environment: Environment | None, work: Path, control: Path
) -> JobOrder:
    """Write the order for the backend. Limits are what the job asked for, on each node."""
    needs = spec.resources
    limits = Limits(
        cores=needs.cpus,
        memory_bytes=needs.memory,
        disk_bytes=needs.disk,
        seconds=lease.time_limit_seconds,
        tmp_bytes=max(needs.memory // _TMP_SHARE, MB),
    )
    return JobOrder(
        lease_id=lease.lease_id,
        work=work,
        control=control,
        setup=spec.setup or "",
        run=spec.run or "",
        variables=environment_variables(variables_of(spec, lease)),
        limits=limits,
        environment=environment,
    )


def variables_of(spec: JobSpec, lease: Lease) -> dict[str, str]:
    """Return the job's own variables; ours come last, so that no job says it is another one."""
    own = {
        "SUANWANG_JOB_ID": lease.job_id,
        "SUANWANG_JOB_NAME": spec.name,
        "SUANWANG_CARDS": str(lease.cards),
    }
    if lease.array_index is not None:
        own["SUANWANG_ARRAY_INDEX"] = str(lease.array_index)
        own["SUANWANG_ARRAY_COUNT"] = str(lease.array_count)
    return dict(spec.env) | dict(lease.secrets) | own


def meter_of(lease: Lease, site: Site) -> Meter:
    """Make the meter for a lease's pool."""
    pool = site.pool(lease.pool)
    return Meter(
        card_watts=site.card_watts.get(pool.name, 0.0),
        is_cpu=pool.name in site.cpu_pools,
        cores_per_card=pool.cores_per_node / pool.cards_per_node,
    )

"""What an operator watches: requests by route, loops, jobs by state, how far events lag."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_LATENCIES = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class Metrics:
    """This server's own registry, so that two servers may live in one test process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "suanwang_requests", "Requests answered.", ["method", "route", "status"],
            registry=self.registry,
        )  # fmt: skip
        self.seconds = Histogram(
            "suanwang_request_seconds", "Seconds from request to answer.", ["method", "route"],
            buckets=_LATENCIES, registry=self.registry,
        )  # fmt: skip
        self.in_hand = Gauge(
            "suanwang_requests_in_hand", "Requests being answered now.", registry=self.registry
        )
        self.loop_seconds = Gauge(
            "suanwang_loop_seconds", "Seconds of a loop's last turn.", ["loop"],
            registry=self.registry,
        )  # fmt: skip
        self.loop_turned_at = Gauge(
            "suanwang_loop_turned_at", "Unix time of a loop's last good turn.", ["loop"],
            registry=self.registry,
        )  # fmt: skip
        self.loop_items = Counter(
            "suanwang_loop_items", "Things that a loop has done.", ["loop"], registry=self.registry
        )
        self.loop_failures = Counter(
            "suanwang_loop_failures", "Turns of a loop that failed.", ["loop"],
            registry=self.registry,
        )  # fmt: skip
        self.jobs = Gauge("suanwang_jobs", "Jobs by state.", ["state"], registry=self.registry)
        self.outbox_lag = Gauge(
            "suanwang_outbox_unpublished", "Events written and not yet published.",
            registry=self.registry,
        )  # fmt: skip
        self.streams = Gauge(
            "suanwang_event_streams", "Open streams of events.", registry=self.registry
        )

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one answered request."""
        self.requests.labels(method, route, str(status)).inc()
        self.seconds.labels(method, route).observe(seconds)

    def text(self) -> bytes:
        """Return everything in the Prometheus text format."""
        return generate_latest(self.registry)

"""What the system measures of itself. In multiprocess mode PROMETHEUS_MULTIPROC_DIR is set before the first import."""

import os

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

scans_total = Counter("youyou_scans_total", "Scans answered.", ["decision", "refusal_code"])
voids_total = Counter("youyou_voids_total", "Admissions taken back at their lane.")
scan_seconds = Histogram(
    "youyou_scan_seconds",
    "From the arrival of an upload to its answer, in seconds.",
    buckets=(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 5),
)
outbox_pending = Gauge("youyou_outbox_pending", "Events waiting to be sent.", multiprocess_mode="mostrecent")
outbox_oldest_pending_seconds = Gauge(
    "youyou_outbox_oldest_pending_seconds", "Age of the oldest waiting event.", multiprocess_mode="mostrecent"
)
relay_published_events_total = Counter(
    "youyou_relay_published_events_total", "Events acknowledged by the broker.", ["topic"]
)
relay_producer_rebuilds_total = Counter(
    "youyou_relay_producer_rebuilds_total", "Producers thrown away because an acknowledgement failed or was late."
)
consumer_lag_seconds = Gauge(
    "youyou_consumer_lag_seconds",
    "Age of what is counted: everything recorded before is in.",
    ["consumer"],
    multiprocess_mode="mostrecent",
)
consumer_events_total = Counter("youyou_consumer_events_total", "Events handled.", ["consumer", "type", "outcome"])
consumer_fenced_batches_total = Counter(
    "youyou_consumer_fenced_batches_total", "Batches rolled back: another owner had moved on.", ["consumer"]
)
event_end_to_end_seconds = Histogram(
    "youyou_event_end_to_end_seconds",
    "From the outbox row to the projection, on PostgreSQL's clock.",
    ["consumer"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60, 600),
)
dead_letters = Gauge("youyou_dead_letters", "Parked events.", ["consumer"], multiprocess_mode="mostrecent")


def render() -> bytes:
    """The text exposition of this process, or of all processes that share the directory."""
    if not os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        return generate_latest()
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry)

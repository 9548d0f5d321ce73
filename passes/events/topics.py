"""The topics at the broker."""

from kafka import KafkaAdminClient
from kafka.errors import TopicAlreadyExistsError

from passes.events.contract import TOPICS

PARTITIONS = 12


def topic_names(prefix: str = "") -> tuple[str, ...]:
    """Full names at the broker; a prefix lets several installations share one."""
    return tuple(prefix + topic for topic in TOPICS)


def create_topics(bootstrap_servers: str, *, prefix: str = "", partitions: int = PARTITIONS) -> list[str]:
    """Create what is missing, kept for ever (checkpoints point into it); returns the names made. Repeatable."""
    admin = KafkaAdminClient(bootstrap_servers=bootstrap_servers.split(","))
    try:
        missing = sorted(set(topic_names(prefix)) - set(admin.list_topics()))
        if missing:
            options = {"num_partitions": partitions, "configs": {"retention.ms": "-1", "retention.bytes": "-1"}}
            _create(admin, dict.fromkeys(missing, options))
        return missing
    finally:
        admin.close()


def _create(admin: KafkaAdminClient, topics: dict[str, dict[str, object]]) -> None:
    """Two starters may race: the loser finds them made."""
    try:
        admin.create_topics(topics, wait_for_metadata=True)
    except TopicAlreadyExistsError:
        admin.wait_for_topics(list(topics))

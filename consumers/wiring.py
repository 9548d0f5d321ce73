"""Which consumers there are, and which events nobody counts on purpose."""

from consumers.analytics import ANALYTICS
from consumers.dead_letters import Consumer
from consumers.satisfaction import SATISFACTION
from passes.events.contract import (
    OrderCancelled,
    OrderExpired,
    OrderPaid,
    OrderPlaced,
    PassActivated,
    PassExpired,
    PassIssued,
    PassVoided,
    ReservationCancelled,
    ReservationMade,
    SurveyInvited,
)

CONSUMERS: dict[str, Consumer] = {consumer.name: consumer for consumer in (ANALYTICS, SATISFACTION)}

# Published for others, or for a later page; a test compares this list with the contract.
UNHEARD = frozenset(
    event.TYPE
    for event in (
        OrderCancelled,
        OrderExpired,
        OrderPaid,
        OrderPlaced,
        PassActivated,
        PassExpired,
        PassIssued,
        ReservationCancelled,
        ReservationMade,
        PassVoided,
        SurveyInvited,
    )
)
HEARING = {consumer.name: consumer.topics for consumer in CONSUMERS.values()}

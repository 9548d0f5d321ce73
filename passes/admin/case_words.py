"""Words for what happens to a pass and its money: msgids by their code."""

from passes.errors import N_

PASS_STATES = {
    "issued": N_("not activated"),
    "active": N_("active"),
    "frozen": N_("on hold"),
    "expired": N_("ended"),
    "void": N_("cancelled"),
}
PASS_TONES = {"active": "good", "frozen": "bad", "void": "bad", "issued": "warn"}
HOLD_REASONS = {
    "lost": N_("lost or stolen phone"),
    "misuse": N_("used by somebody else"),
    "dispute": N_("payment disputed"),
    "refund": N_("refund under way"),
}
HAPPENING_KINDS = {
    "visits": N_("visits"),
    "money": N_("money"),
    "life": N_("the pass itself"),
    "letters": N_("letters"),
    "surveys": N_("surveys"),
}
DOCUMENTS = {
    "CN_ID": N_("ID card or residence permit"),
    "CN_HMT_PERMIT": N_("travel permit, Hong Kong and Macao"),
    "CN_TW_PERMIT": N_("travel permit, Taiwan"),
    "PASSPORT": N_("passport"),
    "CN_PR_CARD": N_("permanent residence card"),
}
HOLDERS = {"adult": N_("adult"), "child": N_("child"), "senior": N_("senior")}
SCORES = {1: N_("poor"), 2: N_("so-so"), 3: N_("good")}

# (what, fact) → (words, tone) of a line of the money journal.
MONEY_FACTS: dict[tuple[str, str], tuple[str, str]] = {
    ("order", "placed"): (N_("Order %(number)s placed: %(amount)s"), ""),
    ("order", "paid"): (N_("Order %(number)s is paid"), "good"),
    ("order", "hold_over"): (N_("Order %(number)s ended: nobody paid in time"), ""),
    ("order", "cancelled"): (N_("Order %(number)s was cancelled by its buyer"), ""),
    ("order", "looked_at"): (N_("Dealt with: %(flag)s"), ""),
    ("payment", "started"): (N_("Payment begun: %(amount)s"), ""),
    ("payment", "opened"): (N_("Payment page opened"), ""),
    ("payment", "processing"): (N_("Payment is with the bank"), ""),
    ("payment", "paid"): (N_("%(amount)s received by %(method)s"), "good"),
    ("payment", "failed"): (N_("Payment failed"), "bad"),
    ("payment", "expired"): (N_("Payment page ran out"), ""),
    ("payment", "rejected"): (N_("The provider refused to open a payment page"), "bad"),
    ("payment", "mismatch"): (N_("The amount received is not the one asked for"), "bad"),
    ("refund", "late_payment"): (N_("%(amount)s goes back: it came after the order's end"), ""),
    ("refund", "duplicate_payment"): (N_("%(amount)s goes back: the order was paid twice"), ""),
    ("payment", "accepted"): (N_("What was received was accepted, though it is not what was asked for"), "good"),
    ("payment", "sent_back"): (N_("What was received goes back: it is not what was asked for"), ""),
    ("payment", "unwanted"): (N_("Another amount came while another payment was open; it goes back"), "bad"),
    ("payment", "disputed"): (N_("The buyer's bank disputes %(amount)s"), "bad"),
    ("payment", "inquired"): (N_("The buyer's bank asks about this payment"), ""),
    ("payment", "dispute_won"): (N_("The dispute was won: %(amount)s stays"), "good"),
    ("payment", "dispute_lost"): (N_("The dispute was lost: %(amount)s is gone"), "bad"),
    ("payment", "dispute_closed"): (N_("The bank's question was closed"), ""),
    ("refund", "requested"): (N_("Refund of %(amount)s asked for"), ""),
    ("refund", "goodwill"): (N_("Goodwill refund of %(amount)s asked for"), ""),
    ("refund", "event_cancelled"): (N_("Refund of %(amount)s: what was booked did not take place"), ""),
    ("refund", "external"): (N_("%(amount)s was refunded at the provider, not here"), "bad"),
    ("refund", "pending"): (N_("Refund of %(amount)s is on its way"), ""),
    ("refund", "succeeded"): (N_("Refund of %(amount)s has arrived"), "good"),
    ("refund", "failed"): (N_("Refund of %(amount)s failed"), "bad"),
    ("refund", "transferred_anyway"): (N_("%(amount)s was transferred although it should not be"), "bad"),
    ("refund", "withdrawn"): (N_("The refund of %(amount)s was withdrawn"), ""),
    ("refund", "recounted"): (N_("A late report of a gate came in: the refund is %(amount)s now"), ""),
    ("refund", "bounced"): (N_("The transfer of %(amount)s came back"), "bad"),
    ("refund", "canceled"): (N_("Refund of %(amount)s was stopped"), "bad"),
    # Whatever a later version writes.
    ("order", ""): (N_("Order %(number)s changed"), ""),
    ("payment", ""): (N_("Payment changed"), ""),
    ("refund", ""): (N_("Refund of %(amount)s changed"), ""),
}

MESSAGE_STATES = {
    "received": N_("waiting"),
    "processed": N_("acted on"),
    "unmatched": N_("about nothing of ours"),
    "failed": N_("will be tried again"),
    "dead": N_("given up"),
}
REFUND_STATES = {
    "requested": N_("to be sent"),
    "pending": N_("on its way"),
    "succeeded": N_("arrived"),
    "failed": N_("failed"),
    "canceled": N_("stopped"),
}
REFUND_REASONS = {
    "requested": N_("asked for by the buyer"),
    "late_payment": N_("paid after its end"),
    "duplicate_payment": N_("paid twice"),
    "event_cancelled": N_("what was booked did not take place"),
    "goodwill": N_("goodwill"),
    "external": N_("made at the provider"),
}
REFUND_CAUSES = {"holder": N_("the holder's wish"), "operator": N_("the operator's fault")}
LETTER_KINDS = {
    "order_paid": N_("order paid, with the link to each pass"),
    "money_back": N_("money that came too late or twice goes back"),
    "refund_asked": N_("a refund was asked for"),
    "refund_paid": N_("the money of a refund has gone back"),
    "refund_stopped": N_("a refund was stopped"),
    "pass_link": N_("new link to a pass"),
    "lookup_code": N_("code to find a pass"),
}

# What staff did, as the audit log and the timelines call it.
ACTIONS = {
    "pass.held": N_("Put a pass on hold"),
    "pass.released": N_("Released a hold"),
    "pass.codes_replaced": N_("Made all earlier codes and cards worthless"),
    "pass.link_renewed": N_("Closed the old link and sent a new one"),
    "pass.link_shown": N_("Closed the old link and had a new one shown"),
    "pass.link_closed": N_("Closed the link"),
    "order.looked_at": N_("Dealt with what an order was marked for"),
    "order.asked": N_("Asked the payment provider about an order"),
    "letter.sent_again": N_("Sent a letter again"),
    "order.refunded": N_("Asked for a refund"),
    "order.transfer_recorded": N_("Recorded a transfer to a buyer"),
    "order.transfer_made_already": N_("Recorded a transfer that should not have been made"),
    "order.transfer_withdrawn": N_("Withdrew a transfer to a buyer"),
    "order.transfer_bounced": N_("Recorded that a transfer came back"),
    "order.review_accept": N_("Accepted a payment that differed"),
    "order.review_send_back": N_("Sent back a payment that differed"),
    "order.evidence_taken": N_("Downloaded the evidence of an order"),
    "pass.cancelled": N_("Cancelled a pass whose money went back"),
    "money.difference_settled": N_("Settled a difference with the provider's books"),
    "money.message_retried": N_("Had a payment message acted on again"),
    "money.message_dismissed": N_("Laid a payment message aside"),
    "dead_letter.replayed": N_("Tried an event again that had been set aside"),
    "dead_letter.dropped": N_("Discarded an event that had been set aside"),
    "catalogue.loaded": N_("Loaded a catalogue"),
}

PARKED_STATES = {"open": N_("set aside"), "replayed": N_("taken later"), "dropped": N_("discarded")}
PARKING_REASONS = {
    "undecodable": N_("It could not be read."),
    "unknown_type": N_("Nobody here knows events of this type."),
    "schema_refused": N_("Something in it is missing or wrong."),
    "handler_failed": N_("The worker failed at it, five times."),
    "broker_refused": N_("Kafka would not take it."),
}
CONSUMERS = {
    "analytics": N_("visits and refusals"),
    "satisfaction": N_("surveys"),
    "relay": N_("sending to Kafka"),
}

ENTRY_KINDS = {
    "product": N_("Products"),
    "benefit": N_("Benefits"),
    "venue": N_("Places"),
    "pass_rules": N_("Rules for every pass"),
    "holidays": N_("Holidays"),
}
ENTRY_HOWS = {"added": N_("new"), "removed": N_("gone"), "changed": N_("changed")}

DIFFERENCES = {
    "payout_sum": N_("The lines of a payout do not come to its amount"),
    "unknown_line": N_("The provider booked something we do not know"),
    "amount_differs": N_("The provider booked another amount than we"),
    "payment_without_line": N_("We received a payment that the provider has not booked"),
    "refund_without_line": N_("We sent a refund that the provider has not booked"),
    "refund_came_back": N_("A refund came back at the provider, not here"),
    "stock_oversold": N_("More passes were held or sold than there were"),
    "stock_differs": N_("The stock does not come to its own ledger"),
    "ledger_differs": N_("Our own ledger does not come to our payments and refunds"),
}
# Amounts are hundredths: of the yuan on our side, of the settlement currency in payouts.
DIFFERENCE_FACTS = {
    "ours": N_("ours"),
    "provider": N_("the provider's"),
    "payout": N_("payout"),
    "lines": N_("its lines"),
    "currency": N_("currency"),
    "category": N_("category"),
    "source": N_("of what"),
    "amount": N_("amount, in hundredths"),
    "ledger": N_("ledger"),
    "disputed": N_("held by a bank"),
    "back": N_("gone back"),
}
PAYOUT_STATES = {
    "pending": N_("waiting"),
    "in_transit": N_("on its way"),
    "paid": N_("arrived"),
    "failed": N_("failed"),
    "canceled": N_("stopped"),
}
CHORES = {
    "reconciliation": N_("Comparing with the provider's books"),
    "refused messages": N_("Forgetting old counts of refused messages"),
    "webhook inbox": N_("Acting on payment messages"),
    "payment poller": N_("Asking after payments"),
    "hold expiry": N_("Ending unpaid orders"),
    "refunds": N_("Sending refunds"),
    "undelivered events": N_("Looking for lost payment messages"),
    "look-ups": N_("Answering who looks for a pass"),
    "old look-ups": N_("Forgetting who looked for a pass"),
    "mail": N_("Sending letters"),
    "passes to start": N_("Starting passes nobody activated"),
    "passes to end": N_("Ending passes"),
    "issuer keys": N_("Making issuer keys"),
    "outbox pruning": N_("Deleting old events"),
    "rates": N_("Deleting old counts of tries"),
    "retention": N_("Forgetting personal data that were kept long enough"),
}
KEY_USES = {"DT": N_("Key for codes on screens"), "C": N_("Key for printed cards")}

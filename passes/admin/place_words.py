"""Words for reservations, closures, how full a place is, and keys: msgids by their code."""

from passes.errors import N_

RESERVATION_STATES = {"booked": N_("reserved"), "cancelled": N_("cancelled")}
LEVELS = {
    "free": N_("room enough"),
    "notice": N_("filling up"),
    "report": N_("nearly full"),
    "stop": N_("full"),
    "old": N_("counted too long ago"),
    "uncounted": N_("never counted"),
    "no_limit": N_("no limit set"),
}
LEVEL_TONES = {"free": "good", "notice": "warn", "report": "warn", "stop": "bad"}
SCOPES = {
    "reservations": N_("make and cancel reservations"),
    "closures": N_("switch closures on and off"),
    "occupancy": N_("say how many people are in a venue"),
}

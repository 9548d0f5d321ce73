"""The section pass_rules: what holds for every pass. The shape is checked here, use cases read the values."""

from collections.abc import Callable, Mapping
from typing import Union

from passes.entitlement.nodes import (
    Fault,
    Faults,
    Node,
    fields,
    label,
    one_of,
    plain_of,
    sequence,
    share,
    truth,
    whole,
    words,
)

Reader = Callable[[Node], object]
Shape = Mapping[str, Union[Reader, "Shape"]]


def count(node: Node) -> int:
    return whole(node, 0, 100_000)


def counts(node: Node) -> list[int]:
    return [count(entry) for entry in sequence(node, most=20)]


def labels(node: Node) -> list[str]:
    return [label(entry) for entry in sequence(node, most=20)]


def ratio(node: Node) -> str:
    return one_of(node, ("full", "remaining_days", "none"))


ACTIVATION: Shape = {
    "window_days": lambda node: whole(node, 1, 366),
    "starts": label,
    "if_unactivated": label,
    "remind_days_before": counts,
}

SECTIONS: Shape = {
    "activation": ACTIVATION,
    "id_binding": {
        "document_types": labels,
        "stored": labels,
        "correction": {"allowed": count, "before_first_use_self_service": truth, "after_first_use": label},
    },
    "face": {
        "enabled": truth,
        "if_enabled": {
            "separate_consent": truth,
            "on_device_only": truth,
            "alternative_required": truth,
            "under14_guardian_consent": truth,
        },
    },
    "gift": {
        "before_activation": label,
        "claim_window_days": count,
        "after_activation_unused": count,
        "after_first_use": label,
        "self_service": truth,
    },
    "refund": {
        "cooling_off": {
            "days": count,
            "from": lambda node: one_of(node, ("payment",)),
            "ratio": ratio,
            "if": lambda node: one_of(node, ("no_redemption",)),
        },
        "unactivated": {"until_day": count, "ratio": ratio, "fee_fen": count},
        "activated_unused": {"ratio": ratio, "fee_fen": count},
        "activated_used": {"ratio": ratio, "minus": lambda node: one_of(node, ("value_of_uses",)), "floor_fen": count},
        "operator_fault": {"ratio": ratio, "plus_compensation": truth},
        "payout": {"original_route": label, "then": label},
    },
    "freeze": {
        "first_signal": label,
        "hard_freeze_needs": label,
        "auto_release_hours": count,
        "appeal_first_answer_hours": count,
        "appeal_close_working_days": count,
        "days_lost_added_back": truth,
    },
    "no_show": {"window_days": count, "strikes": count, "suspend_reservations_days": count, "auto_void_if": labels},
    "new_venue": label,
    "venue_removed": {"notice_days": count, "remedy": labels, "keeps_booked_reservations": truth},
    "new_blackout": {"applies_to": label, "except": labels},
    "parity": {"rule": words},
    "carrying_capacity": {"notice_at": share, "report_at": share, "stop_at": share},
    "renewal": {
        "open_days_before": count,
        "open_days_after": count,
        "early": label,
        "late": label,
        "needs_device_visit": truth,
    },
    "credentials": labels,
}


def read_pass_rules(node: Node, faults: Faults) -> Mapping[str, object]:
    """The section as plain values. activation must be whole; any other section may be absent, but is strict inside."""
    found: dict[str, object] = {}
    with faults.of("pass_rules"):
        parts = fields(node, "activation", " ".join(name for name in SECTIONS if name != "activation"))
        for name, value in parts.items():
            with faults.of(f"pass_rules {name}"):
                fit(value, SECTIONS[name], whole_section=name == "activation")
                found[name] = plain_of(value)
    return found


def fit(node: Node, shape: Reader | Shape, *, whole_section: bool = False) -> None:
    """Fault where a value does not have its shape."""
    if callable(shape):
        shape(node)
        return
    names = " ".join(shape)
    parts = fields(node, names) if whole_section else fields(node, optional=names)
    if not parts:
        raise Fault(node.line, "不能为空", "must not be empty")
    for name, value in parts.items():
        fit(value, shape[name])

"""The gate's API."""

from datetime import datetime
from typing import Any

from flask import Blueprint, Response, jsonify
from flask_babel import gettext
from marshmallow import ValidationError

from passes import clock
from passes.access import guard
from passes.db import transaction
from passes.errors import N_, Invalid
from passes.gate.flows import upload_scans
from passes.gate.rules import Answer, ScanRequest, fault_answer, is_clock_off
from passes.gate.schemas import ScanIn, UploadIn, UploadOut
from passes.gate.service import rehearse_scan
from passes.http import Example, accepts, answers, explained
from passes.http.fields import faults_of, load
from passes.metrics import scan_seconds

blueprint = Blueprint("scans", __name__)

_scan = ScanIn()
CLOCK_OFF = N_("The clock of this device is more than a minute off. Set it and scan again.")


@blueprint.post("/api/v1/scans")
@guard.device
@accepts(ScanIn(), UploadIn())
@answers(UploadOut())
@explained(
    N_("Gates"),
    N_("Decide one scan, or up to 500 made without network"),
    N_(
        "Send the scan itself, or a list of them; the answers come in the same order. Every attempt is kept, the "
        "refused ones too. An element of a list that is no scan is answered in its place and keeps nothing else "
        "from counting."
    ),
    refuses={
        "scanned_at_too_far": (422, CLOCK_OFF),
        "scan_id_reused": (409, N_("This scan_id was used for another scan.")),
    },
    example=Example(body={"scan_id": "$SCAN_ID", "code": "$CODE"}),
)
def create_scans(body: Any) -> Response:
    """Decide one scan (the object itself) or up to 500 (`{"scans": […]}`); every attempt is kept.

    An element of a list that is no scan is answered in its place and keeps nothing else from being counted.
    """
    started = clock.seconds_running()
    made = _many(body) if isinstance(body, dict) and "scans" in body else [_one(body)]
    scan_seconds.observe(clock.seconds_running() - started)
    # Answers are kept as plain JSON and given again word for word, so they are not dumped by a schema.
    return jsonify({"answers": made})


@blueprint.post("/api/v1/gate/rehearsals")
@guard.device
@accepts(ScanIn())
@answers(UploadOut())
@explained(
    N_("Gates"),
    N_("Try a scan without it counting"),
    N_(
        "For training. Decided as a scan sent singly to /api/v1/scans and answered in the same shape; nothing is "
        "kept, counted or used up. Nobody may be admitted on it."
    ),
    refuses={
        "scanned_at_too_far": (422, CLOCK_OFF),
        "scan_id_reused": (409, N_("This scan_id was used for another scan.")),
    },
    example=Example(body={"scan_id": "$SCAN_ID", "code": "$CODE"}),
)
def create_rehearsal(body: ScanRequest) -> Response:
    """The answer a scan would get now."""
    now = clock.now()
    _refuse_wrong_clock(body, now)
    with transaction() as session:
        answer = rehearse_scan(session, guard.current_gate(), body, now=now)
    return jsonify({"answers": [answer]})


def _one(element: Any) -> Answer:
    scan: ScanRequest = load(_scan, element)
    now = clock.now()
    _refuse_wrong_clock(scan, now)
    return upload_scans(guard.current_gate(), [scan], now=now)[0]


def _refuse_wrong_clock(scan: ScanRequest, now: datetime) -> None:
    if is_clock_off(scan, now):
        raise Invalid("scanned_at_too_far", CLOCK_OFF, fields={"scanned_at": [CLOCK_OFF]})


def _many(body: dict[str, Any]) -> list[Answer]:
    elements = body["scans"]
    if set(body) != {"scans"} or not isinstance(elements, list) or not 1 <= len(elements) <= 500:
        reason = N_("Send `scans`, a list of 1 to 500 scans, and nothing beside it.")
        raise Invalid("invalid_fields", reason, fields={"scans": [reason]})
    now = clock.now()
    loaded = [_loaded(element, now) for element in elements]
    scans = [scan for scan in loaded if isinstance(scan, ScanRequest)]
    told = iter(upload_scans(guard.current_gate(), scans, now=now) if scans else [])
    return [next(told) if isinstance(scan, ScanRequest) else scan for scan in loaded]


def _loaded(element: Any, now: datetime) -> ScanRequest | Answer:
    """The scan, or the answer that says why it is none."""
    given_id = element.get("scan_id") if isinstance(element, dict) else None
    try:
        scan: ScanRequest = _scan.load(element)
    except ValidationError as error:
        reasons = {name: [gettext(text) for text in texts] for name, texts in faults_of(error).items()}
        return fault_answer(given_id, "scan_malformed", reasons)
    if is_clock_off(scan, now):
        return fault_answer(given_id, "scanned_at_too_far", {"scanned_at": [gettext(CLOCK_OFF)]})
    return scan

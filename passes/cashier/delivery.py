"""Events are signed as Stripe signs them and posted until somebody answers 2xx."""

import hashlib
import hmac
import http.client
import logging
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import orjson
from sqlalchemy import text
from sqlalchemy.orm import Session

from passes import clock
from passes.cashier import checkout, refunds, store
from passes.db import transaction

log = logging.getLogger(__name__)

BACK_OFF_SECONDS = (1, 5, 30, 120, 600, 3600, 14400)
_CLAIM_SECONDS = 60
_POST_SECONDS = 10


def signature_header(body: bytes, secrets: Sequence[str], *, at: int) -> str:
    """Stripe-Signature: one v1 for each secret in force. Written here, so that the SDK's check is a second witness."""
    signed = f"{at}.".encode() + body
    marks = [hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest() for secret in secrets]
    return ",".join([f"t={at}", *(f"v1={mark}" for mark in marks)])


class Deliverer:
    """Posts what is due and turns the cashier's own clock: sessions run out, wallet refunds settle."""

    def __init__(self, url: str, secrets: Sequence[str]) -> None:
        self._url = url
        self._secrets = secrets
        self._wake = threading.Event()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="deliverer", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def wake(self) -> None:
        self._wake.set()

    def stop(self) -> None:
        self._stopping = True
        self._wake.set()
        self._thread.join(timeout=_POST_SECONDS + 5)

    def _run(self) -> None:
        with ThreadPoolExecutor(4, thread_name_prefix="post") as pool:
            while not self._stopping:
                self._wake.wait(0.25)
                self._wake.clear()
                try:
                    while not self._stopping and self._round(pool):
                        pass
                except Exception:
                    # The database may be away for a while; what is due stays due.
                    log.exception("a round of deliveries failed")
                    self._wake.wait(2)

    def _round(self, pool: ThreadPoolExecutor) -> int:
        now = clock.now()
        with transaction() as session:
            checkout.expire_due_sessions(session, now=now)
            refunds.settle_due_refunds(session, now=now)
            due = claim_due(session, now=now)
            controls = store.get_controls(session)
        posts = pool.map(lambda body: self._post(body, controls), (body for _, body in due))
        for delivery_id, answer in zip((delivery_id for delivery_id, _ in due), posts, strict=True):
            with transaction() as session:
                keep_outcome(session, delivery_id, answer, now=clock.now())
        return len(due)

    def _signed(self, body: bytes, controls: store.JSON) -> str:
        """As the operator wishes: by some of the secrets in force, or none, by a clock that is right or not."""
        chosen = {
            "first": self._secrets[:1],
            "last": self._secrets[-1:],
            "stranger": ("whsec_sandbox_of_somebody_else",),
        }.get(controls["secrets"], self._secrets)
        return signature_header(body, chosen, at=int(clock.now().timestamp()) + controls["skew_seconds"])

    def _post(self, body: bytes, controls: store.JSON) -> int | str:
        """The status, or what went wrong in words. Redirects are not followed, as with Stripe."""
        parts = urlsplit(self._url)
        maker = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        connection = maker(parts.hostname or "", parts.port, timeout=_POST_SECONDS)
        header = self._signed(body, controls)
        try:
            headers = {"content-type": "application/json", "stripe-signature": header, "user-agent": "Cashier/1.0"}
            connection.request("POST", parts.path, body=body, headers=headers)
            return connection.getresponse().status
        except (OSError, http.client.HTTPException) as error:
            return f"{type(error).__name__}: {error}"
        finally:
            connection.close()


def claim_due(session: Session, *, now: datetime) -> list[tuple[int, bytes]]:
    """Up to 8 due deliveries with their bodies; claimed for a minute, so that a crash repeats and loses none."""
    rows = session.execute(
        text(
            "WITH due AS (SELECT id, due_at FROM cashier.deliveries WHERE state = 'waiting' AND due_at <= :now"
            " ORDER BY due_at, id LIMIT 8 FOR UPDATE SKIP LOCKED)"
            " UPDATE cashier.deliveries d SET attempts = attempts + 1, due_at = :claimed FROM cashier.objects o, due"
            " WHERE o.id = d.event_id AND d.id = due.id RETURNING d.id, o.body, due.due_at"
        ),
        {"now": now, "claimed": now + timedelta(seconds=_CLAIM_SECONDS)},
    )
    return [(row.id, orjson.dumps(row.body)) for row in sorted(rows, key=lambda row: (row.due_at, row.id))]


def keep_outcome(session: Session, delivery_id: int, answer: int | str, *, now: datetime) -> None:
    """2xx ends it; anything else is tried again after a growing pause, and given up at last."""
    attempts = session.scalar(text("SELECT attempts FROM cashier.deliveries WHERE id = :id"), {"id": delivery_id}) or 1
    if isinstance(answer, int) and 200 <= answer < 300:
        state, pause = "delivered", 0
    elif attempts > len(BACK_OFF_SECONDS):
        state, pause = "failed", 0
    else:
        state, pause = "waiting", BACK_OFF_SECONDS[attempts - 1]
    session.execute(
        text(
            "UPDATE cashier.deliveries SET state = :state, due_at = :due, last_status = :status, last_error = :error"
            " WHERE id = :id"
        ),
        {
            "id": delivery_id,
            "state": state,
            "due": now + timedelta(seconds=pause),
            "status": answer if isinstance(answer, int) else None,
            "error": answer if isinstance(answer, str) else None,
        },
    )

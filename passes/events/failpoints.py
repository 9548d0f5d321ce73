"""Places where a test may have this process killed, as a power cut would. Off but for APP_ENV=test."""

import os
import signal

RELAY_BEFORE_ACKNOWLEDGEMENT = "relay-before-acknowledgement"
RELAY_AFTER_ACKNOWLEDGEMENT = "relay-after-acknowledgement"
WORKER_BEFORE_CHECKPOINT = "worker-before-checkpoint"
FAILPOINTS = (RELAY_BEFORE_ACKNOWLEDGEMENT, RELAY_AFTER_ACKNOWLEDGEMENT, WORKER_BEFORE_CHECKPOINT)


class Failpoint:
    """Armed with one name (YOUYOU_FAILPOINT), it ends the process with SIGKILL when that place is reached."""

    def __init__(self, armed: str | None = None) -> None:
        if armed is not None and armed not in FAILPOINTS:
            raise ValueError(f"YOUYOU_FAILPOINT is not one of {', '.join(FAILPOINTS)}")
        self._armed = armed

    def reached(self, name: str) -> None:
        if name == self._armed:
            os.kill(os.getpid(), signal.SIGKILL)

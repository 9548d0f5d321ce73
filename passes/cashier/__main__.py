"""`python -m passes.cashier`: the test cashier, on this machine only, never beside real money."""

import argparse
import logging
import os
import signal
import sys
import threading

from sqlalchemy.exc import SQLAlchemyError
from werkzeug.serving import WSGIRequestHandler, make_server

from passes import logs
from passes.cashier import store
from passes.cashier.app import create_cashier
from passes.cashier.delivery import Deliverer
from passes.cashier.till import Till
from passes.db import connect, transaction
from passes.settings import Settings, SettingsRefused

log = logging.getLogger("passes.cashier")


class _QuietHandler(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: object) -> None:
        log.log(logging.ERROR if type == "error" else logging.DEBUG, message.rstrip(), *args)


def main() -> int:
    """Exit 2: refused to start, the reason on standard error. Exit 0: stopped by SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog="python -m passes.cashier", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="only a container with no published way in needs another")
    parser.add_argument("--port", type=int, help="default: YOUYOU_CASHIER_PORT")
    chosen = parser.parse_args()
    try:
        settings = Settings.read(os.environ)
    except SettingsRefused as refused:
        return _refuse(str(refused))
    if settings.payments != "sandbox":
        return _refuse("the test cashier runs only where PAYMENTS=sandbox")
    port = chosen.port or settings.cashier_port
    if port is None:
        return _refuse("YOUYOU_CASHIER_PORT is missing: the port of the test cashier")
    logs.set_up("cashier")
    connect(settings.database_url)
    try:
        with transaction() as session:
            store.make_tables(session)
    except SQLAlchemyError as error:
        return _refuse(f"DATABASE_URL: the database does not answer ({type(error).__name__})")
    return _serve(settings, chosen.host, port)


def _refuse(reason: str) -> int:
    print(reason, file=sys.stderr)
    return 2


def _serve(settings: Settings, host: str, port: int) -> int:
    deliverer = Deliverer(f"{settings.public_url}/webhooks/stripe", settings.stripe_webhook_secrets)
    till = Till(
        address=settings.stripe_api_base or f"http://127.0.0.1:{port}",
        api_key=settings.stripe_secret_key or "",
        webhook_secrets=settings.stripe_webhook_secrets,
        deliverer=deliverer,
    )
    try:
        server = make_server(host, port, create_cashier(till), threaded=True, request_handler=_QuietHandler)
    except (OSError, SystemExit):
        return _refuse(f"YOUYOU_CASHIER_PORT: port {port} is taken by another program")
    for number in (signal.SIGTERM, signal.SIGINT):
        # shutdown() waits for the loop below, so it may not be called from it.
        signal.signal(number, lambda *_: threading.Thread(target=server.shutdown).start())
    deliverer.start()
    log.info("test cashier at %s: no money moves", till.address)
    server.serve_forever()
    server.server_close()
    deliverer.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())

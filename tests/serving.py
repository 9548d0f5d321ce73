"""A service of a test's own on this machine, for browsers and other clients."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Thread

from flask import Flask
from werkzeug.serving import make_server


@contextmanager
def served(app_at: Callable[[str], Flask], *, host: str = "127.0.0.1", port: int = 0) -> Iterator[str]:
    """Its address, http://host:port, which app_at is given to make the application. Port 0: any free one."""
    server = make_server("127.0.0.1", port, Flask("placeholder"), threaded=True)
    address = f"http://{host}:{server.port}"
    server.app = app_at(address)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield address
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

"""A service of a test's own on this machine, for browsers and other clients."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Thread

from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server

from passes.launcher.processes import wait_until


@contextmanager
def served(app_at: Callable[[str], Flask], *, host: str = "127.0.0.1", port: int = 0) -> Iterator[str]:
    """Its address, http://host:port, which app_at is given to make the application. Port 0: any free one."""
    answering: set[object] = set()

    class Handler(WSGIRequestHandler):
        def run_wsgi(self) -> None:
            # Not where the answer is closed: a client that resets the connection lets that never happen.
            answering.add(self)
            try:
                super().run_wsgi()
            finally:
                answering.discard(self)

    server = make_server("127.0.0.1", port, Flask("placeholder"), threaded=True, request_handler=Handler)
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
        # A page that polls may be asking still: its connection goes back to the pool before the pool is closed.
        wait_until(lambda: not answering, 10)

"""A service of a test's own on this machine, for browsers and other clients."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Thread

from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server

from passes.launcher.processes import wait_until


class Served(str):
    """Its address, http://host:port, and what it is answering just now."""

    answering: set[object]

    def wait_until_idle(self) -> None:
        """A page that polls or a provider with news may be asking still: it needs the database to its last byte."""
        assert wait_until(lambda: not self.answering, 10), "a request is not answered"


@contextmanager
def served(app_at: Callable[[str], Flask], *, host: str = "127.0.0.1", port: int = 0) -> Iterator[Served]:
    """A server of the application that app_at makes for its address. Port 0: any free one."""
    answering: set[object] = set()

    class Handler(WSGIRequestHandler):
        def run_wsgi(self) -> None:
            answering.add(self)
            try:
                super().run_wsgi()
            finally:
                answering.discard(self)

    server = make_server("127.0.0.1", port, Flask("placeholder"), threaded=True, request_handler=Handler)
    address = Served(f"http://{host}:{server.port}")
    address.answering = answering
    server.app = app_at(address)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield address
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        address.wait_until_idle()

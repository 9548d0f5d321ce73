"""A service of a test's own on this machine, for browsers and other clients."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from threading import Thread
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from flask import Flask
from werkzeug.serving import make_server
from werkzeug.wsgi import ClosingIterator

from passes.launcher.processes import wait_until


@contextmanager
def served(app_at: Callable[[str], Flask], *, host: str = "127.0.0.1", port: int = 0) -> Iterator[str]:
    """Its address, http://host:port, which app_at is given to make the application. Port 0: any free one."""
    server = make_server("127.0.0.1", port, Flask("placeholder"), threaded=True)
    address = f"http://{host}:{server.port}"
    answering: set[object] = set()
    server.app = _counted(app_at(address), answering)
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


def _counted(app: WSGIApplication, answering: set[object]) -> WSGIApplication:
    def counted(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = object()
        answering.add(request)
        try:
            answer = app(environ, start_response)
        except BaseException:
            answering.discard(request)
            raise
        return ClosingIterator(answer, [lambda: answering.discard(request)])

    return counted

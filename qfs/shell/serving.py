"""Serving a folder of static files to this machine: HTTP, read-only, until interrupted."""

from collections.abc import Callable
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from qfs.errors import EnvironmentFault

HOST = "127.0.0.1"


def serve_folder(
    folder: Path, port: int, requests: int | None, started: Callable[[str], None]
) -> None:
    """Serve a folder at HOST; port 0 takes a free one, None requests is until interrupted.

    started is told the address. Raises EnvironmentFault.
    """
    handler = partial(SimpleHTTPRequestHandler, directory=str(folder))
    try:
        server = ThreadingHTTPServer((HOST, port), handler)
    except OSError as error:
        raise EnvironmentFault(
            f"port {port}: {error.strerror}", way_out="choose another --port"
        ) from error
    server.daemon_threads = False  # the last answer is finished before the process ends
    with server:
        started(f"http://{HOST}:{server.server_address[1]}/")
        if requests is None:
            server.serve_forever()
        for _ in range(requests or 0):
            server.handle_request()

"""The web server of this machine: loopback only."""

from cheroot.wsgi import Server

ADDRESS = "127.0.0.1"
HTTP_THREADS = 16
MOST_BODY_BYTES = 512 * 1024 * 1024


def bound(port: int) -> Server:
    """A web server that has its port, which signed URLs must name, but no application yet."""
    server = Server((ADDRESS, port), None, numthreads=HTTP_THREADS, max=HTTP_THREADS, request_queue_size=128)
    server.max_request_body_size = MOST_BODY_BYTES
    server.prepare()
    return server

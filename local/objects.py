"""``/objects/<key>``: the object folder behind its signed URLs, in place of a bucket's own address."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from werkzeug.exceptions import ClientDisconnected
from werkzeug.wrappers import Request, Response

from shared.adapters.local.blobs import FolderBlobs
from shared.answers import problem
from shared.errors import InvalidInput, PermanentError, TooLarge, TransientError
from shared.ports.world import Clock

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

PREFIX = "/objects/"
MOST_BYTES = 512 * 1024 * 1024
_PIECE = 1 << 20


class Objects:
    """A WSGI application; whoever holds a signed URL needs no other permission."""

    def __init__(self, blobs: FolderBlobs, clock: Clock) -> None:
        self._blobs = blobs
        self._clock = clock

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer one request; a refusal is a problem document."""
        try:
            response = self._answer(Request(environ))
        except (PermanentError, TransientError) as error:
            response = Response(*problem(error.status, error.title, str(error)))
        return response(environ, start_response)

    def _answer(self, request: Request) -> Response:
        key = request.path.removeprefix(PREFIX)
        expires, signature = request.args.get("expires", ""), request.args.get("signature", "")
        self._blobs.check_url(request.method, key, expires, signature, now=self._clock.now())
        if request.method == "PUT":
            self._blobs.put(key, _body(request))
            return Response(status=200)
        return Response(self._blobs.stream(key), mimetype="application/octet-stream")


def _body(request: Request) -> Iterator[bytes]:
    """The body in pieces. One that breaks off raises, so that no part of a file is ever stored."""
    if request.content_length is None:
        raise InvalidInput("an upload needs a Content-Length")
    if request.content_length > MOST_BYTES:
        raise TooLarge(f"an object has at most {MOST_BYTES:,} bytes")
    return _pieces(request, request.content_length)


def _pieces(request: Request, left: int) -> Iterator[bytes]:
    while left > 0:
        try:
            piece = request.stream.read(min(_PIECE, left))
        except ClientDisconnected:
            piece = b""
        if not piece:
            raise InvalidInput(f"the body broke off {left:,} bytes before its end")
        left -= len(piece)
        yield piece

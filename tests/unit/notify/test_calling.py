"""A call goes to the address that was checked, says who it is meant for, and ends in time."""

import datetime
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import httpcore
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from services.notify.calling import Caller
from shared.domain.outside import Address
from tests.support.hooks import Receiver

HERE, ELSEWHERE = ip_address("127.0.0.1"), ip_address("10.9.8.7")
PUBLIC = ip_address("93.184.215.14")
NAME = "hooks.example.org"


class Names:
    """A resolver whose answers are given in turn, the last one for ever."""

    def __init__(self, *answers: Sequence[Address]) -> None:
        self.answers = list(answers)
        self.asked = list[tuple[str, int]]()

    def __call__(self, host: str, port: int) -> Sequence[Address]:
        self.asked.append((host, port))
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@pytest.fixture
def certified(tmp_path: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """TLS of a server that is ``NAME``, and of a client that believes it."""
    key = ec.generate_private_key(ec.SECP256R1())
    named = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, NAME)])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(named)
        .issuer_name(named)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "server.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    server, client = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context(cafile=str(path))
    server.load_cert_chain(path)
    return server, client


@contextmanager
def listening(
    answer: bytes, tls: ssl.SSLContext | None = None, drip: float = 0
) -> Iterator[tuple[int, list[bytes]]]:
    """A server that gives one answer, byte by byte if it drips; its port and what it was sent."""
    sent: list[bytes] = []

    def serve() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                threading.Thread(target=talk, args=(connection,), daemon=True).start()

    def talk(connection: socket.socket) -> None:
        with (
            suppress(OSError),
            tls.wrap_socket(connection, server_side=True) if tls else connection as stream,
        ):
            sent.append(request(stream))
            for piece in [bytes([byte]) for byte in answer] if drip else [answer]:
                stream.sendall(piece)
                time.sleep(drip)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listener.getsockname()[1], sent
        listener.shutdown(socket.SHUT_RDWR)
    thread.join()


def request(stream: socket.socket) -> bytes:
    """A whole request: who closes before it is read cuts off what it answers."""
    came = b""
    while piece := stream.recv(65536):
        came += piece
        head, end, body = came.partition(b"\r\n\r\n")
        size = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        if end and (not size or len(body) >= int(size[0].split(b":")[1])):
            break
    return came


@dataclass
class Led:
    """Which addresses were connected to; each leads to the port ``to`` of this machine."""

    to: int = 0
    reached: list[str] = field(default_factory=list)


@pytest.fixture
def led(monkeypatch: pytest.MonkeyPatch) -> Led:
    """An internet of which all is here."""
    found, real = Led(), httpcore.SyncBackend.connect_tcp

    def connect(self: httpcore.SyncBackend, host: str, port: int, **how: Any) -> httpcore.NetworkStream:
        found.reached.append(host)
        return real(self, "127.0.0.1", found.to, **how)

    monkeypatch.setattr(httpcore.SyncBackend, "connect_tcp", connect)
    return found


def test_the_checked_address_is_connected_to_and_the_name_stays_in_tls_and_in_the_request(
    certified: tuple[ssl.SSLContext, ssl.SSLContext], led: Led
) -> None:
    server, trust = certified
    names = Names([PUBLIC], [HERE])
    with listening(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", server) as (port, sent):
        led.to = port
        answer = Caller(resolve=names, trust=trust).post(f"https://{NAME}/x", b"{}", {"a": "b"})
    assert (answer.status, answer.error, answer.text) == (200, None, "ok")
    assert names.asked == [(NAME, 443)], "it was looked up more than once"
    assert led.reached == [str(PUBLIC)]
    assert b"\r\nHost: hooks.example.org\r\n" in sent[0]


def test_a_certificate_of_another_name_is_not_believed(
    certified: tuple[ssl.SSLContext, ssl.SSLContext], led: Led
) -> None:
    server, trust = certified
    with listening(b"", server) as (port, sent):
        led.to = port
        answer = Caller(resolve=Names([PUBLIC]), trust=trust).post("https://other.example.org/", b"", {})
    assert answer.error == "its certificate is not valid for its name"
    assert sent == []


@pytest.mark.parametrize(
    "addresses", [[HERE], [ELSEWHERE], [PUBLIC, ELSEWHERE], [ip_address("::ffff:127.0.0.1")], []]
)
def test_a_name_that_leads_inside_is_not_connected_to(addresses: Sequence[Address], led: Led) -> None:
    answer = Caller(resolve=Names(addresses)).post(f"https://{NAME}/", b"{}", {})
    assert answer.status is None
    assert answer.error in (f"{NAME} has an address that is not public", f"{NAME} has no address")
    assert led.reached == []


def test_a_name_that_changes_where_it_leads_is_caught_at_the_next_call(led: Led) -> None:
    names = Names([PUBLIC], [HERE])
    caller = Caller(resolve=names, seconds=2)
    with listening(b"") as (port, _):
        led.to = port
        caller.post(f"https://{NAME}/", b"{}", {})
        assert led.reached == [str(PUBLIC)]
        answer = caller.post(f"https://{NAME}/", b"{}", {})
    assert answer.error == f"{NAME} has an address that is not public"
    assert led.reached == [str(PUBLIC)]


def test_no_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with Receiver() as receiver, Receiver() as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        assert Caller(loopback=True).post(receiver.url, b"{}", {}).status == 200
        assert len(receiver.received) == 1
        assert proxy.received == []


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_to_this_machine_is_an_error_and_is_not_followed(status: int) -> None:
    with Receiver() as receiver, Receiver() as inside:
        receiver.answers[:], receiver.location = [status], inside.url
        answer = Caller(loopback=True).post(receiver.url, b"{}", {})
        assert (answer.status, inside.received) == (status, [])
        assert answer.error is not None


def test_of_an_answer_only_its_beginning_is_read_and_shown_without_control_characters() -> None:
    endless = b"HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n\r\n" + b"\x1b[31mhello\r\n" + b"x" * 100_000
    with listening(endless) as (port, _):
        answer = Caller(loopback=True).post(f"http://127.0.0.1:{port}/", b"{}", {})
    assert answer.status == 200
    assert len(answer.text) <= 200
    assert answer.text.isprintable()


@pytest.mark.parametrize(
    "said",
    [b"HTTP/1.1 200 OK\r\nX: " + b"y" * 400, b"HTTP/1.1 200 OK\r\nContent-Length: 400\r\n\r\n" + b"z" * 400],
)
def test_a_server_that_answers_byte_by_byte_is_left_in_time(said: bytes) -> None:
    with listening(said, drip=0.02) as (port, _):
        begun = time.monotonic()
        answer = Caller(loopback=True, seconds=0.4).post(f"http://127.0.0.1:{port}/", b"{}", {})
    assert time.monotonic() - begun < 3
    assert answer.error == "no whole answer within 0.4 s"


def test_a_resolver_that_does_not_answer_is_left_in_time() -> None:
    def never(host: str, port: int) -> Sequence[Address]:
        time.sleep(2)
        return [PUBLIC]

    answer = Caller(resolve=never, seconds=0.2).post(f"https://{NAME}/", b"{}", {})
    assert answer.error == "no whole answer within 0.2 s"


@pytest.mark.parametrize("said", [b"", b"SSH-2.0-OpenSSH\r\n", b"HTTP/1.1 999999 X\r\n\r\n", b"\x00" * 50])
def test_what_is_not_http_is_an_error_that_repeats_nothing_of_it(said: bytes) -> None:
    with listening(said) as (port, _):
        answer = Caller(loopback=True, seconds=3).post(f"http://127.0.0.1:{port}/", b"{}", {})
    assert answer.error == "the connection broke, or what it answered is not HTTP"


def test_where_nobody_listens_it_is_said_that_it_could_not_be_connected_to() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    answer = Caller(loopback=True).post(f"http://127.0.0.1:{port}/", b"{}", {})
    assert answer.error == "it could not be connected to"

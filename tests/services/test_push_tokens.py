"""Who may push: only the account of the subscription, for this function, with a token of the issuer."""

import base64
import hmac
import json
import socket
import time
from collections.abc import Callable, Iterator
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pydantic import ValidationError

from shared import wiring
from shared.adapters.gcp.tokens import REMOVED, SignedCallers
from shared.domain.identity import digest
from shared.errors import NotAllowed
from shared.events.envelope import payload, push_body
from shared.events.messages import AlignmentWanted, BatchFinished, Event, JobFinished, JobQueued, NoticeDue
from shared.settings import Settings
from tests.support.chain import Chain
from tests.support.facts import a_batch, envelope, ref
from tests.support.functions import Reply, call
from tests.support.identity import ACCOUNT, AUDIENCE, ISSUER, Signer, signer
from tests.support.screens import assert_problem, letters, opened, waiting

EVENTS: dict[str, Callable[[Any], Event]] = {
    "dispatch": lambda batch: JobQueued(ref=ref(batch)),
    "complete": lambda batch: JobFinished(envelope=envelope(ref(batch))),
    "align": lambda batch: AlignmentWanted(batch_id=batch.batch_id, sequence=digest("sequence")),
    "notify": lambda batch: NoticeDue(delivery_id="msg_1"),
    "aggregate": lambda batch: BatchFinished(batch_id=batch.batch_id),
}
STRANGER = generate_private_key(public_exponent=65537, key_size=2048)
AN_HOUR = 3600


@pytest.fixture
def google() -> Iterator[Signer]:
    """Whose tokens the functions take."""
    with signer() as made:
        yield made


@pytest.fixture
def guarded(chain: Chain, google: Signer, monkeypatch: pytest.MonkeyPatch) -> Chain:
    """A chain whose push endpoints ask for a token."""
    for name, value in {"AUDIENCE": AUDIENCE, "SERVICE_ACCOUNT": ACCOUNT, "KEYS_URL": google.url}.items():
        monkeypatch.setenv(f"OMTX_PUSH_{name}", value)
    wiring.reset()
    return chain


def pushed(function: str, event: Event, headers: dict[str, str]) -> Reply:
    """The answer to a push delivery with these headers."""
    body = push_body(
        payload(event), message_id="7", published_at="2026-01-01T12:00:00Z", subscription="s", delivery=1
    )
    return call(function, "POST", "/", body, headers)


def unsigned(google: Signer) -> str:
    """The header and claims of a good token, and no signature."""
    return google.token().rpartition(".")[0] + "."


def forged_with_public_key(google: Signer) -> str:
    """Signed by HMAC with what everybody knows: the public key."""
    key = google.keys["key 1"].public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    head = base64.urlsafe_b64encode(b'{"alg":"HS256","typ":"JWT","kid":"key 1"}').rstrip(b"=")
    signed = head + b"." + google.token().split(".")[1].encode()
    signature = base64.urlsafe_b64encode(hmac.digest(key, signed, "sha256")).rstrip(b"=")
    return (signed + b"." + signature).decode()


def claims(google: Signer) -> dict[str, Any]:
    """What a good token says."""
    return jwt.decode(google.token(), options={"verify_signature": False})


def with_claims(google: Signer, **changes: Any) -> str:
    """A good token whose claims were changed after it was signed."""
    head, _, signature = google.token().split(".")
    body = base64.urlsafe_b64encode(json.dumps({**claims(google), **changes}).encode()).rstrip(b"=")
    return f"{head}.{body.decode()}.{signature}"


REFUSED: dict[str, tuple[int, Callable[[Signer], str]]] = {
    "no token": (401, lambda google: ""),
    "another scheme": (401, lambda google: f"Basic {google.token()}"),
    "no signature": (401, lambda google: f"Bearer {unsigned(google)}"),
    "signature removed": (401, lambda google: f"Bearer {unsigned(google)}{REMOVED}"),
    "no algorithm": (401, lambda google: "Bearer " + google.token(key="", alg="none")),
    "public key as a secret": (401, lambda google: f"Bearer {forged_with_public_key(google)}"),
    "not a token": (401, lambda google: "Bearer x.y.z"),
    "two tokens": (401, lambda google: f"Bearer {google.token()}, Bearer {google.token()}"),
    "changed claims": (401, lambda google: f"Bearer {with_claims(google, sub='1')}"),
    "another's key": (401, lambda google: "Bearer " + google.token(key=STRANGER)),
    "unknown key": (401, lambda google: "Bearer " + google.token(kid="key 0", key=STRANGER)),
    "expired": (401, lambda google: "Bearer " + google.token(exp=int(time.time()) - 60)),
    "not yet valid": (401, lambda google: "Bearer " + google.token(nbf=int(time.time()) + AN_HOUR)),
    "issued later": (401, lambda google: "Bearer " + google.token(iat=int(time.time()) + AN_HOUR)),
    "never expires": (401, lambda google: "Bearer " + google.token(exp=None)),
    "another audience": (401, lambda google: "Bearer " + google.token(aud="https://complete.example/")),
    "more audiences": (401, lambda google: "Bearer " + google.token(aud=[AUDIENCE, "https://x/"])),
    "no audience": (401, lambda google: "Bearer " + google.token(aud=None)),
    "another issuer": (401, lambda google: "Bearer " + google.token(iss="https://accounts.example")),
    "no issuer": (401, lambda google: "Bearer " + google.token(iss=None)),
    "another account": (403, lambda google: "Bearer " + google.token(email="x@y.example")),
    "no account": (403, lambda google: "Bearer " + google.token(email=None)),
    "unverified account": (403, lambda google: "Bearer " + google.token(email_verified=False)),
    "verified in words": (403, lambda google: "Bearer " + google.token(email_verified="true")),
}


@pytest.mark.parametrize("case", REFUSED)
@pytest.mark.parametrize("function", EVENTS)
def test_whoever_cannot_prove_to_be_the_subscription_is_refused_and_nothing_is_done(
    guarded: Chain, google: Signer, function: str, case: str
) -> None:
    batch_id = opened(guarded)
    before = waiting()
    status, header = REFUSED[case]
    event = EVENTS[function](guarded.ledger.batch(batch_id))
    reply = pushed(function, event, {"Authorization": header(google)})
    assert_problem(reply, status)
    assert (reply.headers.get("WWW-Authenticate") == "Bearer") == (status == 401)
    assert guarded.ledger.in_flight(batch_id, 0) == 0
    assert guarded.ledger.outcomes(batch_id, 0, limit=9) == []
    assert (letters(), waiting()) == ([], before)


@pytest.mark.parametrize("function", EVENTS)
def test_rubbish_without_a_token_is_not_even_parked(guarded: Chain, function: str) -> None:
    assert call(function, "POST", "/", b"rubbish").status == 401
    assert letters() == []


@pytest.mark.parametrize("changes", [{}, {"iss": "accounts.google.com"}, {"sub": None, "extra": 1}])
def test_a_delivery_with_the_subscriptions_token_is_handled(
    guarded: Chain, google: Signer, changes: dict[str, Any]
) -> None:
    batch_id = opened(guarded)
    event = EVENTS["dispatch"](guarded.ledger.batch(batch_id))
    assert pushed("dispatch", event, google.bearer(**changes)).status == 204
    assert guarded.ledger.in_flight(batch_id, 0) == 1


def test_a_clock_that_is_a_little_off_does_no_harm(guarded: Chain, google: Signer) -> None:
    late = google.bearer(exp=int(time.time()) - 3, iat=int(time.time()) + 3)
    assert call("dispatch", "POST", "/", b"rubbish", late).status == 204
    assert len(letters()) == 1


def test_the_sweep_is_started_by_the_scheduler_only(guarded: Chain, google: Signer) -> None:
    assert_problem(call("reconcile", "POST", "/api/v3/reconcile"), 401)
    assert_problem(call("reconcile", "POST", "/api/v3/reconcile", None, google.bearer(email="x@y.z")), 403)
    assert call("reconcile", "POST", "/api/v3/reconcile", None, google.bearer()).status == 200


def test_what_the_public_may_call_asks_for_no_token(guarded: Chain) -> None:
    assert call("api", "GET", "/api/v3/batches").status == 200
    assert opened(guarded)


@pytest.mark.parametrize("answer", [b"", b"<html>", b"[]", b'{"keys": []}', b'{"keys": [{}]}', b"{}"])
def test_without_the_issuers_keys_the_delivery_comes_again(
    guarded: Chain, google: Signer, answer: bytes
) -> None:
    google.answer = answer
    assert_problem(call("dispatch", "POST", "/", b"rubbish", google.bearer()), 503)
    assert letters() == []
    google.answer = None
    assert call("dispatch", "POST", "/", b"rubbish", google.bearer()).status == 204


def test_with_the_issuers_server_down_the_delivery_comes_again(
    guarded: Chain, google: Signer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as taken:  # bound, but nobody listens
        taken.bind(("127.0.0.1", 0))
        monkeypatch.setenv("OMTX_PUSH_KEYS_URL", f"http://127.0.0.1:{taken.getsockname()[1]}/certs")
        wiring.reset()
        assert_problem(call("dispatch", "POST", "/", b"rubbish", google.bearer()), 503)
    assert letters() == []


def test_keys_are_fetched_once_and_outlive_their_server(guarded: Chain, google: Signer) -> None:
    good = google.bearer()
    assert call("dispatch", "POST", "/", b"rubbish", good).status == 204
    google.answer = b"gone"
    for _ in range(3):
        assert call("dispatch", "POST", "/", b"rubbish", good).status == 204
    assert google.asked == 1


def test_a_new_key_of_the_issuer_is_found(
    guarded: Chain, google: Signer, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: dict[str, Any] = {
        "audience": AUDIENCE,
        "account": ACCOUNT,
        "issuer": ISSUER,
        "keys_url": google.url,
    }
    impatient = SignedCallers(**given, ask_again=0)
    monkeypatch.setattr(wiring, "callers", lambda: impatient)
    old = google.bearer()
    assert call("dispatch", "POST", "/", b"rubbish", old).status == 204
    google.rotate("key 2")
    assert call("dispatch", "POST", "/", b"rubbish", google.bearer()).status == 204
    assert call("dispatch", "POST", "/", b"rubbish", old).status == 401, "the old key was withdrawn"


def test_unknown_keys_do_not_have_the_issuer_asked_each_time(guarded: Chain, google: Signer) -> None:
    for n in range(5):
        unknown = google.bearer(kid=f"key {n + 100}", key=STRANGER)
        assert call("dispatch", "POST", "/", b"rubbish", unknown).status == 401
    assert google.asked == 1


def test_where_cloud_run_has_checked_the_token_its_claims_are_checked_again(
    guarded: Chain, google: Signer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMTX_PUSH_CHECKED_BY_PLATFORM", "1")
    monkeypatch.setenv("K_SERVICE", "dispatch")
    wiring.reset()

    def status(token: str, **headers: str) -> int:
        stripped = token.rpartition(".")[0] + f".{REMOVED}"
        given = {"Authorization": f"Bearer {stripped}", **headers}
        return call("dispatch", "POST", "/", b"rubbish", given).status

    assert status(google.token()) == 204
    assert status(google.token(exp=int(time.time()) - 60)) == 401
    assert status(google.token(aud="https://complete.example/")) == 401
    assert status(google.token(iss="https://accounts.example")) == 401
    assert status(google.token(email="x@y.example")) == 403
    # With this header, Cloud Run has checked what it holds, and not what Authorization holds.
    assert status(google.token(), **{"X-Serverless-Authorization": "Bearer x"}) == 401
    assert call("dispatch", "POST", "/", b"rubbish", google.bearer()).status == 204
    whole = google.bearer(key=STRANGER)
    assert call("dispatch", "POST", "/", b"rubbish", whole).status == 401, "a signature that is there counts"


def test_a_key_that_is_no_rsa_key_is_refused(google: Signer) -> None:
    google.answer = json.dumps({"keys": [{"kty": "oct", "k": "c2VjcmV0", "kid": "key 1"}]}).encode()
    callers = SignedCallers(audience=AUDIENCE, account=ACCOUNT, issuer=ISSUER, keys_url=google.url)
    forged = jwt.encode({"iss": ISSUER}, "secret" * 9, "HS256", headers={"kid": "key 1"})
    for token in (forged, google.token()):
        with pytest.raises(NotAllowed):
            callers.check({"authorization": f"Bearer {token}"})


CLOUD: dict[str, Any] = {
    "backend": "gcp",
    "project": "p",
    "bucket": "b",
    "public_url": "https://omtx.example",
}
SIGNED: dict[str, Any] = {"push_audience": AUDIENCE, "push_service_account": ACCOUNT}


@pytest.mark.parametrize(
    ("chosen", "named"),
    [
        (CLOUD, "OMTX_PUSH_AUDIENCE"),
        ({**CLOUD, "push_unsigned": True}, "PUBSUB_EMULATOR_HOST"),
        ({"push_unsigned": True}, "PUBSUB_EMULATOR_HOST"),
        ({**CLOUD, **SIGNED, "push_checked_by_platform": True}, "K_SERVICE"),
        ({"push_audience": AUDIENCE}, "OMTX_PUSH_SERVICE_ACCOUNT"),
    ],
)
def test_what_would_let_anybody_in_is_refused_at_the_start(chosen: dict[str, Any], named: str) -> None:
    with pytest.raises(ValidationError, match=named):
        Settings(**chosen)


def test_an_emulator_may_push_without_a_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PUBSUB_EMULATOR_HOST", "127.0.0.1:1")
    assert Settings(**{**CLOUD, "push_unsigned": True}).push_audience == ""
    assert Settings(**{**CLOUD, **SIGNED}).push_audience == AUDIENCE


def test_a_stranger_learns_nothing_of_what_there_is(guarded: Chain) -> None:
    known = pushed("dispatch", EVENTS["dispatch"](guarded.ledger.batch(opened(guarded))), {})
    unknown = pushed("dispatch", EVENTS["dispatch"](a_batch()), {})
    assert (known.status, known.raw) == (unknown.status, unknown.raw)

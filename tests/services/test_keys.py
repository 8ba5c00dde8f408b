"""API keys at the door: who is let in, for how long, and with what."""

import re
from datetime import timedelta

import pytest

from shared import wiring
from shared.models.access import Scope
from shared.steps.access import KEPT_SECONDS, Access
from tests.support.chain import Chain
from tests.support.functions import Reply, call
from tests.support.keys import bearing, made
from tests.support.orders import noop_order
from tests.support.screens import assert_problem, finished

ROOT = "/api/v3/keys"
LIST = "/api/v3/batches"
WRONG = "omtx_aaaaaaaaaaaa_" + "A" * 40


def asked(text: str, path: str = LIST, method: str = "GET", body: object = None) -> Reply:
    """The api's answer to a request with this key."""
    return call("api", method, path, body, bearing(text))


def test_without_any_key_the_server_acts_for_its_one_owner(chain: Chain) -> None:
    batch = finished(chain)
    assert [it["id"] for it in chain.api(LIST).body["batches"]] == [batch]


def test_from_the_first_key_on_everybody_needs_one(chain: Chain) -> None:
    assert chain.api(LIST).status == 200
    _, text = made("local")
    for reply in (chain.api(LIST), call("submit", "POST", "/", noop_order())):
        assert_problem(reply, 401)
        assert reply.headers["WWW-Authenticate"] == "Bearer"
    assert asked(text).status == 200
    assert call("api", "GET", LIST, headers={"X-API-Key": text}).status == 200
    assert call("submit", "POST", "/", noop_order(), bearing(text)).status == 202


def test_revoking_the_last_key_does_not_open_the_door_again(chain: Chain) -> None:
    key_id, text = made("local")
    wiring.keys().revoke(key_id, now=chain.clock.now())
    wiring.access().forget(key_id)
    assert (chain.api(LIST).status, asked(text).status) == (401, 401)


def test_unknown_wrong_expired_and_revoked_keys_are_told_the_same(chain: Chain) -> None:
    (_, good), (_, expired), (revoked_id, revoked) = made("local"), made("local", days=1), made("local")
    wiring.keys().revoke(revoked_id, now=chain.clock.now())
    chain.clock.advance(timedelta(days=2))
    wrong = good[:18] + ("A" if good[18] != "A" else "B") + good[19:]
    replies = [asked(text) for text in (WRONG, wrong, expired, revoked, "", "x" * 5000, "é")]
    assert {reply.status for reply in replies} == {401}
    assert len({reply.raw for reply in replies}) == 1
    assert asked(good).status == 200


def test_a_key_is_shown_once_and_stored_as_a_digest(chain: Chain) -> None:
    reply = call("api", "POST", ROOT, {"name": "bench", "scopes": ["read"]})
    assert reply.status == 201
    assert reply.headers["Cache-Control"] == "no-store"
    assert re.fullmatch(r"omtx_[a-z0-9]{12}_[A-Za-z0-9]{40}[0-9a-f]{8}", reply.body["key"])
    secret = reply.body["key"].rsplit("_", 1)[1]
    dump = "\n".join(wiring.local_database()._connect().iterdump())
    assert reply.body["id"] in dump
    assert secret not in dump
    chain.clock.advance(timedelta(seconds=1))  # the newest comes first
    _, admin = made("local")
    [_, listed] = asked(admin, ROOT).body["keys"]
    assert listed["id"] == reply.body["id"]
    assert {"key", "digest", "old_digest"}.isdisjoint(listed)


def test_a_rotated_key_has_two_secrets_for_a_while(chain: Chain) -> None:
    key_id, old = made("local")
    assert asked(old).status == 200
    new = asked(old, f"{ROOT}/{key_id}/rotate", "POST", {"overlap_seconds": 60}).body["key"]
    assert (asked(old).status, asked(new).status) == (200, 200)
    chain.clock.advance(timedelta(seconds=61))
    assert (asked(old).status, asked(new).status) == (401, 200)


def test_a_key_revoked_over_the_api_is_out_at_once_and_says_when(chain: Chain) -> None:
    _, admin = made("local")
    key_id, text = made("local")
    assert asked(text).status == 200
    first = asked(admin, f"{ROOT}/{key_id}/revoke", "POST")
    chain.clock.advance(timedelta(seconds=5))
    assert asked(admin, f"{ROOT}/{key_id}/revoke", "POST").body == first.body
    assert asked(text).status == 401
    assert_problem(asked(admin, f"{ROOT}/{key_id}/rotate", "POST"), 409)


def test_a_key_names_the_key_that_made_it_and_its_own_owner(chain: Chain) -> None:
    admin_id, admin = made("ada")
    key = asked(admin, ROOT, "POST", {"scopes": ["read"]}).body
    assert (key["owner"], key["parent"], key["scopes"]) == ("ada", admin_id, ["read"])
    assert asked(admin, ROOT, "POST", {"owner": "eve"}).body["owner"] == "eve"
    assert len(asked(admin, f"{ROOT}?owner=eve").body["keys"]) == 1


@pytest.mark.parametrize(
    "body", [{"scopes": []}, {"scopes": ["all"]}, {"tier": "gold"}, {"expires_in_days": 0}, {"owner": ""}]
)
def test_a_key_that_cannot_be_is_refused(chain: Chain, body: object) -> None:
    assert_problem(call("api", "POST", ROOT, body), 422)


def test_a_missing_scope_is_named(chain: Chain) -> None:
    _, text = made("local", [Scope.READ])
    reply = call("submit", "POST", "/", noop_order(), bearing(text))
    assert_problem(reply, 403)
    assert "'submit'" in reply.body["detail"]


def test_a_use_is_remembered_by_the_minute(chain: Chain) -> None:
    key_id, text = made("local")
    began = chain.clock.now()
    asked(text)
    chain.clock.advance(timedelta(seconds=30))
    asked(text)
    assert wiring.keys().find(key_id).last_used_at == began


class Counted:
    """The real keys, and how often one was looked for."""

    def __init__(self) -> None:
        self.real, self.finds = wiring.keys(), 0

    def __getattr__(self, name: str) -> object:
        self.finds += name == "find"
        return getattr(self.real, name)


def test_a_known_key_is_read_once_in_ten_seconds_and_no_revoked_one_lives_longer(chain: Chain) -> None:
    key_id, text = made("local")
    kept, tick = Counted(), [0.0]
    access = Access(
        lambda: kept,  # type: ignore[arg-type, return-value]
        wiring.clock(),
        owner="local",
        keyless=True,
        tick=lambda: tick[0],
    )
    headers = {"authorization": f"Bearer {text}"}
    for _ in range(50):
        assert access.caller(headers).key_id == key_id
    assert kept.finds == 1
    wiring.keys().revoke(key_id, now=chain.clock.now())
    tick[0] = KEPT_SECONDS - 0.01
    assert access.remembered(headers) is not None
    tick[0] = KEPT_SECONDS
    assert access.remembered(headers) is None

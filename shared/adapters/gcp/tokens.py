"""
The OIDC tokens of Pub/Sub's push deliveries and of Cloud Scheduler.

Cloud Run checks the token before a private service sees the request, and replaces its signature by
a word, so that a service cannot use it elsewhere. Where that is so, its claims are all that is left
to check; a token that still has a signature is verified whole everywhere.
"""

from collections.abc import Mapping
from typing import Any, Self

import jwt
from jwt.types import Options

from shared.errors import Forbidden, NotAllowed, Unavailable
from shared.settings import Settings

ALGORITHM = "RS256"
REMOVED = "SIGNATURE_REMOVED_BY_GOOGLE"
KEYS_KEPT_SECONDS, ASK_AGAIN_SECONDS, TIMEOUT_SECONDS, LEEWAY_SECONDS = 3600.0, 30.0, 5.0, 10.0


class SignedCallers:
    """
    One service account whose tokens name ``audience``; the issuer's keys are fetched and kept.

    An unknown key id has the keys fetched again, at most every ``ask_again`` seconds.
    ``checked_before``: Cloud Run checks tokens before we do.
    """

    def __init__(
        self,
        *,
        audience: str,
        account: str,
        issuer: str,
        keys_url: str,
        checked_before: bool = False,
        ask_again: float = ASK_AGAIN_SECONDS,
    ) -> None:
        self._audience, self._account = audience, account
        # Google signs for either: https://developers.google.com/identity/openid-connect/reference
        self._issuers = {issuer, issuer.removeprefix("https://")}
        self._checked_before = checked_before
        self._keys = jwt.PyJWKClient(
            keys_url, lifespan=KEYS_KEPT_SECONDS, timeout=TIMEOUT_SECONDS, cooldown_duration=ask_again
        )

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Those whom this installation lets call its functions."""
        return cls(
            audience=settings.push_audience,
            account=settings.push_service_account,
            issuer=settings.push_issuer,
            keys_url=settings.push_keys_url,
            checked_before=settings.push_checked_by_platform,
        )

    def check(self, headers: Mapping[str, str]) -> None:
        """See ``Callers.check``."""
        claims = self._claims(_bearer(headers), headers)
        if claims.get("email") != self._account or claims.get("email_verified") is not True:
            raise Forbidden("the token is not of the account that may call this function")

    def _claims(self, token: str, headers: Mapping[str, str]) -> dict[str, Any]:
        try:
            if token.endswith(f".{REMOVED}") and self._was_checked(headers):
                return self._decoded(token.removesuffix(REMOVED), None)
            header = jwt.get_unverified_header(token)
            if header.get("alg") != ALGORITHM:
                raise _refused(f"the token is not signed with {ALGORITHM}")
            return self._decoded(token, self._key(header.get("kid")))
        except jwt.PyJWTError as error:
            raise _refused(f"the token is not valid: {error}") from error

    def _was_checked(self, headers: Mapping[str, str]) -> bool:
        """Cloud Run checks the other header instead, if there is one, and lets this one pass as it came."""
        return self._checked_before and "x-serverless-authorization" not in headers

    def _decoded(self, token: str, key: jwt.PyJWK | None) -> dict[str, Any]:
        # The library checks no claim of a token whose signature it does not check, unless it is told to.
        options: Options = {
            "verify_signature": key is not None,
            "require": ["iss", "aud", "exp", "iat"],
            "verify_exp": True,
            "verify_nbf": True,
            "verify_iat": True,
            "verify_aud": True,
            "verify_iss": True,
            "strict_aud": True,
        }
        return jwt.decode(
            token,
            key or "",
            algorithms=[ALGORITHM],
            audience=self._audience,
            issuer=self._issuers,
            leeway=LEEWAY_SECONDS,
            options=options,
        )

    def _key(self, kid: str | None) -> jwt.PyJWK:
        if not kid:
            raise _refused("the token does not say which key it is signed with")
        try:
            known = self._keys.match_kid(self._keys.get_signing_keys(), kid)
        except (jwt.PyJWKClientError, jwt.PyJWKSetError, ValueError, OSError) as error:
            raise Unavailable("the keys of the token's issuer cannot be had now") from error
        return known or self._asked_again(kid)

    def _asked_again(self, kid: str) -> jwt.PyJWK:
        try:
            return self._keys.get_signing_key(kid)
        except jwt.PyJWKClientConnectionError as error:
            raise Unavailable("the keys of the token's issuer cannot be had now") from error
        except (jwt.PyJWKClientError, jwt.PyJWKSetError, ValueError, OSError) as error:
            raise _refused("the token is signed with a key that its issuer does not have") from error


def _refused(reason: str) -> NotAllowed:
    return NotAllowed(reason, scheme="Bearer")


def _bearer(headers: Mapping[str, str]) -> str:
    scheme, _, token = headers.get("authorization", "").strip().partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise _refused("the request carries no token")
    return token.strip()

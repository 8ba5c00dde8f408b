"""Somebody who signs OIDC tokens as Google does, with the keys on a web server of this machine."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from jwt.algorithms import RSAAlgorithm

from tests.support.loopback import Handler, served

AUDIENCE = "https://dispatch.example/"
ACCOUNT = "pusher@project.iam.gserviceaccount.com"
ISSUER = "https://accounts.google.com"


class Signer:
    """One key at a time; its server was ``asked`` so often, and says ``answer`` instead if there is one."""

    def __init__(self) -> None:
        self.asked = 0
        self.answer: bytes | None = None
        self.keys: dict[str, RSAPrivateKey] = {}
        self.url = ""
        self.rotate("key 1")

    def rotate(self, kid: str) -> None:
        """From now on this key alone."""
        self.keys = {kid: generate_private_key(public_exponent=65537, key_size=2048)}

    def published(self) -> bytes:
        """The key set, as its address serves it."""
        keys = [
            {**RSAAlgorithm.to_jwk(key.public_key(), as_dict=True), "kid": kid, "use": "sig", "alg": "RS256"}
            for kid, key in self.keys.items()
        ]
        return json.dumps({"keys": keys}).encode()

    def token(self, *, kid: str | None = None, key: Any = None, alg: str = "RS256", **claims: Any) -> str:
        """A good token but for what is given; a claim that is None is left out."""
        [(current, private)] = self.keys.items()
        now = int(time.time())
        good = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "email": ACCOUNT,
            "email_verified": True,
            "sub": "113",
            "iat": now,
            "exp": now + 3600,
        }
        said = {name: value for name, value in (good | claims).items() if value is not None}
        return jwt.encode(said, private if key is None else key, alg, headers={"kid": kid or current})

    def bearer(self, **changes: Any) -> dict[str, str]:
        """The header that carries it."""
        return {"Authorization": f"Bearer {self.token(**changes)}"}


@contextmanager
def signer() -> Iterator[Signer]:
    """A signer whose server is up."""
    made = Signer()

    class Keys(Handler):
        def asked(self) -> None:
            made.asked += 1
            self.answer(200, made.published() if made.answer is None else made.answer)

    with served(Keys) as address:
        made.url = f"{address}/certs"
        yield made

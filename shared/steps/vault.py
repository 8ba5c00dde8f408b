"""
Secrets of users, encrypted before they are stored.

AES-GCM under a key that is derived from the first of a purpose's signing keys. What is sealed is bound to
the name of its owner-to-be: moved to another record it does not open.
"""

import base64
import hashlib
import hmac
import os
from collections.abc import Callable

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared.errors import PermanentError
from shared.models.hooks import Sealed
from shared.ports.world import Key, Secrets

PURPOSE = "hooks"
NONCE_BYTES = 12


class Unreadable(PermanentError):
    """The key with which a secret was sealed is gone, or the secret is not this record's."""

    title = "Unreadable secret"


class Vault:
    """Seals and opens; ``chance`` gives as many random bytes as it is asked for."""

    def __init__(self, secrets: Secrets, chance: Callable[[int], bytes] = os.urandom) -> None:
        self._secrets = secrets
        self._chance = chance

    def seal(self, secret: str, *, name: str) -> Sealed:
        """The secret of the record of that name, as it may be stored."""
        key = self._secrets.keys(PURPOSE)[0]
        nonce = self._chance(NONCE_BYTES)
        sealed = nonce + _cipher(key).encrypt(nonce, secret.encode(), name.encode())
        return Sealed(key_id=key.id, text=base64.b64encode(sealed).decode())

    def open(self, sealed: Sealed, *, name: str) -> str:
        """Raise Unreadable if it cannot be."""
        content = base64.b64decode(sealed.text)
        for key in self._secrets.keys(PURPOSE):
            if key.id == sealed.key_id:
                try:
                    nonce, text = content[:NONCE_BYTES], content[NONCE_BYTES:]
                    return _cipher(key).decrypt(nonce, text, name.encode()).decode()
                except InvalidTag as error:
                    raise Unreadable(f"the secret of {name} does not open") from error
        raise Unreadable(f"the key that sealed the secret of {name} is gone")

    def is_current(self, sealed: Sealed) -> bool:
        """Whether it was sealed with the key that is sealed with now."""
        return sealed.key_id == self._secrets.keys(PURPOSE)[0].id


def _cipher(key: Key) -> AESGCM:
    return AESGCM(hmac.new(key.secret, b"sealing secrets of webhooks", hashlib.sha256).digest())

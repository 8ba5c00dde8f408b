"""Signatures of manifests with Ed25519, by keys that are derived from the secret ``manifest``."""

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from shared.domain.provenance import Signed, key_id_of
from shared.ports.world import Secrets

PURPOSE = "manifest"
# Whoever sees the secret elsewhere cannot take it for the key, nor the key for the secret.
_INFO = b"omtx-hub manifest ed25519"


class SecretNotary:
    """Signs with the key that the secret's holder would sign with first."""

    def __init__(self, secrets: Secrets) -> None:
        self._secrets = secrets

    def sign(self, message: bytes) -> tuple[Signed, bytes]:
        """See ``Notary.sign``."""
        private = _private(self._secrets.keys(PURPOSE)[0].secret)
        public = private.public_key().public_bytes_raw()
        return Signed(key_id_of(public), private.sign(message)), public

    def is_signed(self, message: bytes, signature: bytes, public: bytes) -> bool:
        """See ``Notary.is_signed``."""
        try:
            Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
        except InvalidSignature:
            return False
        return True


def _private(secret: bytes) -> Ed25519PrivateKey:
    seed = HKDF(algorithm=SHA256(), length=32, salt=None, info=_INFO).derive(secret)
    return Ed25519PrivateKey.from_private_bytes(seed)

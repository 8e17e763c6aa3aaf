"""A client of the entitlement endpoints, made as existing applications make theirs: PyNaCl and `hashlib.blake2b`."""

from __future__ import annotations

import hmac
import http.client
import json
import os
import time
from hashlib import blake2b, sha256
from urllib.parse import urlsplit

from nacl import bindings
from nacl.public import PrivateKey
from nacl.signing import SigningKey, VerifyKey

GOOGLE, APPLE = 1, 2


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def tagged_hash(person: bytes, *parts: bytes) -> bytes:
    """BLAKE2b-256 with a personalisation and nothing between the parts."""
    digest = blake2b(digest_size=32, person=person)
    for part in parts:
        digest.update(part)
    return digest.digest()


def u8(value: int) -> bytes:
    return value.to_bytes(1, "little")


def u32(value: int) -> bytes:
    return value.to_bytes(4, "little")


def u64(value: int) -> bytes:
    return value.to_bytes(8, "little")


def ids(payment: dict) -> bytes:
    names = ("google_payment_token", "google_order_id") if payment["provider"] == GOOGLE else ("apple_tx_id",)
    return b"".join(payment[name].encode() for name in names)


def sign(key: SigningKey, message: bytes) -> str:
    return key.sign(message).signature.hex()


class Subscriber:
    """An account's master key, and a device's rotating key."""

    def __init__(self):
        # As clients derive it: keyed BLAKE2b of the account's seed.
        seed = blake2b(os.urandom(32), digest_size=32, key=b"SessionProRandom").digest()
        self.master = SigningKey(seed)
        self.rotating = SigningKey.generate()

    @property
    def master_bytes(self) -> bytes:
        return self.master.verify_key.encode()

    @property
    def rotating_bytes(self) -> bytes:
        return self.rotating.verify_key.encode()

    def add_pro_payment(self, payment: dict, **dev) -> dict:
        message = tagged_hash(
            b"ProAddPayment___",
            u8(0),
            self.master_bytes,
            self.rotating_bytes,
            u8(payment["provider"]),
            ids(payment),
        )
        return self._both(message, payment_tx=payment, **dev)

    def generate_pro_proof(self, unix_ts_ms: int) -> dict:
        message = tagged_hash(
            b"ProGenerateProof", u8(0), self.master_bytes, self.rotating_bytes, u64(unix_ts_ms)
        )
        return self._both(message, unix_ts_ms=unix_ts_ms)

    def get_pro_details(self, unix_ts_ms: int, count: int) -> dict:
        message = tagged_hash(b"ProGetProDetReq_", u8(0), self.master_bytes, u64(unix_ts_ms), u32(count))
        return self._master(message, unix_ts_ms=unix_ts_ms, count=count)

    def set_payment_refund_requested(self, unix_ts_ms: int, requested: int, payment: dict) -> dict:
        message = tagged_hash(
            b"ProSetRefundReq_",
            u8(0),
            self.master_bytes,
            u64(unix_ts_ms),
            u64(requested),
            u8(payment["provider"]),
            ids(payment),
        )
        return self._master(
            message, unix_ts_ms=unix_ts_ms, refund_requested_unix_ts_ms=requested, payment_tx=payment
        )

    def _master(self, message: bytes, **members) -> dict:
        return {
            "version": 0,
            "master_pkey": self.master_bytes.hex(),
            "master_sig": sign(self.master, message),
            **members,
        }

    def _both(self, message: bytes, **members) -> dict:
        return self._master(
            message,
            rotating_pkey=self.rotating_bytes.hex(),
            rotating_sig=sign(self.rotating, message),
            **members,
        )


class Plain:
    """Requests as they are."""

    def __init__(self, issuer: str):
        self.authority = urlsplit(issuer).netloc

    def exchange(self, method: str, path: str, body: bytes, headers: dict) -> tuple[int, dict, bytes]:
        connection = http.client.HTTPConnection(self.authority, timeout=30)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
        finally:
            connection.close()

    def post(self, path: str, document: dict) -> dict:
        """The envelope; every handled request answers 200 with one."""
        headers = {"Content-Type": "application/json"}
        status, headers, body = self.exchange("POST", path, json.dumps(document).encode(), headers)
        assert status == 200, (status, body)
        assert headers["content-type"] == "application/json", headers
        return json.loads(body)


class Onion(Plain):
    """Requests through `/oxen/v4/lsrpc`, each under a key of its own."""

    def __init__(self, issuer: str, server: VerifyKey, cipher: str | None):
        super().__init__(issuer)
        self.server = server.to_curve25519_public_key().encode()
        self.cipher = cipher

    def exchange(self, method: str, path: str, body: bytes, headers: dict) -> tuple[int, dict, bytes]:
        meta = json.dumps({"method": method, "endpoint": path, "headers": headers}).encode()
        plaintext = b"l" + b"".join(b"%d:%s" % (len(part), part) for part in (meta, body)) + b"e"
        key = PrivateKey.generate()
        sealed = self._encrypt(key, plaintext)
        outer = {"ephemeral_key": key.public_key.encode().hex()}
        if self.cipher is not None:
            outer["enc_type"] = self.cipher
        request = u32(len(sealed)) + sealed + json.dumps(outer).encode()
        status, _, answer = super().exchange("POST", "/oxen/v4/lsrpc", request, {})
        assert status == 200, (status, answer)
        meta, body = strings(self._decrypt(key, answer))
        meta = json.loads(meta)
        return meta["code"], meta["headers"], body

    def _shared(self, key: PrivateKey) -> bytes:
        shared = bindings.crypto_scalarmult(key.encode(), self.server)
        if self._is_gcm():
            return hmac.digest(b"LOKI", shared, sha256)
        return blake2b(shared + key.public_key.encode() + self.server, digest_size=32).digest()

    def _is_gcm(self) -> bool:
        return self.cipher in (None, "gcm", "aes-gcm")

    def _encrypt(self, key: PrivateKey, plaintext: bytes) -> bytes:
        if self._is_gcm():
            nonce = os.urandom(12)
            return nonce + bindings.crypto_aead_aes256gcm_encrypt(plaintext, None, nonce, self._shared(key))
        nonce = os.urandom(24)
        return nonce + bindings.crypto_aead_xchacha20poly1305_ietf_encrypt(plaintext, None, nonce, self._shared(key))

    def _decrypt(self, key: PrivateKey, sealed: bytes) -> bytes:
        if self._is_gcm():
            return bindings.crypto_aead_aes256gcm_decrypt(sealed[12:], None, sealed[:12], self._shared(key))
        return bindings.crypto_aead_xchacha20poly1305_ietf_decrypt(sealed[24:], None, sealed[:24], self._shared(key))


def strings(bencoded: bytes) -> list[bytes]:
    """The strings of a bencoded list."""
    assert bencoded[:1] == b"l" and bencoded[-1:] == b"e", bencoded
    rest, found = bencoded[1:-1], []
    while rest:
        length, _, rest = rest.partition(b":")
        found.append(rest[: int(length)])
        rest = rest[int(length) :]
    return found

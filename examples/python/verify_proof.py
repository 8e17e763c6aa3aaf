"""Checks an entitlement proof offline, with the server's public key and the last revocation list.

    python verify_proof.py --key HEX [--revocations list.json] [--now-ms N] proof.json

Prints one word. Exit code 0 if it is `valid`, else 1.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from hashlib import blake2b

from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey

VERSION = 0
PERSON = b"ProProof________"


def proof_hash(gen_index_hash: bytes, rotating_pkey: bytes, expiry_unix_ts_ms: int) -> bytes:
    """The 32 bytes that the server signs."""
    digest = blake2b(digest_size=32, person=PERSON)
    digest.update(bytes([VERSION]))
    digest.update(gen_index_hash)
    digest.update(rotating_pkey)
    digest.update(expiry_unix_ts_ms.to_bytes(8, "little"))
    return digest.digest()


def check(proof: dict, key: bytes, revocations: list[dict], now_ms: int) -> str:
    """`valid`, `unknown-version`, `bad-signature`, `expired` or `revoked`.

    `proof` and `revocations` are the `result` of an answer, and `items` of one. A member that is missing or of another
    kind raises `KeyError`, `TypeError` or `ValueError`.
    """
    if proof["version"] != VERSION:
        return "unknown-version"
    generation = fixed(proof["gen_index_hash"], 32)
    expiry = proof["expiry_unix_ts_ms"]
    message = proof_hash(generation, fixed(proof["rotating_pkey"], 32), expiry)
    try:
        VerifyKey(key).verify(message, fixed(proof["sig"], 64))
    except BadSignatureError:
        return "bad-signature"
    if now_ms >= expiry:
        return "expired"
    for item in revocations:
        if fixed(item["gen_index_hash"], 32) == generation and item["effective_unix_ts_ms"] <= now_ms:
            return "revoked"
    return "valid"


def fixed(text: str, length: int) -> bytes:
    """Exactly `length` bytes from hexadecimal digits."""
    if len(text) != 2 * length:
        raise ValueError(f"expected {2 * length} hexadecimal digits")
    return bytes.fromhex(text)


def result_of(path: str) -> dict:
    """The `result` of a saved answer; a bare result is taken too."""
    with open(path, encoding="utf-8") as file:
        document = json.load(file)
    return document.get("result", document)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description="Checks an entitlement proof offline.")
    parser.add_argument("proof", help="file with the answer of /add_pro_payment or /generate_pro_proof")
    parser.add_argument("--key", required=True, help="the server's Ed25519 public key, 64 hexadecimal digits")
    parser.add_argument("--revocations", help="file with the answer of /get_pro_revocations")
    parser.add_argument("--now-ms", type=int, default=time.time_ns() // 1_000_000)
    options = parser.parse_args(arguments)
    revocations = result_of(options.revocations)["items"] if options.revocations else []
    verdict = check(result_of(options.proof), fixed(options.key, 32), revocations, options.now_ms)
    print(verdict)
    return 0 if verdict == "valid" else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

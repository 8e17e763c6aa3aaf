"""verify_proof.py on the vectors that the original made."""

import json
import pathlib
import unittest

import verify_proof

VECTORS = pathlib.Path(__file__).parents[2] / "tests/vectors/entitlement/proofs.json"


class VerifyProof(unittest.TestCase):
    def setUp(self):
        cases = json.loads(VECTORS.read_text(encoding="utf-8"))["cases"]
        self.cases = [(bytes.fromhex(case["backend_pkey"]), proof_of(case)) for case in cases]
        self.assertGreater(len(self.cases), 20)

    def test_every_proof_of_the_original_is_valid_until_it_expires(self):
        for key, proof in self.cases:
            expiry = proof["expiry_unix_ts_ms"]
            self.assertEqual(verify_proof.check(proof, key, [], expiry - 1), "valid")
            self.assertEqual(verify_proof.check(proof, key, [], expiry), "expired")

    def test_every_changed_member_is_noticed(self):
        key, proof = self.cases[-1]
        for name in ("gen_index_hash", "rotating_pkey", "sig"):
            changed = dict(proof, **{name: flip(proof[name])})
            self.assertEqual(verify_proof.check(changed, key, [], 0), "bad-signature", name)
        self.assertEqual(
            verify_proof.check(dict(proof, expiry_unix_ts_ms=1), key, [], 0), "bad-signature"
        )
        self.assertEqual(verify_proof.check(dict(proof, version=1), key, [], 0), "unknown-version")
        self.assertEqual(verify_proof.check(proof, self.cases[0][0], [], 0), "bad-signature")

    def test_a_revocation_counts_from_its_effective_time(self):
        key, proof = self.cases[-1]
        item = {"gen_index_hash": proof["gen_index_hash"], "effective_unix_ts_ms": 1_000}
        other = dict(item, gen_index_hash=flip(item["gen_index_hash"]))
        self.assertEqual(verify_proof.check(proof, key, [other, item], 999), "valid")
        self.assertEqual(verify_proof.check(proof, key, [other, item], 1_000), "revoked")
        self.assertEqual(verify_proof.check(proof, key, [other], 1_000), "valid")

    def test_what_is_no_proof_raises(self):
        key, proof = self.cases[-1]
        for changed in (dict(proof, sig="00"), dict(proof, sig="zz" * 64), dict(proof, expiry_unix_ts_ms="1")):
            with self.assertRaises((ValueError, AttributeError, TypeError)):
                verify_proof.check(changed, key, [], 0)


def proof_of(case):
    names = ("gen_index_hash", "rotating_pkey", "sig")
    return {"version": 0, "expiry_unix_ts_ms": int(case["expiry_unix_ts_ms"]), **{name: case[name] for name in names}}


def flip(hexadecimal):
    return f"{int(hexadecimal[0], 16) ^ 1:x}" + hexadecimal[1:]


if __name__ == "__main__":
    unittest.main()

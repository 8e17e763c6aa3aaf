"""Payments, proofs, details and revocations over HTTP, plainly and through onion requests."""

import json
import os
import subprocess
import sys
import tempfile
import unittest

from nacl.signing import VerifyKey

import client
from client import APPLE, GOOGLE, Onion, Plain, Subscriber, now_ms
from server import ROOT, Server

sys.path.insert(0, str(ROOT / "examples/python"))
import verify_proof  # noqa: E402

DAY = 86_400_000
DEV_KEY = bytes.fromhex("fc947730f49eb01427a66e050733294d9e520e545c7a27125a780634e0860a27")


def google() -> dict:
    return {
        "provider": GOOGLE,
        "google_payment_token": os.urandom(16).hex(),
        "google_order_id": "DEV." + os.urandom(8).hex(),
    }


def apple() -> dict:
    return {"provider": APPLE, "apple_tx_id": "DEV." + os.urandom(8).hex()}


class Entitlements(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server()
        key = VerifyKey(DEV_KEY)
        cls.ways = {
            "plain": Plain(cls.server.issuer),
            **{
                f"onion {cipher}": Onion(cls.server.issuer, key, cipher)
                for cipher in ("xchacha20-poly1305", "xchacha20", "aes-gcm", "gcm", None)
            },
        }

    @classmethod
    def tearDownClass(cls):
        assert cls.server.stop() == 0

    def each_way(self):
        for name, way in self.ways.items():
            with self.subTest(name):
                yield way

    def claim(self, way, subscriber, payment, **dev):
        answer = way.post("/add_pro_payment", subscriber.add_pro_payment(payment, **dev))
        self.assertEqual(answer["status"], 0, answer)
        return answer["result"]

    def test_a_payment_becomes_a_proof_that_is_checked_offline(self):
        for way in self.each_way():
            for payment in (google(), apple()):
                subscriber = Subscriber()
                proof = self.claim(way, subscriber, payment, dev_plan="OneMonth", dev_duration_ms=3 * DAY)
                self.assertEqual(proof["rotating_pkey"], subscriber.rotating_bytes.hex())
                self.assertEqual(verify_proof.check(proof, DEV_KEY, [], now_ms()), "valid")
                self.assertLessEqual(proof["expiry_unix_ts_ms"], now_ms() + 3 * DAY)

                again = way.post("/add_pro_payment", subscriber.add_pro_payment(payment))
                self.assertEqual(again["status"], 100)
                other = way.post("/add_pro_payment", Subscriber().add_pro_payment(payment))
                self.assertEqual(other["status"], 101)

    def test_another_device_gets_a_proof_of_the_same_generation(self):
        for way in self.each_way():
            subscriber = Subscriber()
            first = self.claim(way, subscriber, google(), dev_duration_ms=3 * DAY)
            subscriber.rotating = client.SigningKey.generate()
            answer = way.post("/generate_pro_proof", subscriber.generate_pro_proof(now_ms()))
            self.assertEqual(answer["status"], 0, answer)
            second = answer["result"]
            self.assertEqual(verify_proof.check(second, DEV_KEY, [], now_ms()), "valid")
            self.assertEqual(second["gen_index_hash"], first["gen_index_hash"])
            self.assertNotEqual(second["rotating_pkey"], first["rotating_pkey"])

    def test_details_tell_all_payments_newest_first(self):
        for way in self.each_way():
            subscriber = Subscriber()
            payments = [google(), apple()]
            for payment in payments:
                self.claim(way, subscriber, payment, dev_auto_renewing=True)
            answer = way.post("/get_pro_details", subscriber.get_pro_details(now_ms(), 10))
            self.assertEqual(answer["status"], 0, answer)
            details = answer["result"]
            self.assertEqual((details["status"], details["payments_total"]), (1, 2))
            self.assertIs(details["auto_renewing"], True)
            self.assertEqual([item["payment_provider"] for item in details["items"]], [APPLE, GOOGLE])
            self.assertEqual(details["items"][0]["apple_tx_id"], payments[1]["apple_tx_id"])
            few = way.post("/get_pro_details", subscriber.get_pro_details(now_ms(), 1))["result"]
            self.assertEqual((len(few["items"]), few["payments_total"]), (1, 2))

    def test_a_refund_is_noted_for_its_owner_alone(self):
        for way in self.each_way():
            subscriber, payment = Subscriber(), apple()
            self.claim(way, subscriber, payment)
            for asker, updated in ((Subscriber(), False), (subscriber, True)):
                request = asker.set_payment_refund_requested(now_ms(), 1_234, payment)
                answer = way.post("/set_payment_refund_requested", request)
                self.assertEqual(answer, {"status": 0, "result": {"version": 0, "updated": updated}})
            details = way.post("/get_pro_details", subscriber.get_pro_details(now_ms(), 1))["result"]
            self.assertEqual(details["items"][0]["refund_requested_unix_ts_ms"], 1_234)

    def test_a_forged_request_changes_nothing(self):
        for way in self.each_way():
            subscriber, payment = Subscriber(), google()
            request = subscriber.add_pro_payment(payment)
            forged = dict(request, master_sig=request["rotating_sig"])
            self.assertEqual(way.post("/add_pro_payment", forged)["status"], 1)
            details = way.post("/get_pro_details", subscriber.get_pro_details(now_ms(), 1))
            self.assertEqual(details["result"]["payments_total"], 0)
            stale = subscriber.get_pro_details(now_ms() - 80_000, 1)
            self.assertEqual(way.post("/get_pro_details", stale)["status"], 2)

    def test_a_revoked_generation_is_listed_and_gets_no_proof(self):
        way = self.ways["plain"]
        before = way.post("/get_pro_revocations", {"version": 0, "ticket": 0})["result"]["ticket"]
        subscriber = Subscriber()
        proof = self.claim(way, subscriber, google(), dev_duration_ms=20 * DAY)
        expiry_s = proof["expiry_unix_ts_ms"] // 1000 + 1
        ran = self.server.run("entitlement", "revoke", "set", subscriber.master_bytes.hex(), str(expiry_s), "--json")
        self.assertEqual(ran.returncode, 0, ran.stderr)

        for way in self.each_way():
            # Another process may lag behind by a second.
            result = self.poll(way, before)
            self.assertEqual(result["retry_in_s"], 86_400)
            items = {item["gen_index_hash"]: item for item in result["items"]}
            item = items[proof["gen_index_hash"]]
            self.assertGreaterEqual(item["expiry_unix_ts_ms"], proof["expiry_unix_ts_ms"])
            # It counts from tomorrow, when everybody has seen it.
            effective = item["effective_unix_ts_ms"]
            self.assertEqual(verify_proof.check(proof, DEV_KEY, result["items"], effective - 1), "valid")
            self.assertEqual(verify_proof.check(proof, DEV_KEY, result["items"], effective), "revoked")
            current = way.post("/get_pro_revocations", {"version": 0, "ticket": result["ticket"]})["result"]
            self.assertEqual((current["items"], current["ticket"]), ([], result["ticket"]))
            answer = way.post("/generate_pro_proof", subscriber.generate_pro_proof(now_ms()))
            self.assertEqual(answer["status"], 1)

    def poll(self, way, ticket):
        deadline = now_ms() + 10_000
        while True:
            result = way.post("/get_pro_revocations", {"version": 0, "ticket": ticket})["result"]
            if result["items"] or now_ms() > deadline:
                return result

    def test_every_verifier_says_the_same(self):
        way = self.ways["plain"]
        proof = self.claim(way, Subscriber(), google(), dev_duration_ms=3 * DAY)
        forged = dict(proof, expiry_unix_ts_ms=proof["expiry_unix_ts_ms"] + 1)
        listed = {"gen_index_hash": proof["gen_index_hash"], "effective_unix_ts_ms": 0, "expiry_unix_ts_ms": 0}
        verifiers = (
            ["countersign", "entitlement", "verify"],
            [sys.executable, str(ROOT / "examples/python/verify_proof.py")],
            ["node", str(ROOT / "examples/typescript/dist/verify-proof.js")],
        )
        for name, document, items, now, verdict in (
            ("valid", proof, [], now_ms(), "valid"),
            ("forged", forged, [], now_ms(), "bad-signature"),
            ("expired", proof, [], proof["expiry_unix_ts_ms"], "expired"),
            ("revoked", proof, [listed], now_ms(), "revoked"),
            ("newer", dict(proof, version=1), [], now_ms(), "unknown-version"),
        ):
            with tempfile.TemporaryDirectory() as folder:
                paths = {}
                for file, content in (("proof", document), ("list", {"version": 0, "ticket": 1, "retry_in_s": 86_400, "items": items})):
                    paths[file] = os.path.join(folder, file)
                    with open(paths[file], "w", encoding="utf-8") as out:
                        json.dump({"status": 0, "result": content}, out)
                for verifier in verifiers:
                    with self.subTest(name, verifier=verifier[0]):
                        self.assertEqual(self.judge(verifier, paths, now), verdict)

    def judge(self, verifier, paths, now):
        options = ["--key", DEV_KEY.hex(), "--revocations", paths["list"], "--now-ms", str(now), paths["proof"]]
        if verifier[0] == "countersign":
            command = [str(self.server.process.args[0]), *verifier[1:]]
        else:
            command = verifier
        ran = subprocess.run([*command, *options], capture_output=True, text=True, timeout=60)
        verdict = ran.stdout.strip()
        self.assertEqual(ran.returncode, 0 if verdict == "valid" else 1, ran.stderr)
        return verdict

    def test_what_is_no_endpoint_is_told_in_the_code(self):
        for way in self.each_way():
            self.assertEqual(way.exchange("POST", "/nope", b"{}", {})[0], 404)
            self.assertEqual(way.exchange("GET", "/get_pro_revocations", b"", {})[0], 405)
            self.assertEqual(way.exchange("POST", "/get_pro_revocations/", b"{}", {})[0], 404)
        for name, way in self.ways.items():
            if name != "plain":
                self.assertEqual(way.exchange("POST", "/oxen/v4/lsrpc", b"", {})[0], 404)
                self.assertEqual(way.exchange("GET", "/healthz", b"", {})[0], 404)


if __name__ == "__main__":
    unittest.main()

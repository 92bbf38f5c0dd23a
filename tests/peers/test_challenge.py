"""Kamailio's auth module as a carrier that asks for user and password."""

import json
import unittest

from peers import KAMAILIO, TRUNKHA, TRUNK_STATE, Daemon, config, kamailio, probe, skip, wait_until

USER = {"username": "acme", "password": "open:sesame"}
WRONG = {**USER, "password": "abracadabra"}


def carrier(algorithm="MD5", kind="www", seconds=60):
    return kamailio("challenge", ALGORITHM=algorithm, KIND=kind, NONCE_SECONDS=seconds, USER=USER["username"],
                    PASSWORD=USER["password"])


def trunk(credentials):
    return {"outboundAuthMethod": "DIGEST", "outboundAuth": credentials}


class KamailioAsks(unittest.TestCase):
    def check_welcome(self, **how):
        """Challenges once; from then on the nonce counts, as Kamailio checks."""
        with carrier(**how) as asking, Daemon(config(asking.port, trunk=trunk(USER))) as daemon:
            event = daemon.wait_for(eventType=TRUNK_STATE, entityId="t0")
            self.assertEqual((event["state"], event["reasonCode"]), ("AVAILABLE", "STARTUP"))
            wait_until(lambda: asking.read_log().count("carrier: welcome") >= 5, "five probes")
            self.assertEqual(asking.read_log().count("carrier: challenge"), 1)
            self.assertEqual(daemon.target()["lastResponse"], 200)

    def check_probe(self, **how):
        with carrier(**how) as asking:
            code, answer = probe(asking.port, "--auth", USER["username"], password=USER["password"])
            self.assertEqual((code, answer["result"], answer["code"]), (0, "alive", 200))
            code, answer = probe(asking.port, "--auth", USER["username"], password=WRONG["password"])
            self.assertEqual((code, answer["result"], answer["reasonCode"]), (1, "rejected", "AUTH_FAILURE"))

    def test_401_with_md5_is_answered(self):
        self.check_welcome()

    def test_407_with_md5_is_answered(self):
        self.check_welcome(kind="proxy")

    def test_401_with_sha256_is_answered(self):
        self.check_welcome(algorithm="SHA-256")

    def test_407_with_sha256_is_answered(self):
        self.check_welcome(algorithm="SHA-256", kind="proxy")

    def test_probe_answers_and_tells_a_wrong_password(self):
        self.check_probe()
        self.check_probe(algorithm="SHA-256", kind="proxy")

    def test_nonces_that_end_are_followed_without_a_failure(self):
        with carrier(seconds=1) as asking, Daemon(config(asking.port, trunk=trunk(USER))) as daemon:
            wait_until(lambda: asking.read_log().count("carrier: challenge") >= 4, "four nonces")
            states = [event["state"] for event in daemon.events if event["eventType"] == TRUNK_STATE]
            self.assertEqual(states, ["AVAILABLE"])
            self.assertEqual(daemon.target()["failedAttempts"], 0)

    def test_wrong_password_is_an_auth_failure_and_asked_once_a_probe(self):
        with carrier() as asking, Daemon(config(asking.port, trunk=trunk(WRONG))) as daemon:
            event = daemon.wait_for(eventType=TRUNK_STATE, entityId="t0", state="DOWN")
            self.assertEqual((event["reasonCode"], event["metadata"]["lastResponse"]), ("AUTH_FAILURE", 401))
            wait_until(lambda: asking.read_log().count("carrier: challenge") >= 8, "four probes, two requests each")
            states = [event["state"] for event in daemon.events if event["eventType"] == TRUNK_STATE]
            self.assertEqual(states, ["DOWN"])
            self.assertNotIn(WRONG["password"], json.dumps(daemon.events))

    def test_challenge_proves_a_peer_to_whom_has_no_password(self):
        with carrier() as asking, Daemon(config(asking.port)) as daemon:
            event = daemon.wait_for(eventType=TRUNK_STATE, entityId="t0")
            self.assertEqual((event["state"], event["reasonCode"]), ("AVAILABLE", "STARTUP"))
            self.assertEqual(daemon.target()["lastResponse"], 401)


if __name__ == "__main__":
    if not KAMAILIO:
        skip("kamailio is not installed")
    if not TRUNKHA:
        skip("the trunkha program was not built")
    unittest.main(verbosity=2)

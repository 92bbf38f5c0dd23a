"""sipp plays carriers of every temper, and watches us in turn."""

import unittest

from peers import (ACTIVE_CHANGE, SIPP, TRUNKHA, TRUNK_STATE, Daemon, config, free_port, probe, sipp_caller, sipp_carrier,
                   sipp_messages, skip)


class SippAsCarrier(unittest.TestCase):
    def check_available(self, carrier, **keepalive):
        with carrier, Daemon(config(carrier.port, **keepalive)) as daemon:
            event = daemon.wait_for(eventType=TRUNK_STATE, entityId="t0")
            self.assertEqual(event["state"], "AVAILABLE")
            self.assertEqual(event["previousState"], "UNKNOWN")
            self.assertEqual(event["reasonCode"], "STARTUP")
            return daemon.target()

    def check_down(self, carrier, last_response, is_heard=True, **keepalive):
        with carrier, Daemon(config(carrier.port, **keepalive)) as daemon:
            event = daemon.wait_for(eventType=TRUNK_STATE, entityId="t0")
            self.assertEqual(event["state"], "DOWN")
            self.assertEqual(event["reasonCode"], "KEEPALIVE_FAILURE")
            self.assertEqual(event["metadata"]["failedAttempts"], 3)
            self.assertEqual(event["metadata"]["lastResponse"], last_response)
            self.assertEqual(event["metadata"]["target"], f"udp:127.0.0.1:{carrier.port}")
            target = daemon.target()
            self.assertEqual(target["state"], "DOWN")
            self.assertEqual(target["lastResponse"], last_response)
        received, sent = sipp_messages(carrier)
        self.assertGreaterEqual(received, 3)
        self.assertEqual(sent > 0, is_heard)

    def check_probe(self, carrier, exit_code, result, code, timeout=2):
        with carrier:
            answer = probe(carrier.port, timeout=timeout)
            self.assertEqual((answer[0], answer[1]["result"], answer[1]["code"]), (exit_code, result, code))

    def test_carrier_that_says_200_is_available(self):
        target = self.check_available(sipp_carrier("answer", CODE=200, PHRASE="OK"))
        self.assertEqual(target["lastResponse"], 200)

    def test_carrier_that_says_404_is_available(self):
        target = self.check_available(sipp_carrier("answer", CODE=404, PHRASE="Not Found"))
        self.assertEqual(target["lastResponse"], 404)

    def test_carrier_that_says_403_is_down(self):
        self.check_down(sipp_carrier("answer", CODE=403, PHRASE="Forbidden"), 403)

    def test_carrier_that_says_503_is_down(self):
        self.check_down(sipp_carrier("answer", CODE=503, PHRASE="Service Unavailable"), 503)

    def test_silent_carrier_is_down(self):
        self.check_down(sipp_carrier("silent"), 0, is_heard=False)

    def test_carrier_that_only_says_100_is_down(self):
        self.check_down(sipp_carrier("trying"), 0)

    def test_carrier_slower_than_the_timeout_is_down(self):
        self.check_down(sipp_carrier("slow"), 0)

    def test_slow_carrier_within_the_timeout_is_available(self):
        target = self.check_available(sipp_carrier("slow"), timeout=5, interval=6, degraded={"rtt": 4})
        self.assertGreaterEqual(target["rttMs"], 1000)

    def test_probe_of_an_answering_carrier_is_alive(self):
        self.check_probe(sipp_carrier("answer", CODE=200, PHRASE="OK"), 0, "alive", 200)

    def test_probe_answered_404_is_alive(self):
        self.check_probe(sipp_carrier("answer", CODE=404, PHRASE="Not Found"), 0, "alive", 404)

    def test_probe_answered_403_is_rejected(self):
        self.check_probe(sipp_carrier("answer", CODE=403, PHRASE="Forbidden"), 1, "rejected", 403)

    def test_probe_answered_503_is_rejected(self):
        self.check_probe(sipp_carrier("answer", CODE=503, PHRASE="Service Unavailable"), 1, "rejected", 503)

    def test_probe_of_a_silent_carrier_is_dead(self):
        self.check_probe(sipp_carrier("silent"), 2, "dead", 0, timeout=1)

    def test_probe_answered_100_only_is_dead(self):
        self.check_probe(sipp_carrier("trying"), 2, "dead", 0, timeout=1)

    def test_next_call_goes_to_the_second_carrier_when_the_first_ends(self):
        first = sipp_carrier("answer", CODE=200, PHRASE="OK")
        with first, sipp_carrier("answer", CODE=200, PHRASE="OK") as second:
            with Daemon(config(first.port, second.port)) as daemon:
                daemon.wait_for(eventType=TRUNK_STATE, entityId="t0", state="AVAILABLE")
                daemon.wait_for(eventType=TRUNK_STATE, entityId="t1", state="AVAILABLE")
                self.assertEqual(daemon.ask("route", "g0", "--json")[1]["candidates"][0]["trunkId"], "t0")
                first.end()
                event = daemon.wait_for(eventType=TRUNK_STATE, entityId="t0", state="DOWN")
                self.assertEqual(event["reasonCode"], "NETWORK_ERROR")
                daemon.wait_for(eventType=ACTIVE_CHANGE, entityId="g0", metadata={"trunkId": "t1"})
                self.assertEqual(daemon.ask("route", "g0", "--json")[1]["candidates"][0]["trunkId"], "t1")


class SippAsWatcher(unittest.TestCase):
    def test_options_from_a_carrier_are_answered_200(self):
        port = free_port()
        with sipp_carrier("answer", CODE=200, PHRASE="OK") as carrier, Daemon(config(carrier.port, listen=port)):
            self.assertEqual(sipp_caller("ask", port, 10), 0)


if __name__ == "__main__":
    if not SIPP:
        skip("sipp is not installed (package sip-tester)")
    if not TRUNKHA:
        skip("the trunkha program was not built")
    unittest.main(verbosity=2)

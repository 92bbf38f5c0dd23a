"""Kamailio as a carrier, and as a carrier that watches us."""

import pathlib
import tempfile
import unittest

from peers import KAMAILIO, TRUNKHA, TRUNK_STATE, Daemon, config, free_port, kamailio, probe, skip


class KamailioAsCarrier(unittest.TestCase):
    def test_answering_carrier_is_available(self):
        with kamailio("carrier") as carrier, Daemon(config(carrier.port)) as daemon:
            event = daemon.wait_for(eventType=TRUNK_STATE, entityId="t0")
            self.assertEqual((event["state"], event["reasonCode"]), ("AVAILABLE", "STARTUP"))
            self.assertEqual(daemon.target()["lastResponse"], 200)

    def test_probe_is_alive(self):
        with kamailio("carrier") as carrier:
            answer = probe(carrier.port)
            self.assertEqual((answer[0], answer[1]["result"], answer[1]["code"]), (0, "alive", 200))

    def test_carrier_that_ends_is_down_and_comes_back_when_started_again(self):
        port = free_port()
        with kamailio("carrier", port=port) as carrier, Daemon(config(port)) as daemon:
            daemon.wait_for(eventType=TRUNK_STATE, entityId="t0", state="AVAILABLE")
            carrier.end()
            down = daemon.wait_for(eventType=TRUNK_STATE, entityId="t0", state="DOWN")
            self.assertEqual(down["reasonCode"], "NETWORK_ERROR")
            with kamailio("carrier", port=port):
                back = daemon.wait_for(eventType=TRUNK_STATE, entityId="t0", after=down["sequence"])
                self.assertEqual((back["state"], back["reasonCode"]), ("AVAILABLE", "KEEPALIVE_RECOVERED"))


class KamailioAsWatcher(unittest.TestCase):
    def test_its_dispatcher_finds_us_up(self):
        port = free_port()
        with kamailio("carrier") as carrier, Daemon(config(carrier.port, listen=port)):
            with tempfile.TemporaryDirectory(prefix="peers-list-") as directory:
                destinations = pathlib.Path(directory) / "dispatcher.list"
                destinations.write_text(f"1 sip:127.0.0.1:{port} 9\n", encoding="ascii")
                with kamailio("watcher", LIST=destinations) as watcher:
                    watcher.wait_for_log("watcher: destination is up")


if __name__ == "__main__":
    if not KAMAILIO:
        skip("kamailio is not installed")
    if not TRUNKHA:
        skip("the trunkha program was not built")
    unittest.main(verbosity=2)

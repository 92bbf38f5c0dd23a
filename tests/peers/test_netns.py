"""Carriers behind a bad line: loss, delay, silence, no route. Needs network namespaces; nothing leaves them."""

import re
import unittest

from line import ALSO_THEIRS, NOBODY, OURS, THEIRS, Line, NetemLine, enter_own_network
from peers import KAMAILIO, TRUNKHA, TRUNK_STATE, Daemon, config, kamailio_over, probe, skip, wait_until


def uri(carrier, transport, host=THEIRS):
    return f"sip:{host}:{carrier.port};transport={transport}"


def start(*uris, **keepalive):
    return Daemon(config(*uris, host="0.0.0.0", **keepalive))


def requests(carrier):
    return re.findall(r"carrier: \w+ from port (\d+)", carrier.read_log())


class Case(unittest.TestCase):
    make_line = Line

    def setUp(self):
        self.line = self.make_line()
        self.enterContext(self.line)

    def carrier(self, transport, host=THEIRS):
        return self.enterContext(kamailio_over(transport, host=host, network=self.line.network))

    def expect(self, daemon, state, reason, after=0, trunk="t0", detail="."):
        event = daemon.wait_for(eventType=TRUNK_STATE, entityId=trunk, after=after)
        self.assertEqual((event["state"], event["reasonCode"]), (state, reason), event)
        self.assertRegex(event["metadata"]["detail"], detail)
        return event["sequence"]


class Impaired(Case):
    def check_not_down(self, transport, loss, delay):
        carrier = self.carrier(transport)
        self.line.impair(loss, delay)
        with start(uri(carrier, transport), timeout=2.5) as daemon:
            daemon.wait_for(eventType=TRUNK_STATE, entityId="t0", state="AVAILABLE")
            wait_until(lambda: len(requests(carrier)) >= 8, "eight requests")
            self.assertNotIn("DOWN", [event.get("state") for event in daemon.events])
            return daemon.target()

    def test_delay_is_measured(self):
        target = self.check_not_down("udp", loss=0, delay=0.2)
        self.assertGreaterEqual(target["rttMs"], 400)
        self.assertEqual(target["lossPercent"], 0)

    def test_some_loss_brings_no_trunk_down(self):
        self.check_not_down("udp", loss=0.05, delay=0)

    def test_much_loss_and_delay_bring_no_trunk_down(self):
        self.check_not_down("udp", loss=0.2, delay=0.2)

    def test_tcp_makes_up_for_loss(self):
        self.check_not_down("tcp", loss=0.05, delay=0.02)


class ImpairedByNetem(Impaired):
    make_line = NetemLine

    def setUp(self):
        super().setUp()
        if not self.line.kernel_has_netem():
            self.skipTest("this kernel has no netem")


class Silent(Case):
    def check_cut(self, transport):
        """A connection that is up and dead is found by its probes, and made anew."""
        carrier = self.carrier(transport)
        with start(uri(carrier, transport)) as daemon:
            up = self.expect(daemon, "AVAILABLE", "STARTUP")
            self.line.is_cut = True
            down = daemon.wait_for(eventType=TRUNK_STATE, entityId="t0", after=up)
            self.assertEqual(down["state"], "DOWN")
            self.line.is_cut = False
            self.expect(daemon, "AVAILABLE", "KEEPALIVE_RECOVERED", after=down["sequence"])
            return down["reasonCode"], requests(carrier)

    def test_line_that_is_cut_brings_a_trunk_down_until_it_is_mended(self):
        self.assertEqual(self.check_cut("udp")[0], "KEEPALIVE_FAILURE")

    def test_dead_connection_is_made_anew_when_the_line_is_mended(self):
        ports = self.check_cut("tcp")[1]
        self.assertGreaterEqual(len(set(ports)), 2)

    def test_connection_that_is_never_made_is_a_network_error(self):
        with start(f"sip:{NOBODY};transport=tcp") as daemon:
            self.expect(daemon, "DOWN", "NETWORK_ERROR", detail="no connection")

    def test_probe_of_nobody_is_dead_in_time(self):
        for transport, reason in (("udp", "KEEPALIVE_FAILURE"), ("tcp", "NETWORK_ERROR"), ("tls", "NETWORK_ERROR")):
            code, answer = probe(f"sip:{NOBODY};transport={transport}", timeout=0.5)
            self.assertEqual((code, answer["result"], answer["reasonCode"]), (2, "dead", reason))

    def test_cut_line_of_all_trunks_is_a_fault_at_home(self):
        uris = [uri(self.carrier("udp", host), "udp", host) for host in (THEIRS, ALSO_THEIRS)]
        with start(*uris) as daemon:
            for trunk in ("t0", "t1"):
                self.expect(daemon, "AVAILABLE", "STARTUP", trunk=trunk)
            self.line.is_cut = True
            daemon.wait_for(eventType="telephony.instance.localFault")
            for trunk in ("t0", "t1"):
                daemon.wait_for(eventType=TRUNK_STATE, entityId=trunk, state="DOWN", reasonCode="LOCAL_FAULT")
            self.line.is_cut = False
            for trunk in ("t0", "t1"):
                daemon.wait_for(eventType=TRUNK_STATE, entityId=trunk, state="AVAILABLE", previousState="DOWN")


class WithoutRoute(Case):
    def check_route(self, transport):
        carrier = self.carrier(transport)
        self.line.ip(OURS, "route", "del", "192.0.2.0/24")
        with start(uri(carrier, transport)) as daemon:
            down = self.expect(daemon, "DOWN", "NETWORK_ERROR", detail="unreachable|could not be sent")
            self.line.ip(OURS, "route", "add", "192.0.2.0/24", "dev", "line")
            self.expect(daemon, "AVAILABLE", "KEEPALIVE_RECOVERED", after=down)

    def test_no_route_is_a_network_error_until_there_is_one(self):
        self.check_route("udp")

    def test_no_route_is_a_network_error_over_tcp(self):
        self.check_route("tcp")

    def test_route_that_goes_takes_the_trunk_with_it(self):
        carrier = self.carrier("udp")
        with start(uri(carrier, "udp")) as daemon:
            up = self.expect(daemon, "AVAILABLE", "STARTUP")
            self.line.ip(OURS, "route", "del", "192.0.2.0/24")
            self.expect(daemon, "DOWN", "NETWORK_ERROR", after=up, detail="unreachable|could not be sent")


if __name__ == "__main__":
    if not KAMAILIO:
        skip("kamailio is not installed")
    if not TRUNKHA:
        skip("the trunkha program was not built")
    enter_own_network()
    unittest.main(verbosity=2)

"""trunkha status, route and watch beside a running daemon, an ended one and none."""

import json
import re
import signal
import unittest

import cli
from cli import configuration, environment, trunkha, unique_view_name, wait_until, write_file
from reach import MOCK_DNS, Names

TRUNK_KEYS = {"id", "name", "state", "adminState", "reasonCode", "since", "activeCalls", "targets"}
TARGET_KEYS = {"target", "state", "rttMs", "lossPercent", "failedAttempts", "lastResponse", "lastSuccessfulKeepalive",
               "cooldownUntil"}


class View(cli.TestCase):
    def start_two(self, **changes):
        self.a, self.b = self.carrier(), self.carrier()
        self.name = unique_view_name()
        self.path = write_file(self, configuration(self.a.address, self.b.address, **changes))
        return self.daemon(self.path, view=self.name)

    def start_two_available(self):
        daemon = self.start_two()
        states = set()

        def are_both_up(line):
            event = json.loads(line)
            if event["eventType"] == "telephony.trunks.stateChange" and event["state"] == "AVAILABLE":
                states.add(event["entityId"])
            return states == {"a1", "b1"}
        daemon.wait_line(are_both_up, "both carriers")
        return daemon

    def ask(self, command, *arguments):
        return trunkha(command, "--view", self.name, *arguments)

    def ask_json(self, command, *arguments):
        return json.loads(self.ask(command, *arguments).stdout)

    def test_status_of_healthy_trunks(self):
        self.start_two_available()
        result = self.ask("status")
        self.check_exit(result, 0)
        self.assertEqual(result.stderr, "")
        self.assertRegex(result.stdout, r"(?m)^carrier-a +AVAILABLE")
        self.assertRegex(result.stdout, r"(?m)^  a1 +AVAILABLE +here +STARTUP")
        self.assertRegex(result.stdout, rf"(?m)^    udp:{self.a.address} +AVAILABLE")
        self.assertRegex(result.stdout, r"(?m)^RP +a1$")
        self.assertNotIn("\x1b", result.stdout)

    def test_wide_status_has_more_columns(self):
        self.start_two_available()
        result = self.ask("status", "-o", "wide")
        self.check_exit(result, 0)
        self.assertRegex(result.stdout, r"(?m)^  a1 .* First +enabled +0$")
        self.assertRegex(result.stdout, rf"(?m)^a1 +both +- +sip:{self.a.address} +-$")

    def test_wide_status_tells_what_a_peer_can_do(self):
        self.a, self.b = self.carrier(headers=["Allow: INVITE, ACK, BYE", "Supported: 100rel"]), self.carrier()
        self.name = unique_view_name()
        daemon = self.daemon(write_file(self, configuration(self.a.address, self.b.address)), view=self.name)
        daemon.wait_state("a1", "AVAILABLE")
        wait_until(lambda: re.search(rf"(?m)^a1 +udp:{self.a.address} +- +100rel +INVITE, ACK, BYE$",
                                     self.ask("status", "-o", "wide").stdout), "the abilities of a1")

    def pair(self, outbound, inbound):
        """One group of an outbound trunk and its inbound half, and a second group."""
        return [{"id": "carrier-a", "trunks": [
            {"id": "a-out", "sipAddress": outbound, "direction": "outbound", "pairedTrunkId": "a-in"},
            {"id": "a-in", "sipAddress": inbound, "direction": "inbound", "pairedTrunkId": "a-out"}]},
            {"id": "carrier-b", "trunks": [{"id": "b1", "sipAddress": outbound}]}]

    def test_lost_half_of_a_pair_is_told(self):
        carrier = self.carrier()
        self.name = unique_view_name()
        groups = self.pair(carrier.address, self.silent())
        daemon = self.daemon(write_file(self, configuration("", "", trunkGroups=groups, routingProfiles=[])), view=self.name)
        daemon.wait_state("a-out", "AVAILABLE")
        daemon.wait_state("a-in", "DOWN")
        wait_until(lambda: "\na-out: its inbound half a-in is DOWN\n" in self.ask("status").stdout, "the lost half")
        self.assertRegex(self.ask("status", "-o", "wide").stdout, r"(?m)^a-out +outbound +a-in DOWN +sip:")

    @unittest.skipUnless(MOCK_DNS, "mock-dns was not built")
    def test_age_and_trouble_of_names_are_told(self):
        carrier = self.carrier()
        names = Names("add carrier.test 1 A 127.0.0.1")
        self.addCleanup(names.close)
        self.name = unique_view_name()
        uris = [f"sip:carrier.test:{carrier.port}", "sip:nobody.test:5060"]
        dns = {"servers": [names.address], "minTtl": 1, "timeout": 0.2}
        groups = [{"id": f"g{n}", "trunks": [{"id": f"t{n}", "sipAddress": uri}]} for n, uri in enumerate(uris)]
        daemon = self.daemon(write_file(self, configuration("", "", trunkGroups=groups, routingProfiles=[], dns=dns)),
                             view=self.name)
        daemon.wait_state("t0", "AVAILABLE")
        wait_until(lambda: re.search(r"(?m)^t1: DNS: .*NXDOMAIN.*; it has no address yet$", self.ask("status").stdout),
                   "a name that does not exist")
        self.assertRegex(self.ask("status", "-o", "wide").stdout,
                         rf"(?m)^t0 +both +- +sip:carrier\.test:{carrier.port} +\d+ m?s ago, TTL 1 s$")
        names.say("how * silent")
        wait_until(lambda: re.search(r"(?m)^t0: DNS: .*; its addresses were last confirmed \d+ m?s ago$",
                                     self.ask("status").stdout), "a silent name server")

    @unittest.skipUnless(MOCK_DNS, "mock-dns was not built")
    def test_watch_tells_where_a_name_has_moved(self):
        carrier = self.carrier()
        names = Names("add carrier.test 1 A 127.0.0.1")
        self.addCleanup(names.close)
        self.name = unique_view_name()
        groups = [{"id": "g", "trunks": [{"id": "t", "sipAddress": f"sip:carrier.test:{carrier.port}"}]}]
        dns = {"servers": [names.address], "minTtl": 1}
        self.daemon(write_file(self, configuration("", "", trunkGroups=groups, routingProfiles=[], dns=dns)),
                    view=self.name).wait_state("t", "AVAILABLE")
        watcher = self.start("watch", "--view", self.name, "--since", "0")
        watcher.wait_line(lambda line: f"trunk t is elsewhere, added udp:127.0.0.1:{carrier.port}" in line, "the address")
        names.say("add carrier.test 1 A 127.0.0.2")
        watcher.wait_line(lambda line: f"trunk t is elsewhere, added udp:127.0.0.2:{carrier.port}" in line, "the second")

    def test_status_json_has_the_shape_of_the_contract(self):
        self.start_two_available()
        status = self.ask_json("status", "-o", "json")
        self.assertEqual(status["instanceId"], "cli-test")
        self.assertLess(status["ageMs"], 60000)
        group = status["trunkGroups"][0]
        self.assertEqual((group["id"], group["name"], group["activeTrunkId"]), ("carrier-a", "Carrier A", "a1"))
        trunk, = group["trunks"]
        self.assertLessEqual(TRUNK_KEYS, set(trunk))
        self.assertEqual((trunk["state"], trunk["adminState"]), ("AVAILABLE", "enabled"))
        target, = trunk["targets"]
        self.assertLessEqual(TARGET_KEYS, set(target))
        self.assertEqual((target["target"], target["lastResponse"]), (f"udp:{self.a.address}", 200))
        self.assertIn({"id": "RP", "activeTrunkId": "a1"},
                      [{key: profile[key] for key in ("id", "activeTrunkId")} for profile in status["routingProfiles"]])

    def test_group_without_a_usable_trunk_is_exit_code_2(self):
        daemon = self.start_two_available()
        self.a.status = None
        daemon.wait_state("a1", "DOWN")
        wait_until(lambda: self.ask("status").returncode == 2, "exit code 2")
        self.assertRegex(self.ask("status").stdout, r"(?m)^  a1 +DOWN +KEEPALIVE_FAILURE")

    def test_one_bad_trunk_of_a_group_is_exit_code_1(self):
        a, b = self.carrier(), self.silent()
        self.name = unique_view_name()
        groups = [{"id": "g", "trunks": [{"id": "a1", "sipAddress": a.address}, {"id": "b1", "sipAddress": b}]}]
        daemon = self.daemon(write_file(self, configuration("", "", trunkGroups=groups, routingProfiles=[])), view=self.name)
        daemon.wait_state("b1", "DOWN")
        wait_until(lambda: self.ask("status").returncode == 1, "exit code 1")

    def test_route_moves_with_the_health(self):
        daemon = self.start_two_available()
        result = self.ask("route", "RP")
        self.check_exit(result, 0)
        self.assertRegex(result.stdout, r"(?m)^1 +a1 +carrier-a +udp:\S+ +AVAILABLE +available, preferred$")
        self.a.status = None
        daemon.wait_state("a1", "DOWN")
        route = wait_until(lambda: [route for route in [self.ask_json("route", "RP", "--json")]
                                    if route["candidates"][0]["trunkId"] == "b1"], "the route to move")[0]
        self.assertEqual(route["profile"], "RP")
        self.assertLessEqual({"trunkId", "trunkGroupId", "target", "uri", "state", "why"}, set(route["candidates"][0]))
        self.assertEqual([candidate["trunkId"] for candidate in route["candidates"]], ["b1", "a1"])
        self.assertEqual(route["passedOver"], [])
        self.check_exit(self.ask("route", "RP"), 0)
        result = self.ask("route", "carrier-a")
        self.assertIn("b1", self.ask("route", "RP").stdout)
        self.check_exit(result, 2)

    def test_disabled_trunk_is_passed_over(self):
        a = self.carrier()
        self.name = unique_view_name()
        groups = [{"id": "g", "trunks": [{"id": "a1", "sipAddress": a.address, "adminState": "disabled"},
                                         {"id": "b1", "sipAddress": a.address}]}]
        daemon = self.daemon(write_file(self, configuration("", "", trunkGroups=groups, routingProfiles=[])), view=self.name)
        daemon.wait_state("b1", "AVAILABLE")
        route = self.ask_json("route", "g", "--json")
        self.assertEqual([entry["trunkId"] for entry in route["passedOver"]], ["a1"])
        self.assertRegex(self.ask("route", "g").stdout, r"(?m)^- +a1 +g .*disabled$")
        self.assertRegex(self.ask("status", "-o", "wide").stdout, r"(?m)^  a1 +DOWN +disabled +ADMIN_DISABLED .*disabled")
        self.check_exit(self.ask("status"), 1)

    def test_unknown_profile_tells_the_known_ones(self):
        self.start_two_available()
        result = self.ask("route", "RQ")
        self.check_exit(result, 3)
        self.assertIn('no profile or group "RQ"; there are: RP, carrier-a, carrier-b', result.stderr)

    def test_view_may_come_from_the_environment(self):
        self.start_two_available()
        result = trunkha("route", "RP", env=environment(TRUNKHA_VIEW=self.name))
        self.check_exit(result, 0)
        result = trunkha("route", "RP", "--view", "another", env=environment(TRUNKHA_VIEW=self.name))
        self.check_exit(result, 3)

    def test_no_daemon_is_exit_code_3(self):
        for arguments in (("status",), ("route", "RP"), ("watch",)):
            result = trunkha(*arguments)
            self.check_exit(result, 3)
            self.assertIn("--view NAME", result.stderr)
            result = trunkha(*arguments, "--view", unique_view_name())
            self.check_exit(result, 3)
            self.assertIn("no daemon publishes", result.stderr)
            result = trunkha(*arguments, "--view", "no/name")
            self.check_exit(result, 3)
            self.assertIn("is no view", result.stderr)

    def test_ended_daemon_leaves_its_last_states(self):
        daemon = self.start_two_available()
        daemon.signal(signal.SIGTERM)
        self.assertEqual(daemon.wait_end(), 0)
        result = self.ask("status")
        self.check_exit(result, 3)
        self.assertRegex(result.stdout, r"(?m)^  a1 +AVAILABLE")
        self.assertRegex(result.stderr, r"nobody is probing: the daemon ended \d+ m?s ago; these are its last states")
        result = self.ask("route", "RP")
        self.check_exit(result, 3)
        self.assertIn("a1", result.stdout)

    def test_killed_daemon_has_died(self):
        daemon = self.start_two_available()
        daemon.signal(signal.SIGKILL)
        daemon.wait_end()
        wait_until(lambda: self.ask("status").returncode == 3, "exit code 3")
        self.assertRegex(self.ask("status").stderr, rf"the daemon \(process {daemon.popen.pid}\) died \d+ m?s ago")

    def test_watch_shows_what_happens(self):
        self.start_two_available()
        watcher = self.start("watch", "--view", self.name, "--since", "0")
        watcher.wait_line(lambda line: "trunk a1: UNKNOWN -> AVAILABLE (STARTUP)" in line, "the past")
        self.a.status = None
        watcher.wait_line(lambda line: "trunk a1: AVAILABLE -> DOWN (KEEPALIVE_FAILURE)" in line, "the change")
        watcher.wait_line(lambda line: "RP: new calls go to b1" in line, "the move")
        watcher.signal(signal.SIGINT)
        self.assertEqual(watcher.wait_end(), 0)

    def test_watch_json_is_what_the_daemon_prints(self):
        daemon = self.start_two()
        printed = [daemon.wait_line(lambda line: True, "a line") for _ in range(4)]
        result = self.ask("watch", "--json", "--since", "0", "--count", "4")
        self.check_exit(result, 0)
        self.assertEqual([json.loads(line) for line in result.stdout.splitlines()], [json.loads(line) for line in printed])
        second = json.loads(printed[1])
        result = self.ask("watch", "--json", "--since", str(second["sequence"]), "--count", "1")
        self.assertEqual(json.loads(result.stdout), json.loads(printed[2]))

    def test_watch_begins_with_the_present(self):
        daemon = self.start_two_available()
        watcher = self.start("watch", "--json", "--view", self.name)
        last = 0

        def provoke():
            self.a.status = None if self.a.status else "200 OK"
            daemon.wait_event("telephony.trunks.stateChange", entityId="a1")
            return not watcher.lines.empty()
        wait_until(provoke, "an event")
        first = json.loads(watcher.wait_line(lambda line: True, "a line"))
        self.assertNotEqual(first.get("reasonCode"), "STARTUP")
        self.assertGreater(first["sequence"], last)

    def test_watch_follows_the_next_daemon(self):
        daemon = self.start_two_available()
        watcher = self.start("watch", "--json", "--view", self.name, "--since", "0")
        watcher.wait_event("telephony.instance.ready")
        daemon.signal(signal.SIGTERM)
        daemon.wait_end()
        watcher.wait_log("nobody is probing: the daemon ended")
        successor = self.daemon(self.path, view=self.name)
        ready = successor.wait_event("telephony.instance.ready")
        self.assertEqual(watcher.wait_event("telephony.instance.ready"), ready)
        watcher.wait_log(f"process {successor.popen.pid} is probing")
        watcher.signal(signal.SIGTERM)
        self.assertEqual(watcher.wait_end(), 0)

    def test_watch_misses_nothing_of_a_quick_successor(self):
        daemon = self.start_two_available()
        watcher = self.start("watch", "--json", "--view", self.name, "--since", "0")
        watcher.wait_state("b1", "AVAILABLE")
        watcher.signal(signal.SIGSTOP)
        daemon.signal(signal.SIGTERM)
        daemon.wait_end()
        successor = self.daemon(self.path, view=self.name)
        told = [successor.wait_line(lambda line: True, "a line") for _ in range(5)]
        self.a.status = self.b.status = None
        for _ in range(5):
            told.append(successor.wait_line(lambda line: True, "a line"))
        watcher.signal(signal.SIGCONT)
        self.assertEqual(watcher.wait_event("telephony.instance.ready"), json.loads(told[0]))
        seen = [watcher.wait_line(lambda line: True, "a line") for _ in range(len(told) - 1)]
        self.assertEqual([json.loads(line) for line in seen], [json.loads(line) for line in told[1:]])

    def test_watch_of_an_ended_daemon_shows_the_past(self):
        daemon = self.start_two_available()
        daemon.signal(signal.SIGTERM)
        daemon.wait_end()
        result = self.ask("watch", "--json", "--since", "0")
        self.check_exit(result, 3)
        self.assertEqual(json.loads(result.stdout.splitlines()[0])["eventType"], "telephony.instance.ready")


if __name__ == "__main__":
    cli.main()

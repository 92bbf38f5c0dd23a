"""trunkha run --record and simulate --replay: what was seen once can be played again."""

import json
import os
import resource
import signal
import stat
import tempfile
import xml.etree.ElementTree as ElementTree

import cli
from cli import configuration, trunkha, wait_until, write_file


# Events tell the wall clock and recordings keep the monotonic one: the two are read one after the other.
CLOCKS_MS = 1000


def changes(lines):
    """The states of trunks and where calls went, with their time."""
    wanted = ("telephony.trunks.stateChange", "telephony.trunkGroups.activeChange")
    events = [json.loads(line) for line in lines]
    events = [event for event in events if event["eventType"] in wanted]
    return ([event["timestamp"] for event in events],
            [(event["eventType"], event["entityId"], event.get("state"), event.get("reasonCode")) for event in events])


class Recording(cli.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = os.path.join(folder.name, "incident.jsonl")
        self.a, self.b = self.carrier(), self.carrier()
        self.config = write_file(self, configuration(self.a.address, self.b.address))

    def record(self):
        """A carrier dies and returns; the events of it."""
        daemon = self.daemon(self.config, "--record", self.path)
        lines = []

        def wait(trunk, state):
            def is_wanted(line):
                lines.append(line)
                event = json.loads(line)
                return event["eventType"] == "telephony.trunks.stateChange" and \
                    (event["entityId"], event["state"]) == (trunk, state)
            daemon.wait_line(is_wanted, f"{trunk} {state}")
        wait("a1", "AVAILABLE")
        self.a.status = None
        wait("a1", "DOWN")
        self.a.status = "200 OK"
        wait("a1", "AVAILABLE")
        daemon.signal(signal.SIGTERM)
        self.assertEqual(daemon.wait_end(), 0)
        while not daemon.lines.empty():
            lines.append(daemon.lines.get())
        return lines

    def test_replay_has_the_same_changes_at_the_same_times(self):
        seen = self.record()
        result = trunkha("simulate", self.config, "--replay", self.path, "--events")
        self.check_exit(result, 0)
        times, whats = changes(result.stdout.splitlines())
        seen_times, seen_whats = changes(seen)
        self.assertEqual(whats, seen_whats)
        self.assertIn(("a1", "DOWN"), [what[1:3] for what in whats])
        for time, seen_time in zip(times, seen_times):
            self.assertAlmostEqual(time, seen_time, delta=CLOCKS_MS)

    def test_replay_with_other_settings_has_other_changes(self):
        self.record()
        result = trunkha("simulate", self.config, "--replay", self.path, "--set", "keepalive.maxFailedAttempts=10")
        self.check_exit(result, 0)
        self.assertNotRegex(result.stdout, r"(?m)  trunk a1 +AVAILABLE +DOWN ")
        self.assertRegex(trunkha("simulate", self.config, "--replay", self.path).stdout,
                         r"(?m)^20\d\d-\d\d-\d\d \d\d:\d\d:\d\d\.\d\d\d  trunk a1 +AVAILABLE +DOWN +KEEPALIVE_FAILURE ")

    def test_replay_is_drawn(self):
        self.record()
        svg = self.path + ".svg"
        self.check_exit(trunkha("simulate", self.config, "--replay", self.path, "--svg", svg), 0)
        texts = [element.text for element in ElementTree.parse(svg).iter("{http://www.w3.org/2000/svg}text")]
        self.assertEqual(texts.count("DOWN"), 2, "in the legend, and in the band of a1")
        self.assertIn("b1", texts)
        self.assertIn("time (seconds)", texts)

    def test_recording_is_for_owner_and_group_and_has_no_secret(self):
        with open(self.config) as file:
            config = json.load(file)
        config["trunkGroups"][0]["trunks"][0].update(outboundAuthMethod="DIGEST",
                                                     outboundAuth={"username": "u", "password": "very-secret"})
        self.config = write_file(self, config)
        self.record()
        self.assertEqual(stat.S_IMODE(os.stat(self.path).st_mode) & 0o027, 0)
        with open(self.path) as file:
            lines = file.read()
        self.assertNotIn("very-secret", lines)
        for line in lines.splitlines():
            self.assertIsInstance(json.loads(line), (dict, list))

    def test_recording_grows_while_the_daemon_runs(self):
        self.daemon(self.config, "--record", self.path)
        wait_until(lambda: os.path.exists(self.path) and os.path.getsize(self.path), "the first lines")

    def test_file_that_is_there_is_not_overwritten(self):
        with open(self.path, "w") as file:
            file.write("an older incident")
        result = trunkha("run", self.config, "--record", self.path)
        self.check_exit(result, 3)
        self.assertIn(f"cannot record to {self.path}: File exists", result.stderr)
        with open(self.path) as file:
            self.assertEqual(file.read(), "an older incident")

    def test_daemon_that_does_not_start_leaves_no_file(self):
        self.check_exit(trunkha("run", write_file(self, "nonsense"), "--record", self.path), 2)
        self.assertFalse(os.path.exists(self.path))

    def test_full_disk_is_told_once_and_probing_goes_on(self):
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (2000, before[1]))
        try:
            daemon = self.start("run", self.config, "--record", self.path)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
        daemon.wait_log("probing goes on")
        probes = len(self.a.requests)
        wait_until(lambda: len(self.a.requests) > probes + 3, "more probes")
        daemon.signal(signal.SIGTERM)
        self.assertEqual(daemon.wait_end(), 0)
        self.assertEqual(daemon.log().count("incident.jsonl ends here: File too large"), 1, daemon.log())
        self.assertEqual(os.path.getsize(self.path), 2000)

    def test_recording_that_is_none_is_a_bad_file(self):
        for text in ("", "nonsense", "{}\n", '{"duration": 5}'):
            path = write_file(self, text)
            result = trunkha("simulate", self.config, "--replay", path)
            self.check_exit(result, 2)
            self.assertIn(path, result.stderr)

    def test_cut_recording_is_played_as_far_as_it_goes(self):
        self.record()
        with open(self.path, "r+") as file:
            file.truncate(os.path.getsize(self.path) - 5)
        self.check_exit(trunkha("simulate", self.config, "--replay", self.path), 0)


if __name__ == "__main__":
    cli.main()

"""trunkha run --record and simulate --replay: what was seen once can be played again."""

import json
import os
import re
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

    kept = None  # an incident takes its time

    def record(self):
        """A carrier dies and returns: once, for all who look at it; the events of it."""
        if not Recording.kept:
            lines = self.record_anew()
            with open(self.config) as config, open(self.path) as recording:
                Recording.kept = lines, config.read(), recording.read()
        lines, config, recording = Recording.kept
        self.config = write_file(self, config)
        with open(self.path, "w") as file:
            file.write(recording)
        return lines

    def record_anew(self):
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
        self.record_anew()
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

    def refuse(self, path, words):
        result = trunkha("simulate", self.config, "--replay", path)
        self.check_exit(result, 2)
        self.assertEqual(result.stdout, "")
        self.assertIn(path, result.stderr)
        self.assertIn(words, result.stderr)

    def test_recording_that_is_none_is_a_bad_file(self):
        for text, words in (("", ":1:1: error: the recording is empty"), ("nonsense", "this is no recording"),
                            ("{}\n", "this is no recording"), ('{"duration": 5}', "this is no recording"),
                            ('{"trunkha": "7.0", "format": 7}\n', "is of format 7, written by release 7.0"),
                            ('{"trunkha": "0.4.0", "format": 1, "started": 5, "seed": "0123456789abcdef"}\n',
                             "ends before a configuration was loaded")):
            self.refuse(write_file(self, text), words)
        self.refuse("/dev/null", "is empty")
        self.refuse(os.path.dirname(self.path), "Is a directory")

    def test_bad_line_is_told_with_its_place_and_what_to_do(self):
        self.record()
        with open(self.path) as file:
            lines = file.readlines()
        lines[6] = "rubbish\n"
        self.refuse(write_file(self, "".join(lines)), ":7:1: error: the line is no JSON object")
        self.refuse(write_file(self, "".join(lines)), "fix: take the line away")
        lines[6] = ""
        self.check_exit(trunkha("simulate", self.config, "--replay", write_file(self, "".join(lines))), 0)

    def test_cut_recording_is_played_as_far_as_it_goes(self):
        self.record()
        with open(self.path, "r+") as file:
            file.truncate(os.path.getsize(self.path) - 5)
        result = trunkha("simulate", self.config, "--replay", self.path)
        self.check_exit(result, 0)
        self.assertRegex(result.stdout, r"(?m)  trunk a1 +AVAILABLE +DOWN ")
        self.assertRegex(result.stderr, r":\d+:1: warning: the recording breaks off in its last line")
        result = json.loads(trunkha("simulate", self.config, "--replay", self.path, "--json").stdout)
        self.assertEqual([finding["code"] for finding in result["findings"]], ["TH049"])

    def test_recording_may_be_longer_than_a_configuration(self):
        self.record()
        with open(self.path, "a") as file:
            for at in range(1000000, 1000340):
                file.write(f'{{"at": {at}, {" " * 200000} "in": "refresh"}}\n')
        self.assertGreater(os.path.getsize(self.path), 64 << 20)
        self.check_exit(trunkha("simulate", self.config, "--replay", self.path), 0)

    def test_probes_are_counted_and_what_is_unknown_is_left_out(self):
        self.record()
        text = trunkha("simulate", self.config, "--replay", self.path).stdout
        self.assertEqual(len(re.findall(r"(?m)^(?:a1|b1) +0 +0 +0 +0$", text)), 2)
        rows = dict(re.findall(r"(?m)^(a1|b1) +(\d+) +\d+ +(?:-|[\d.]+ s)$", text))
        self.assertGreater(int(rows["a1"]), 3)
        self.assertGreater(int(rows["b1"]), 0)
        self.assertEqual(int(re.search(r"(?m)^probes +(\d+)$", text).group(1)), sum(map(int, rows.values())))
        self.assertRegex(text, r"(?m)^CALLS +0$")
        for unknown in ("cut while", "waited more", "FALSE ALARMS", "CUT", "DELAYED"):
            self.assertNotIn(unknown, text)

    def test_other_thresholds_are_not_exact(self):
        self.record()
        text = trunkha("simulate", self.config, "--replay", self.path, "--compare", "keepalive.maxFailedAttempts=5").stdout
        self.assertRegex(text, r"(?m)^replay +exact +rejudged$")

    def test_trunks_that_are_not_configured_are_told(self):
        self.record()
        with open(self.config) as file:
            config = json.load(file)
        config["trunkGroups"][1]["trunks"][0]["id"] = "elsewhere"
        result = trunkha("simulate", write_file(self, config), "--replay", self.path)
        self.check_exit(result, 0)
        self.assertRegex(result.stderr, r':\d+:1: warning: the configuration has no trunk "b1" \[TH050 not-configured\]')
        config["trunkGroups"][0]["trunks"][0]["id"] = "nowhere"
        self.config = write_file(self, config)
        self.refuse(self.path, "the configuration has none of the trunks of this recording [TH051 nothing-to-replay]")

    def test_recording_is_not_for_standard_output(self):
        result = trunkha("run", self.config, "--record", "-")
        self.check_exit(result, 3)
        self.assertIn("name a file", result.stderr)
        self.assertFalse(os.path.exists("-"))

    def test_truth_of_the_replay_is_told(self):
        self.record()
        text = trunkha("simulate", self.config, "--replay", self.path, "--compare", "keepalive.interval=7").stdout
        self.assertRegex(text, r"(?m)^replay +exact +resampled$")
        changes = re.search(r"(?m)^  changes recorded +(\d+) +(\d+)$", text).groups()
        self.assertGreater(int(changes[0]), 3)
        self.assertRegex(text, rf"(?m)^  the same at the same moment +{changes[0]} ")


if __name__ == "__main__":
    cli.main()

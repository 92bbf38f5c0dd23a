"""trunkha simulate: what is printed of an outage, other settings, comparisons."""

import glob
import json
import os
import pty
import re
import resource
import subprocess
import tempfile

import cli
from cli import carriers, trunkha, write_file

EXAMPLES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "examples")

BLACKOUT = {
    "duration": 600,
    "calls": [{"perSecond": 5, "duration": 30}],
    "steps": [{"at": 120, "who": "primary", "do": "silent"}, {"at": 300, "who": "primary", "do": "well"}],
}


def ready_scenarios():
    """Each with the configuration that it is made for."""
    for path in sorted(glob.glob(os.path.join(EXAMPLES, "scenarios", "*.json"))):
        if path.endswith("-trunks.json"):
            continue
        own = path.replace(".json", "-trunks.json")
        yield own if os.path.exists(own) else os.path.join(EXAMPLES, "trunks.json"), path


class Simulated(cli.TestCase):
    def setUp(self):
        self.config = write_file(self, carriers())
        self.scenario = write_file(self, BLACKOUT)

    def simulate(self, *arguments, status=0):
        result = trunkha("simulate", self.config, self.scenario, *arguments)
        self.check_exit(result, status)
        if not status:
            self.assertEqual(result.stderr, "")
        return result

    def runs(self, *arguments):
        return json.loads(self.simulate("--json", *arguments).stdout)["runs"]

    def detection(self, *arguments):
        """Seconds from the fault to DOWN, without calls that would show it, as the timeline tells it."""
        self.scenario = write_file(self, {**BLACKOUT, "calls": []})
        text = self.simulate(*arguments).stdout
        minutes, seconds = re.search(r"(?m)^0:(\d\d):(\d\d\.\d\d\d)  trunk a1 +AVAILABLE +DOWN ", text).groups()
        return int(minutes) * 60 + float(seconds) - 120


class Tables(Simulated):
    def test_timeline_tells_fall_and_return(self):
        text = self.simulate().stdout
        self.assertRegex(text, r"(?m)^TIME +WHAT +FROM +TO +REASON +DETAIL$")
        self.assertRegex(text, r"(?m)^0:0[23]:\d\d\.\d\d\d  trunk a1 +AVAILABLE +DOWN +[A-Z_]+ ")
        self.assertRegex(text, r"(?m)^0:0[23]:\d\d\.\d\d\d  calls of RP +a1 +b1 +[A-Z_]+")
        self.assertRegex(text, r"(?m)^0:0[56]:\d\d\.\d\d\d  trunk a1 +DOWN +AVAILABLE +[A-Z_]+")
        self.assertRegex(text, r"(?m)^0:0[67]:\d\d\.\d\d\d  calls of RP +b1 +a1 +[A-Z_]+")
        self.assertNotIn("telephony.calls", text)

    def test_tables_tell_what_json_does(self):
        text = self.simulate().stdout
        head = re.search(r"(?m)^TRUNK +PROBES .*$", text).group()
        row = re.search(r"(?m)^a1 .*$", text).group()
        self.assertIn(" 180 s ", row)
        self.assertEqual(row[head.index("FALLS")], "1")
        calls = int(re.search(r"(?m)^CALLS +(\d+)$", text).group(1))
        parts = [int(re.search(rf"(?m)^{name} +(\d+)", text).group(1)) for name in
                 ("answered at once", "answered later", "lost", "callee did not answer", "under way at the end")]
        self.assertGreater(calls, 2500)
        self.assertGreater(parts[0], calls / 2)
        self.assertIn(f'"calls":{calls},', self.simulate("--json").stdout)

    def test_callers_are_told_of_trunk_by_trunk(self):
        text, simulation = self.simulate().stdout, self.runs()[0]["simulation"]
        trunk = simulation["trunks"][0]
        self.assertGreater(trunk["delayed"], 0)
        self.assertEqual(trunk["delayMaxMs"], simulation["calls"]["delayMaxMs"])
        self.assertEqual(sum(trunk["lost"] for trunk in simulation["trunks"]), simulation["calls"]["lost"])
        self.assertRegex(text, r"(?m)^TRUNK +ATTEMPTS +ANSWERED +FAILED +LOST +CUT +DELAYED +ON AVERAGE +AT MOST$")
        self.assertRegex(text, rf"(?m)^a1 +{trunk['attempts']} +{trunk['answered']} +{trunk['failed']} +{trunk['lost']} "
                               rf"+{trunk['cut']} +{trunk['delayed']} +[\d.]+ s +[\d.]+ s$")
        self.assertRegex(text, r"(?m)^b1 .* 0 +- +-$")

    def test_tables_stay_readable(self):
        for head in re.findall(r"(?m)^TRUNK .*$", self.simulate().stdout):
            self.assertLessEqual(len(head), 100)

    def test_timeline_and_summary_count_the_same_moves(self):
        config = carriers()
        config["trunkGroups"][0]["failoverTrunkGroupId"] = "carrier-b"
        self.config = write_file(self, config)
        for profile, whose in (("RP", {"RP"}), ("carrier-a", {"RP", "carrier-a"})):
            self.scenario = write_file(self, {**BLACKOUT, "calls": [{"perSecond": 5, "profile": profile}]})
            text = self.simulate().stdout
            told = re.findall(r"(?m)^[\d:.]+  calls of (\S+) ", text)
            self.assertEqual(set(told), whose)
            self.assertEqual(int(re.search(r"(?m)^new calls went elsewhere +(\d+)$", text).group(1)), len(told))

    def test_name_and_about_stand_at_the_head(self):
        self.scenario = write_file(self, {**BLACKOUT, "name": "friday", "about": "The carrier\u2019s usual."})
        self.assertTrue(self.simulate().stdout.startswith("friday: The carrier\u2019s usual.\n\nTIME "))
        simulation = self.runs()[0]["simulation"]
        self.assertEqual((simulation["name"], simulation["about"]), ("friday", "The carrier\u2019s usual."))

    def test_settings_change_the_course(self):
        slow, quick = self.detection(), self.detection("--set", "keepalive.interval=5", "--set=keepalive.suspectInterval=1")
        self.assertLess(quick, slow)

    def test_seed_changes_the_moments_and_the_same_seed_nothing(self):
        self.assertEqual(self.simulate("--seed", "5").stdout, self.simulate("--seed", "5").stdout)
        self.assertNotEqual(self.simulate("--seed", "5").stdout, self.simulate("--seed", "6").stdout)

    def test_seeds_are_those_of_scenarios(self):
        self.assertEqual(self.simulate("--seed", "4294967295").stdout.split("\n\n", 1)[1],
                         trunkha("simulate", self.config, write_file(self, {**BLACKOUT, "seed": 4294967295}))
                         .stdout.split("\n\n", 1)[1])
        for seed in ("0", "4294967296"):
            self.assertIn("from 1 to 4294967295", self.simulate("--seed", seed, status=3).stderr)
            self.scenario = write_file(self, {**BLACKOUT, "seed": int(seed)})
            self.assertIn("from 1 to 4294967295", self.simulate(status=2).stderr)
            self.scenario = write_file(self, BLACKOUT)

    def test_quiet_scenario_has_no_changes_after_the_start(self):
        self.scenario = write_file(self, {"duration": 60})
        text = self.simulate().stdout
        self.assertNotIn("DOWN ", text.split("\n\n")[0])
        self.assertRegex(text, r"(?m)^CALLS +0$")

    def test_events_are_lines_of_json(self):
        lines = self.simulate("--events").stdout.splitlines()
        events = [json.loads(line) for line in lines]
        times = [event["timestamp"] for event in events]
        self.assertEqual(times, sorted(times))
        self.assertLessEqual(times[-1], 600000)
        states = [event for event in events if event["eventType"] == "telephony.trunks.stateChange"]
        downs = [event for event in states if event["state"] == "DOWN"]
        self.assertEqual([event["entityId"] for event in downs], ["a1"])
        self.assertTrue(120000 < downs[0]["timestamp"] < 170000)
        self.assertIn("telephony.calls.attempt", {event["eventType"] for event in events})

    def shown_on_terminal(self, **env):
        reader, terminal = pty.openpty()
        process = subprocess.Popen([cli.TRUNKHA, "simulate", self.config, self.scenario], stdin=subprocess.DEVNULL,
                                   stdout=terminal, env=cli.environment(**env))
        os.close(terminal)
        shown = b""
        try:
            while chunk := os.read(reader, 65536):
                shown += chunk
        except OSError:  # the other side is closed
            pass
        os.close(reader)
        self.assertEqual(process.wait(cli.LIMIT), 0)
        return shown.decode()

    def test_states_are_coloured_on_terminals_only(self):
        self.assertIn("\x1b[1;31mDOWN\x1b[0m", self.shown_on_terminal())
        self.assertNotIn("\x1b", self.shown_on_terminal(NO_COLOR="1"))
        self.assertNotIn("\x1b", self.simulate().stdout)

    def test_every_ready_scenario_plays(self):
        scenarios = list(ready_scenarios())
        self.assertGreaterEqual(len(scenarios), 7)
        for config, scenario in scenarios:
            result = trunkha("simulate", config, scenario)
            self.check_exit(result, 0)
            self.assertRegex(result.stdout, r"(?m)^CALLS +[1-9]", scenario)


class Comparison(Simulated):
    SETTINGS = "keepalive.interval=15,keepalive.failureResponseCodes=[408,\"5xx\"],keepalive.maxFailedAttempts=1"

    def test_both_runs_stand_side_by_side(self):
        text = self.simulate("--compare", self.SETTINGS).stdout
        self.assertIn("as in the file:\nTIME ", text)
        self.assertIn(f"{self.SETTINGS}:\nTIME ", text)
        self.assertRegex(text, rf"(?m)^a1 +as in the file +\d+.*\n +{re.escape(self.SETTINGS)} +\d+")
        counts = re.search(r"(?m)^answered at once +(\d+) \([\d.]+ %\) +(\d+) \([\d.]+ %\)$", text).groups()
        self.assertLess(int(counts[0]), int(counts[1]))

    def test_second_run_has_the_settings_of_the_first_too(self):
        first, second = self.runs("--set", "keepalive.timeout=2", "--compare", self.SETTINGS)
        self.assertEqual(first["settings"], ["keepalive.timeout=2"])
        self.assertEqual(second["settings"], ["keepalive.timeout=2", "keepalive.interval=15",
                                              "keepalive.failureResponseCodes=[408,\"5xx\"]",
                                              "keepalive.maxFailedAttempts=1"])

    def test_several_comparisons_make_one_run(self):
        text = self.simulate("--compare", "keepalive.interval=15,keepalive.timeout=2", "--compare", "keepalive.jitter=0").stdout
        self.assertIn("keepalive.interval=15,keepalive.timeout=2,keepalive.jitter=0:\nTIME ", text)
        first, second = self.runs("--compare", "keepalive.interval=15,keepalive.timeout=2", "--compare", "keepalive.jitter=0")
        self.assertEqual(second["settings"], ["keepalive.interval=15", "keepalive.timeout=2", "keepalive.jitter=0"])

    def rows(self, trunks):
        text = self.simulate("--compare", f"trunkGroups.carrier-a.trunks={json.dumps(trunks)}").stdout
        table = text[text.index("TRUNK  SETTINGS"):].split("\n\n")[0].splitlines()[1:]
        rows, trunk = [], None
        for row in table:
            trunk = row.split(" ")[0] or trunk
            rows.append((trunk, "as in the file" in row))
        return rows

    def test_other_trunks_are_told_apart_by_their_ids(self):
        first = {"id": "a1", "sipAddress": "192.0.2.1"}
        another = {"id": "a2", "sipAddress": "192.0.2.9", "priority": 1}
        self.assertEqual(self.rows([first, another]), [("a1", True), ("a1", False), ("b1", True), ("b1", False),
                                                       ("a2", False)])
        self.assertEqual(self.rows([another]), [("a1", True), ("b1", True), ("b1", False), ("a2", False)])

    def test_runs_are_those_of_the_settings_alone(self):
        first, second = self.runs("--compare", "keepalive.interval=10")
        self.assertEqual(first, self.runs()[0])
        self.assertEqual(second["simulation"], self.runs("--set", "keepalive.interval=10")[0]["simulation"])
        self.assertNotEqual(first["simulation"], second["simulation"])


class Warnings(Simulated):
    def setUp(self):
        super().setUp()
        self.scenario = write_file(self, {**BLACKOUT, "steps": [{"at": 700, "who": "primary", "do": "silent"}]})

    def test_warnings_about_the_scenario_are_told_once(self):
        for arguments in ((), ("--compare", "keepalive.interval=10"), ("--events",)):
            result = trunkha("simulate", self.config, self.scenario, *arguments)
            self.check_exit(result, 0)
            self.assertEqual(result.stderr.count(f"{self.scenario}:11:13: warning: "), 1, result.stderr)
            self.assertIn("the scenario ends before this step", result.stderr)

    def test_json_has_them_in_place_of_lines(self):
        result = trunkha("simulate", self.config, self.scenario, "--json")
        self.assertEqual(result.stderr, "")
        found, = json.loads(result.stdout)["findings"]
        self.assertEqual((found["code"], found["severity"], found["pointer"]), ("TH018", "warning", "/steps/0/at"))

    def test_json_without_any_has_an_empty_list(self):
        result = trunkha("simulate", self.config, write_file(self, BLACKOUT), "--json")
        self.assertEqual(json.loads(result.stdout)["findings"], [])

    def test_every_error_is_told(self):
        self.scenario = write_file(self, {"steps": [{"at": -1, "do": "well", "who": "a1"}, {"do": "rest"}]})
        result = self.simulate("--json", status=2)
        self.assertEqual(result.stderr.count(": error: "), 2, result.stderr)
        self.assertEqual(result.stdout, "")


class Mistakes(Simulated):
    def test_bad_files_are_told_with_their_place(self):
        good = self.config, self.scenario
        for config, scenario in (('{"trunkGroups": 7}', None), (None, '{"duration": "soon"}'), (None, "nonsense")):
            self.config = write_file(self, config) if config else good[0]
            self.scenario = write_file(self, scenario) if scenario else good[1]
            result = self.simulate(status=2)
            self.assertRegex(result.stderr, rf"(?m)^{self.config if config else self.scenario}:1:\d+: error: ")
            self.assertEqual(result.stdout, "")

    def test_files_that_cannot_be_read_are_told(self):
        for paths in (("/nowhere/a.json", self.scenario), (self.config, "/nowhere/a.json")):
            result = trunkha("simulate", *paths)
            self.check_exit(result, 2)
            self.assertIn("cannot read /nowhere/a.json: No such file", result.stderr)

    def test_settings_that_cannot_be_made_are_told(self):
        for option in ("--set", "--compare"):
            result = self.simulate(option, "keepalive.intervall=10", status=2)
            lint = trunkha("lint", self.config, "--set", "keepalive.intervall=10").stdout
            self.assertEqual(result.stderr, lint[:lint.rindex(self.config)])
            self.assertRegex(result.stderr, r"(?s)intervall.* \[TH\d+ [a-z-]+\].*\n    why: .*\n    fix: ")

    def test_options_that_exclude_each_other_are_refused(self):
        for arguments, words in ((("--events", "--json"), "leave --json and --compare out"),
                                 (("--events", "--compare", "a=1"), "leave --json and --compare out"),
                                 (("--replay", "x"), "in place of SCENARIO"),
                                 (("--compare", ",".join(["a=1"] * 129)), "too many")):
            self.assertIn(words, self.simulate(*arguments, status=3).stderr)
        self.assertIn("SCENARIO is missing", trunkha("simulate", self.config).stderr)
        self.assertIn("a recording has its own", trunkha("simulate", self.config, "--replay", "x", "--seed", "5").stderr)

    def test_picture_is_not_for_standard_output(self):
        self.assertIn("name a file", self.simulate("--svg", "-", status=3).stderr)
        self.assertFalse(os.path.exists("-"))

    def test_picture_that_fails_leaves_the_old_one(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "picture.svg")
            with open(path, "w") as file:
                file.write("the old one")
            before = resource.getrlimit(resource.RLIMIT_FSIZE)
            resource.setrlimit(resource.RLIMIT_FSIZE, (2000, before[1]))
            try:
                result = trunkha("simulate", self.config, self.scenario, "--svg", path)
            finally:
                resource.setrlimit(resource.RLIMIT_FSIZE, before)
            self.check_exit(result, 3)
            self.assertIn(f"cannot write {path}: File too large", result.stderr)
            self.assertEqual(os.listdir(folder), ["picture.svg"])
            with open(path) as file:
                self.assertEqual(file.read(), "the old one")

    def test_picture_takes_the_place_of_the_old_one(self):
        with tempfile.TemporaryDirectory() as folder:
            path, link = os.path.join(folder, "picture.svg"), os.path.join(folder, "link.svg")
            with open(path, "w") as file:
                os.fchmod(file.fileno(), 0o640)
            os.symlink(path, link)
            self.simulate("--svg", link)
            self.assertTrue(os.path.islink(link))
            self.assertEqual(os.stat(path).st_mode & 0o777, 0o640)
            self.assertEqual(sorted(os.listdir(folder)), ["link.svg", "picture.svg"])
            with open(path) as file:
                self.assertIn("<svg", file.read())

    def test_output_that_cannot_be_written_is_no_success(self):
        for arguments in ((), ("--json",), ("--events",)):
            with open("/dev/full", "w") as full:
                result = subprocess.run([cli.TRUNKHA, "simulate", self.config, self.scenario, *arguments], stdout=full,
                                        stderr=subprocess.PIPE, text=True, timeout=cli.LIMIT)
            self.check_exit(result, 3)
            self.assertIn("cannot write to standard output", result.stderr)


if __name__ == "__main__":
    cli.main()

"""trunkha simulate --svg: the picture of an outage, of a comparison, of a recording."""

import json
import os
import re
import tempfile
import xml.etree.ElementTree as ElementTree

import cli
from cli import carriers, trunkha, write_file
from test_simulate import BLACKOUT, Simulated, ready_scenarios

SVG = "{http://www.w3.org/2000/svg}"
ATTEMPTS = "Attempts begun per second, by trunk"
DELAYS = "Post-dial delay added by failed attempts, at most (seconds)"


class Drawn(Simulated):
    def draw(self, *arguments):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "picture.svg")
            self.simulate("--svg", path, *arguments)
            return ElementTree.parse(path).getroot()

    def texts(self, root):
        return [element.text for element in root.iter(f"{SVG}text")]

    def lines_of_steps(self, root):
        """The words of each, with its moment, and where it stands."""
        return [(group.find(f"{SVG}title").text, float(re.match(r"M([\d.]+),", path.get("d")).group(1)))
                for group in root.iter(f"{SVG}g") for path in group.findall(f"{SVG}path[@class='step']")]

    def play(self, **scenario):
        self.scenario = write_file(self, scenario)
        return self.draw()

    def ready(self, name):
        self.config, self.scenario = next(pair for pair in ready_scenarios() if pair[1].endswith(f"/{name}.json"))
        return self.draw()


class Picture(Drawn):
    def test_it_stands_alone(self):
        root = self.draw()
        self.assertEqual(root.tag, f"{SVG}svg")
        for element in root.iter():
            self.assertTrue(element.tag.startswith(SVG), element.tag)
            self.assertNotIn(element.tag[len(SVG):], ("script", "image", "foreignObject"))
            for name, value in element.attrib.items():
                self.assertFalse(name.endswith("href") or name.startswith("on"), name)
                self.assertNotRegex(value, r"https?:|url\((?!#)")

    def test_it_has_no_number_that_is_none(self):
        for element in self.draw().iter():
            for value in element.attrib.values():
                self.assertNotRegex(value, r"(?i)\b(nan|inf)")

    def test_states_are_words(self):
        texts = self.texts(self.draw())
        for word in ("AVAILABLE", "DEGRADED", "DOWN", "UNKNOWN"):
            self.assertIn(word, texts)
        self.assertEqual(texts.count("DOWN"), 2, "in the legend, and in the band of a1")

    def test_axes_charts_and_trunks_are_named(self):
        texts = self.texts(self.draw())
        for words in ("a1", "b1", "0:00", "10:00", "time (minutes:seconds)", ATTEMPTS, DELAYS):
            self.assertIn(words, texts)

    def test_comparison_draws_both(self):
        texts = self.texts(self.draw("--compare", "keepalive.interval=5"))
        self.assertIn("as in the file", texts)
        self.assertIn("keepalive.interval=5", texts)
        self.assertEqual(texts.count(ATTEMPTS), 2)

    def test_each_run_has_the_bands_of_its_own_trunks(self):
        texts = self.texts(self.draw("--compare", 'trunkGroups.carrier-a.trunks=[{"id": "a2", "sipAddress": "192.0.2.9"}]'))
        self.assertEqual([text for text in texts if text in ("a1", "a2", "b1")], ["a1", "b1", "b1", "a2"])

    def test_names_are_escaped(self):
        config = carriers()
        wild = '<&"\'>\u00fc\uffff'
        config["trunkGroups"][0]["trunks"][0]["id"] = wild
        self.config = write_file(self, config)
        self.assertIn(wild.replace("\uffff", "?"), self.texts(self.draw()))

    def test_every_ready_scenario_is_drawn(self):
        for self.config, self.scenario in ready_scenarios():
            self.assertIn(ATTEMPTS, self.texts(self.draw()))

    def test_many_trunks_are_drawn_as_far_as_there_is_room(self):
        trunks = [{"id": f"t{i}", "sipAddress": f"192.0.2.{i}"} for i in range(1, 101)]
        self.config = write_file(self, {"trunkGroups": [{"id": "g", "strategy": "roundRobin", "trunks": trunks}]})
        texts = self.texts(self.draw())
        self.assertIn("and 76 more trunks", texts)
        self.assertIn("other trunks", texts)

    def test_picture_that_cannot_be_written_is_no_success(self):
        for path, words in (("/nowhere/a.svg", "No such file"), ("/dev/full", "No space left")):
            result = self.simulate("--svg", path, status=3)
            self.assertIn(f"cannot write {path}: {words}", result.stderr)


class Charts(Drawn):
    def test_scenario_without_calls_has_no_empty_chart(self):
        texts = self.texts(self.play(**{**BLACKOUT, "calls": []}))
        for words in (ATTEMPTS, DELAYS):
            self.assertNotIn(words, texts)
        self.assertFalse([text for text in texts if "calls" in text])
        self.assertIn("DOWN", texts)
        self.assertIn("10:00", texts)

    def test_delays_that_nobody_had_are_left_out(self):
        texts = self.texts(self.ready("maintenance"))
        self.assertIn(ATTEMPTS, texts)
        self.assertNotIn(DELAYS, texts)
        summary, = [text for text in texts if re.match(r"\d+ calls: ", text)]
        self.assertRegex(summary, r"^\d+ calls: \d+ answered at once, 0 lost, 0 cut$")

    def test_delays_say_whose_they_are(self):
        texts = self.texts(self.draw())
        self.assertIn("of answered calls; bars stand where the call began", texts)
        self.assertTrue(any(re.search(r" answered at once, [1-9]\d* after .* more \(at most ", text) for text in texts))


class Steps(Drawn):
    def test_steps_of_ready_scenarios_are_marked(self):
        for name, words in (("maintenance", {"carrier-a: drain", "carrier-a: refused", "carrier-a: well", "carrier-a: enable"}),
                            ("dns-move", {"sip.carrier-a.example: dns 192.0.2.99", "192.0.2.1: refused", "dnsSilent"}),
                            ("brownout", {"carrier-a: loss 5 %, rtt 0.2 s", "carrier-a: loss 50 %, rtt 1.5 s"}),
                            ("503-storm", {"carrier-a: code 503, retryAfter 30 s, of calls", "carrier-a: code 503, retryAfter 30 s"}),
                            ("flapping-link", {"carrier-a: flapping as silent, down 40 s, up 80 s"}),
                            ("local-fault", {"homeCut", "homeMended"})):
            root = self.ready(name)
            self.assertLessEqual(words, set(self.texts(root)), name)
            with open(self.scenario) as file:
                self.assertEqual(len(self.lines_of_steps(root)), len(json.load(file)["steps"]), name)

    def test_times_in_words_stand_where_those_in_seconds_do(self):
        for text, seconds in (("1h30m", 5400), ("90s", 90), ("2500ms", 2.5), ("1h1m1s500ms", 3661.5), ("1.5h", 5400)):
            (_, there), = self.lines_of_steps(self.play(duration="2h", steps=[{"at": text, "do": "dnsFails"}]))
            (_, here), = self.lines_of_steps(self.play(duration=7200, steps=[{"at": seconds, "do": "dnsFails"}]))
            self.assertEqual(there, here, text)

    def test_line_stands_where_its_moment_is_on_the_axis(self):
        root = self.play(duration="1h", steps=[{"at": "20m", "who": ["a1", "b1"], "do": "drain", "for": 60}])
        tick, = [element for element in root.iter(f"{SVG}text") if element.text == "20:00"]
        self.assertEqual(self.lines_of_steps(root), [("20:00 a1, b1: drain for 60 s", float(tick.get("x")))])

    def test_name_without_addresses_says_so(self):
        config = carriers()
        config["trunkGroups"][0]["trunks"][0]["sipAddress"] = "sip:carrier.example"
        self.config = write_file(self, config)
        root = self.play(duration=60, steps=[{"at": 30, "do": "dns", "name": "carrier.example", "addresses": []}])
        self.assertIn("carrier.example: dns none", self.texts(root))

    def test_words_find_room_of_their_own_or_none(self):
        steps = [{"at": 60, "who": "a1", "do": "code", "code": 500 + i} for i in range(40)]
        root = self.play(duration=600, steps=steps)
        words = [element for element in root.iter(f"{SVG}text") if (element.text or "").startswith("a1: code 5")]
        self.assertTrue(1 < len(words) < 10, len(words))
        self.assertEqual(len({word.get("y") for word in words}), len(words))
        self.assertEqual(len(self.lines_of_steps(root)), 1)

    def test_words_stay_in_the_picture(self):
        root = self.play(duration=600, steps=[{"at": 599, "who": "a1", "do": "silent"}])
        words, = [element for element in root.iter(f"{SVG}text") if element.text == "a1: silent"]
        self.assertEqual(words.get("text-anchor"), "end")

    def test_scenario_says_what_it_is_about(self):
        self.assertIn("One & <two>", self.texts(self.play(duration=60, about="One & <two>")))


class Widths(Drawn):
    PREFIX = 'carrier <"\u00dcberland & S\u00f6hne"> \u6771\u4eac '

    def test_long_ids_keep_their_ends(self):
        ids = [f"{self.PREFIX}{i}" for i in range(1, 9)]
        trunks = [{"id": name, "sipAddress": f"192.0.2.{i}"} for i, name in enumerate(ids, 1)]
        self.config = write_file(self, {"trunkGroups": [{"id": "g", "trunks": trunks}]})
        root = self.play(duration=60)
        names = [text for text in self.texts(root) if "\u2026" in (text or "")]
        titles = [title.text for title in root.iter(f"{SVG}title")]
        self.assertEqual([name[-1] for name in names], list("12345678"))
        for name, shown in zip(ids, names):
            self.assertTrue(name.startswith(shown.split("\u2026")[0]) and name.endswith(shown.split("\u2026")[1]), shown)
            self.assertIn(name, titles)

    def test_long_settings_are_cut_and_kept_as_title(self):
        settings = ",".join(f"keepalive.{key}=7" for key in ("interval", "suspectInterval", "downInterval", "timeout",
                                                             "maxFailedAttempts", "recoveryAttempts"))
        root = self.draw("--compare", settings)
        self.assertNotIn(settings, self.texts(root))
        self.assertIn(settings, [title.text for title in root.iter(f"{SVG}title")])
        shown, = [text for text in self.texts(root) if (text or "").startswith("keepalive.")]
        self.assertTrue(shown.endswith("recoveryAttempts=7"))


class Patterns(Drawn):
    def test_states_and_layers_are_told_apart_without_their_colours(self):
        lines = {pattern.get("id"): pattern.find(f"{SVG}path").get("d") for pattern in self.draw().iter(f"{SVG}pattern")}
        layers = [lines[f"layer{i}"] for i in range(1, 6)]
        self.assertTrue(all(layers))
        self.assertEqual(len(set(layers)), len(layers))
        for name in ("degraded", "unknown", "failed"):
            self.assertNotIn(lines[name], layers)


class Recording(Drawn):
    def test_it_tells_when_it_was_made(self):
        lines = ({"trunkha": "0.4.0", "format": 1, "started": 1700000000000, "seed": "0123456789abcdef"},
                 {"at": 0, "in": "load", "trunks": 1},
                 {"at": 0, "in": "trunk", "joined": True, "trunk": "a1", "schedule": "0123456789abcdef"},
                 {"at": 0, "in": "start"}, {"at": 90000, "in": "stop"})
        recording = write_file(self, "".join(json.dumps(line) + "\n" for line in lines))
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "picture.svg")
            self.check_exit(trunkha("simulate", self.config, "--replay", recording, "--svg", path), 0)
            root = ElementTree.parse(path).getroot()
        self.assertIn("Recorded from 2023-11-14 22:13:20 UTC.", self.texts(root))
        self.assertEqual(self.lines_of_steps(root), [])


if __name__ == "__main__":
    cli.main()

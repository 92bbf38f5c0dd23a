"""trunkha lint: exit codes, the form of a finding, the JSON shape, other settings, what faults would cost."""

import json
import os
import re
import subprocess
import unittest

import cli
from cli import carriers, trunkha, write_file
from reach import MOCK_DNS, Names

EXAMPLES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "examples")
EXAMPLE = os.path.join(EXAMPLES, "trunks.json")
KEEPALIVE = os.path.join(EXAMPLES, "scenarios", "KEEPALIVE.md")

UNKNOWN_KEY = """{
  "trunkGroups": [{"id": "a", "trunks": [{"id": "a1", "sipAddress": "192.0.2.1"}]}],
  "keepalive": {"intervall": 30}
}
"""


class Lint(cli.TestCase):
    def test_good_file_is_clean(self):
        result = trunkha("lint", write_file(self, carriers()))
        self.check_exit(result, 0)
        self.assertIn("nothing to complain about", result.stdout)
        self.assertEqual(result.stderr, "")

    def test_sample_configuration_is_clean(self):
        self.check_exit(trunkha("lint", EXAMPLE), 0)

    def test_error_tells_its_place_as_compilers_do(self):
        path = write_file(self, UNKNOWN_KEY)
        result = trunkha("lint", path)
        self.check_exit(result, 2)
        self.assertRegex(result.stdout,
                         rf"(?m)^{path}:3:\d+: error: .*intervall.* \[TH\d\d\d [a-z-]+\] at /keepalive/intervall$")
        self.assertIn('"interval"', result.stdout)
        self.assertIn(f"{path}: 1 error, 0 warnings", result.stdout)

    def test_warning_is_exit_code_1(self):
        config = carriers()
        config["trunkGroups"][0]["trunks"][0]["mediaEncryption"] = "TLS_SRP"
        result = trunkha("lint", write_file(self, config))
        self.check_exit(result, 1)
        self.assertRegex(result.stdout,
                         r"(?m): warning: .* \[TH\d\d\d [a-z-]+\] at /trunkGroups/0/trunks/0/mediaEncryption$")

    def test_json_has_the_shape_of_the_contract(self):
        result = trunkha("lint", "--json", write_file(self, UNKNOWN_KEY))
        self.check_exit(result, 2)
        report = json.loads(result.stdout)
        self.assertEqual((report["errors"], report["warnings"], report["routingProfiles"]), (1, 0, []))
        finding, = report["findings"]
        self.assertEqual(set(finding), {"code", "slug", "severity", "pointer", "line", "column", "message", "why", "fix"})
        self.assertEqual((finding["severity"], finding["pointer"], finding["line"]), ("error", "/keepalive/intervall", 3))

    def test_json_of_a_clean_file_has_no_findings(self):
        result = trunkha("lint", write_file(self, carriers()), "--json")
        self.check_exit(result, 0)
        report = json.loads(result.stdout)
        self.assertEqual((report["errors"], report["warnings"], report["findings"]), (0, 0, []))

    def test_standard_input_is_a_dash(self):
        result = trunkha("lint", "-", stdin=UNKNOWN_KEY)
        self.check_exit(result, 2)
        self.assertIn("<stdin>:3:", result.stdout)

    def test_text_that_is_no_json_is_an_error(self):
        for text in ("", "{", "\xff", "[]", "trunks"):
            self.check_exit(trunkha("lint", "-", stdin=text), 2)

    def test_file_that_cannot_be_read_is_an_error(self):
        for path, words in (("/nowhere/trunks.json", "No such file"), ("/", "Is a directory")):
            result = trunkha("lint", path)
            self.check_exit(result, 2)
            self.assertIn(f"cannot read {path}: {words}", result.stderr)
            self.assertEqual(result.stdout, "")

    def test_control_characters_do_not_reach_the_terminal(self):
        result = trunkha("lint", "-", stdin='{"\\u001b[31mred": 1}')
        self.check_exit(result, 2)
        self.assertNotIn("\x1b", result.stdout)

    def test_silenced_finding_is_silent(self):
        config = carriers(keepalive={"interval": 5})
        result = trunkha("lint", "--json", write_file(self, config))
        self.check_exit(result, 1)
        self.assertEqual([f["slug"] for f in json.loads(result.stdout)["findings"]], ["interval-short"])
        config["keepalive"]["x-lint-ignore"] = ["interval-short"]
        self.check_exit(trunkha("lint", write_file(self, config)), 0)

    def test_output_that_cannot_be_written_is_no_success(self):
        path = write_file(self, carriers())
        for arguments in ((path,), (path, "--json"), (path, "--format", "sarif"), ("--list",)):
            with open("/dev/full", "w") as full:
                result = subprocess.run([cli.TRUNKHA, "lint", *arguments], stdout=full, stderr=subprocess.PIPE, text=True,
                                        timeout=cli.LIMIT)
            self.check_exit(result, 3)
            self.assertRegex(result.stderr, r"\Atrunkha: cannot write to standard output: [^\n]*\n\Z", arguments)


class Settings(cli.TestCase):
    def test_setting_counts_in_place_of_the_file(self):
        path = write_file(self, carriers())
        self.check_exit(trunkha("lint", path), 0)
        result = trunkha("lint", path, "--set", "keepalive.interval=5")
        self.check_exit(result, 1)
        self.assertIn("interval-short", result.stdout)

    def test_settings_are_repeated(self):
        path = write_file(self, carriers(keepalive={"interval": 5, "maxFailedAttempts": 1}))
        result = trunkha("lint", path, "--set=keepalive.interval=30", "--set=keepalive.maxFailedAttempts=3")
        self.check_exit(result, 0)

    def test_finding_about_a_setting_blames_the_setting_and_no_line(self):
        path = write_file(self, json.dumps(carriers(keepalive={"interval": 30}), indent=1))
        for value, status in (("abc", 2), ("5", 1)):
            setting = ("--set", f"keepalive.interval={value}")
            for form in ([], ["--format", "gcc"]):
                result = trunkha("lint", path, *setting, *form)
                self.check_exit(result, status)
                kind = "error" if status == 2 else "warning"
                self.assertTrue(result.stdout.startswith(f'{path}: {kind}: the setting "keepalive.interval": '), result.stdout)
            finding, = json.loads(trunkha("lint", "--json", path, *setting).stdout)["findings"]
            self.assertEqual((finding["line"], finding["column"], finding["pointer"]), (0, 0, "/keepalive/interval"))
            run, = json.loads(trunkha("lint", "--format", "sarif", path, *setting).stdout)["runs"]
            location, = run["results"][0]["locations"]
            self.assertNotIn("region", location["physicalLocation"])
            self.assertEqual(location["logicalLocations"][0]["fullyQualifiedName"], "/keepalive/interval")

    def test_what_a_setting_has_is_not_shown(self):
        setting = "trunkGroups.carrier-a.trunks.0.outboundAuth.password=hunter2 ${"
        result = trunkha("lint", write_file(self, carriers()), "--set", setting)
        self.check_exit(result, 2)
        self.assertIn("outboundAuth.password", result.stdout)
        self.assertNotIn("hunter2", result.stdout + result.stderr)

    def test_setting_that_cannot_be_made_is_an_error(self):
        path = write_file(self, carriers())
        for setting in ("keepalive.intervall=10", "keepalive.interval", "=3", "trunkGroups.9.name=x", ""):
            for form in ([], ["--json"], ["--format", "gcc"], ["--format", "github"], ["--format", "sarif"]):
                self.check_exit(trunkha("lint", path, "--set", setting, *form), 2)


@unittest.skipUnless(MOCK_DNS, "mock-dns was not built")
class Resolve(cli.TestCase):
    def lint(self, *arguments, ttl=60):
        names = Names(f"add a.first.test {ttl} A 192.0.2.1", "add b.second.test 60 A 192.0.2.1")
        self.addCleanup(names.close)
        config = carriers(dns={"servers": [names.address], "timeout": 1})
        for group, name in zip(config["trunkGroups"], ("a.first.test:5060", "b.second.test:5060")):
            group["trunks"][0]["sipAddress"] = f"sip:{name}"
        result = trunkha("lint", "--json", write_file(self, config), *arguments)
        return result.returncode, [finding["slug"] for finding in json.loads(result.stdout)["findings"]]

    def test_names_are_looked_up_only_when_asked_for(self):
        self.assertEqual(self.lint(ttl=3600), (0, []))
        status, slugs = self.lint("--resolve", ttl=3600)
        self.assertEqual(status, 1)
        self.assertEqual(set(slugs), {"long-ttl", "same-address"})


    def test_dead_name_servers_are_told_once_and_no_fault_of_the_names(self):
        names = Names()
        names.close()
        config = carriers()
        for group, name in zip(config["trunkGroups"], ("a.first.test:5060", "b.second.test:5060")):
            group["trunks"][0]["sipAddress"] = f"sip:{name}"
        result = trunkha("lint", "--json", write_file(self, config), "--resolve", "--set",
                         f'dns={{"servers": ["{names.address}"], "timeout": 1}}')
        self.check_exit(result, 1)
        finding, = json.loads(result.stdout)["findings"]
        self.assertEqual(finding["slug"], "not-looked-up")
        self.assertIn("2 of 2 names", finding["message"])
        self.assertIn(names.address, finding["message"])


class Forecast(cli.TestCase):
    def profiles(self, config, *arguments):
        result = trunkha("lint", "--json", write_file(self, config), *arguments)
        return json.loads(result.stdout)["routingProfiles"]

    def test_defaults_find_silence_in_42_seconds(self):
        profile, = self.profiles(carriers())
        self.assertEqual((profile["id"], profile["isGroup"], profile["trunks"]), ("RP", False, 2))
        self.assertEqual((profile["worstDetection"], profile["worstPostDialDelay"]), (42, 3))
        self.assertEqual(profile["worstDetection"], profile["faults"]["silence"]["worstDetection"])
        self.assertEqual(set(profile["faults"]), {"silence", "refused", "503", "dns"})
        self.assertLess(profile["faults"]["silence"]["meanDetection"], 42)
        self.assertLess(profile["faults"]["refused"]["worstDetection"], 42)
        self.assertGreaterEqual(profile["failback"], 60)

    def test_every_address_is_told_what_it_is_asked(self):
        result = trunkha("lint", "--json", write_file(self, carriers()))
        self.assertEqual(json.loads(result.stdout)["addresses"],
                         [{"address": address, "trunks": 1, "probesPerMinute": 2, "probeBurst": 2}
                          for address in ("192.0.2.1", "198.51.100.7")])

    def test_people_are_told_of_twenty_addresses(self):
        config = {"trunkGroups": [{"id": f"g{n}", "sipAddress": f"192.0.2.{n}"} for n in range(1, 24)]}
        result = trunkha("lint", write_file(self, config))
        self.assertIn("192.0.2.20 ", result.stdout)
        self.assertNotIn("192.0.2.21 ", result.stdout)
        self.assertIn("\nand 3 more: see --json\n", result.stdout)

    def test_settings_are_forecast(self):
        profile, = self.profiles(carriers(), "--set", "keepalive.interval=10")
        self.assertEqual(profile["worstDetection"], 20)

    def test_table_of_choices_says_what_lint_says(self):
        with open(KEEPALIVE, encoding="utf-8") as file:
            rows = re.findall(r"^\|[^|]+\| (\d+) \| (\d+) \| ([\d.]+) s \|", file.read(), re.MULTILINE)
        self.assertGreaterEqual(len(rows), 4)
        for interval, attempts, worst in rows:
            profile, = self.profiles(carriers(), "--set", f"keepalive.interval={interval}", "--set",
                                     f"keepalive.maxFailedAttempts={attempts}")
            self.assertEqual(profile["worstDetection"], float(worst), (interval, attempts))

    def test_never_is_null(self):
        config = carriers(keepalive={"enabled": False})
        config["routingProfiles"][0]["failback"] = {"mode": "manual"}
        profile, = self.profiles(config)
        self.assertIsNone(profile["worstDetection"])
        self.assertIsNone(profile["failback"])
        text = trunkha("lint", write_file(self, config)).stdout
        self.assertRegex(text, r"(?m)^RP +silence +never +never ")
        self.assertRegex(text, r"(?m)^RP +2 +by hand$")

    def test_table_is_aligned(self):
        lines = trunkha("lint", write_file(self, carriers())).stdout.splitlines()
        head = next(i for i, line in enumerate(lines) if line.startswith("ROUTING PROFILE"))
        column = lines[head].index("FOUND AT WORST")
        self.assertEqual([line[:column].split() for line in lines[head + 1:head + 6]],
                         [["RP", "silence"], ["refused"], ["503"], ["dns"], ["only", "100"]])
        self.assertEqual(lines[head + 1][column:].split()[:2], ["42", "s"])
        for line in lines[head:head + 6]:
            self.assertEqual(line[column - 2:column], "  ")

    def test_groups_are_shown_without_profiles_or_when_asked_for(self):
        self.assertEqual([p["id"] for p in self.profiles(carriers(), "--all")], ["RP", "carrier-a", "carrier-b"])
        config = carriers()
        del config["routingProfiles"]
        self.assertEqual([(p["id"], p["isGroup"]) for p in self.profiles(config)],
                         [("carrier-a", True), ("carrier-b", True)])

    def test_bad_configuration_has_no_forecast(self):
        self.assertNotIn("ROUTING PROFILE", trunkha("lint", "-", stdin=UNKNOWN_KEY).stdout)
        self.assertEqual(json.loads(trunkha("lint", "--json", "-", stdin=UNKNOWN_KEY).stdout)["routingProfiles"], [])


if __name__ == "__main__":
    cli.main()

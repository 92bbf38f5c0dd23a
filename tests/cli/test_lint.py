"""trunkha lint: exit codes, the form of a finding, the JSON shape."""

import json
import os

import cli
from cli import configuration, trunkha, write_file

EXAMPLE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "examples", "trunks.json")

UNKNOWN_KEY = """{
  "trunkGroups": [{"id": "a", "trunks": [{"id": "a1", "sipAddress": "192.0.2.1"}]}],
  "keepalive": {"intervall": 30}
}
"""


class Lint(cli.TestCase):
    def test_good_file_is_clean(self):
        result = trunkha("lint", write_file(self, configuration("192.0.2.1", "192.0.2.2")))
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
        config = configuration("192.0.2.1", "192.0.2.2")
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
        result = trunkha("lint", write_file(self, configuration("192.0.2.1", "192.0.2.2")), "--json")
        self.check_exit(result, 0)
        self.assertEqual(json.loads(result.stdout), {"errors": 0, "warnings": 0, "findings": [], "routingProfiles": []})

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


if __name__ == "__main__":
    cli.main()

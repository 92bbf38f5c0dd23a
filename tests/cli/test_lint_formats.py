"""trunkha lint: the catalogue, and findings for editors, workflows and code hosts."""

import json
import os
import subprocess
import tempfile
import urllib.parse

import cli
from cli import carriers, trunkha, write_file

WRONG_ON_LINE_3 = """{
  "trunkGroups": [{"id": "a", "trunks": [{"id": "a1", "sipAddress": "192.0.2.1"}]}],
  "keepalive": {"x-note": "\u00fc\u00e4\u00f6", "intervall": 30}
}
"""


# What the schema of SARIF 2.1.0 (OASIS) asks of the properties that we use: their types; "?" = need not be there. All objects
# but property bags are closed.
TEXT = {"text": str}
RULE = {"id": str, "name": str, "shortDescription": TEXT, "fullDescription": TEXT, "help": TEXT,
        "defaultConfiguration": {"level": str}}
LOCATION = {"physicalLocation": {"artifactLocation": {"uri": str}, "region?": {"startLine": int, "startColumn": int}},
            "logicalLocations": [{"fullyQualifiedName": str, "kind": str}]}
RESULT = {"ruleId": str, "ruleIndex": int, "level": str, "message": TEXT, "locations": [LOCATION],
          "properties": {"why": str, "fix": str}}
SARIF = {"$schema": str, "version": str, "runs": [{
    "tool": {"driver": {"name": str, "version": str, "rules": [RULE]}}, "columnKind": str, "results": [RESULT]}]}
URI_REFERENCE = r"^(file://)?(/|[^:/]+(/|$))[-A-Za-z0-9._~/%]*$"  # RFC 3986: no scheme but ours


def rules():
    return json.loads(trunkha("lint", "--list", "--json").stdout)


class Catalogue(cli.TestCase):
    def test_every_code_and_slug_is_explained(self):
        for rule in rules():
            for name in (rule["code"], rule["slug"], rule["code"].lower()):
                result = trunkha("lint", "--explain", name)
                self.check_exit(result, 0)
                self.assertTrue(result.stdout.startswith(f"{rule['code']} {rule['slug']} ({rule['severity']})\n"))
                for part in ("summary", "why", "fix"):
                    self.assertTrue(rule[part], name)
                    self.assertIn(rule[part].splitlines()[0], result.stdout)

    def test_codes_and_slugs_are_each_there_once_and_in_order(self):
        codes = [rule["code"] for rule in rules()]
        self.assertEqual(codes, sorted(set(codes)))
        self.assertEqual(codes[0], "TH001")
        self.assertGreaterEqual(len(codes), 47)
        self.assertEqual(len({rule["slug"] for rule in rules()}), len(codes))

    def test_warnings_have_a_bad_and_a_good_example(self):
        for rule in rules():
            if rule["code"] >= "TH021":
                self.assertTrue(rule["bad"] and rule["good"], rule["code"])
                self.assertNotEqual(rule["bad"], rule["good"])

    def test_explanation_is_json_when_asked_for(self):
        result = trunkha("lint", "--explain", "same-domain", "--json")
        self.check_exit(result, 0)
        self.assertEqual([json.loads(result.stdout)], [rule for rule in rules() if rule["slug"] == "same-domain"])

    def test_unknown_code_proposes_the_nearest(self):
        for name, nearest in (("TH31", "TH031 same-domain"), ("same-domian", "TH031 same-domain"),
                              ("unknwon-key", "TH003 unknown-key"), ("x" * 500, "TH0"), ("", "TH0")):
            result = trunkha("lint", "--explain", name)
            self.check_exit(result, 3)
            self.assertIn(f"did you mean {nearest}", result.stderr)
            self.assertEqual(result.stdout, "")

    def test_list_has_a_line_for_each(self):
        result = trunkha("lint", "--list")
        self.check_exit(result, 0)
        self.assertEqual([line.split()[0] for line in result.stdout.splitlines()[1:]], [r["code"] for r in rules()])

    def test_file_is_needed_for_anything_else(self):
        self.check_exit(trunkha("lint"), 3)
        self.check_exit(trunkha("lint", "--json"), 3)

    def test_catalogue_goes_with_json_only(self):
        for command in (["--list"], ["--explain", "TH031"]):
            self.check_exit(trunkha("lint", *command, "--json"), 0)
            for more in (["FILE"], ["--format", "gcc"], ["--resolve"], ["--set", "keepalive.interval=10"], ["--all"]):
                result = trunkha("lint", *command, *more)
                self.check_exit(result, 3)
                self.assertEqual(result.stdout, "")
                self.assertIn(f"{command[0]} is about no FILE", result.stderr)
        result = trunkha("lint", "--list", "--explain", "TH031")
        self.check_exit(result, 3)
        self.assertIn("write one of them", result.stderr)

    def test_formats_exclude_each_other(self):
        result = trunkha("lint", "x", "--json", "--format", "gcc")
        self.check_exit(result, 3)
        self.assertIn("write one of them", result.stderr)


class Formats(cli.TestCase):
    def finding(self, path, *arguments):
        finding, = json.loads(trunkha("lint", "--json", path, *arguments).stdout)["findings"]
        return finding

    def test_gcc_is_one_line_a_finding(self):
        path = write_file(self, WRONG_ON_LINE_3)
        result = trunkha("lint", "--format", "gcc", path)
        self.check_exit(result, 2)
        finding = self.finding(path)
        self.assertEqual(result.stdout,
                         f"{path}:3:{finding['column']}: error: {finding['message']} [{finding['code']}]\n")

    def test_clean_file_is_silent(self):
        path = write_file(self, carriers())
        for form in ("gcc", "github"):
            result = trunkha("lint", "--format", form, path)
            self.check_exit(result, 0)
            self.assertEqual(result.stdout, "")

    def test_github_escapes_what_would_end_a_command(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "a,b:c%d.json")
            with open(path, "w") as file:
                file.write(WRONG_ON_LINE_3.replace("intervall", "100%\\nwrong"))
            result = trunkha("lint", "--format", "github", path)
            finding = self.finding(path)
        self.check_exit(result, 2)
        line, = result.stdout.splitlines()
        head, properties, text = line.split("::", 2)[0], *line.split("::", 2)[1:]
        self.assertEqual(head, "")
        kind, properties = properties.split(" ", 1)
        self.assertEqual(kind, "error")
        values = dict(part.split("=", 1) for part in properties.split(","))
        self.assertTrue(values["file"].endswith("/a%2Cb%3Ac%25d.json"))
        self.assertEqual((values["line"], values["col"]), ("3", str(finding["column"])))
        self.assertEqual(values["title"], f"{finding['code']} {finding['slug']}")
        self.assertIn("100%25", text)
        unescaped = text.replace("%0A", "\n").replace("%0D", "\r").replace("%25", "%")
        self.assertEqual(unescaped, f"{finding['message']}\nwhy: {finding['why']}\nfix: {finding['fix']}")

    def test_no_format_passes_on_what_a_terminal_would_obey(self):
        for name in ("a\n::error::x.json", "e\x1b[31m.json", "c\u009b31m.json", "u\udcff.json"):
            with tempfile.TemporaryDirectory() as folder:
                path = os.path.join(folder, name)
                with open(path, "w") as file:
                    file.write(WRONG_ON_LINE_3)
                for options in ([], ["--json"], *(["--format", form] for form in ("gcc", "github", "sarif"))):
                    result = trunkha("lint", path, *options)  # fails when it is no UTF-8
                    self.check_exit(result, 2)
                    self.assertNotRegex(result.stdout + result.stderr, "[\x00-\x09\x0b-\x1f\x7f-\x9f]", options)
                    self.assertNotIn("\n::error::x", result.stdout)

    def test_file_cannot_write_workflow_commands(self):
        with tempfile.TemporaryDirectory() as folder:
            for name in ("::error::x", " ::error::x", "\u00a0::error::x", "##[error]x", "##vso[task.complete]x", "\t::x"):
                with open(os.path.join(folder, name), "w") as file:
                    file.write(WRONG_ON_LINE_3)
                for options in ([], ["--format", "gcc"]):
                    result = subprocess.run([cli.TRUNKHA, "lint", name, *options], cwd=folder, capture_output=True,
                                            text=True, timeout=cli.LIMIT)
                    self.check_exit(result, 2)
                    for line in result.stdout.splitlines():
                        self.assertFalse(line.strip().startswith(("::", "##")), line)
                    self.assertTrue(result.stdout.startswith("./"), result.stdout)

    def test_file_is_called_as_it_was_written(self):
        with tempfile.TemporaryDirectory() as folder:
            for name in ("trunks.json", "./trunks.json", "-.json", "_.json", "1.json"):
                with open(os.path.join(folder, name), "w") as file:
                    file.write(WRONG_ON_LINE_3)
                result = subprocess.run([cli.TRUNKHA, "lint", "--format", "gcc", "--", name], cwd=folder,
                                        capture_output=True, text=True, timeout=cli.LIMIT)
                self.assertTrue(result.stdout.startswith(f"{name}:3:"), result.stdout)

    def test_finding_without_a_place_has_none(self):
        path = write_file(self, carriers())
        wrong = ("--set", "nothing")
        self.assertTrue(trunkha("lint", "--format", "gcc", path, *wrong).stdout.startswith(f"{path}: error: "))
        self.assertTrue(trunkha("lint", "--format", "github", path, *wrong).stdout.startswith(f"::error file={path},title="))
        log = json.loads(trunkha("lint", "--format", "sarif", path, *wrong).stdout)
        self.assertNotIn("region", log["runs"][0]["results"][0]["locations"][0]["physicalLocation"])


class Sarif(cli.TestCase):
    def run_of(self, path, status, *arguments):
        result = trunkha("lint", "--format", "sarif", path, *arguments)
        self.check_exit(result, status)
        log = json.loads(result.stdout)
        self.assertEqual(log["version"], "2.1.0")
        self.assertIn("sarif-2.1.0", log["$schema"])
        run, = log["runs"]
        return run

    def test_rules_are_the_catalogue(self):
        driver = self.run_of(write_file(self, carriers()), 0)["tool"]["driver"]
        self.assertEqual(driver["name"], "trunkha")
        self.assertEqual([rule["id"] for rule in driver["rules"]], [rule["code"] for rule in rules()])
        for rule in driver["rules"]:
            for text in ("shortDescription", "fullDescription", "help"):
                self.assertTrue(rule[text]["text"], rule["id"])
            self.assertIn(rule["defaultConfiguration"]["level"], ("error", "warning"))

    def test_clean_file_has_results_that_are_empty(self):
        self.assertEqual(self.run_of(write_file(self, carriers()), 0)["results"], [])

    def test_result_is_what_was_found_where(self):
        path = write_file(self, WRONG_ON_LINE_3)
        run = self.run_of(path, 2)
        result, = run["results"]
        self.assertEqual((result["ruleId"], result["level"]), ("TH003", "error"))
        self.assertEqual(run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"], "TH003")
        self.assertIn("intervall", result["message"]["text"])
        location, = result["locations"]
        self.assertEqual(location["logicalLocations"][0]["fullyQualifiedName"], "/keepalive/intervall")
        self.assertEqual(location["physicalLocation"]["artifactLocation"]["uri"], f"file://{path}")

    def test_columns_are_characters(self):
        run = self.run_of(write_file(self, WRONG_ON_LINE_3), 2)
        self.assertEqual(run["columnKind"], "unicodeCodePoints")
        region = run["results"][0]["locations"][0]["physicalLocation"]["region"]
        column = json.loads(trunkha("lint", "--json", "-", stdin=WRONG_ON_LINE_3).stdout)["findings"][0]["column"]
        self.assertEqual(region, {"startLine": 3, "startColumn": column - 3})

    def check_shape(self, value, shape, at="log"):
        if isinstance(shape, list):
            self.assertIs(type(value), list, at)
            for index, item in enumerate(value):
                self.check_shape(item, shape[0], f"{at}[{index}]")
        elif isinstance(shape, dict):
            self.assertIs(type(value), dict, at)
            self.assertLessEqual({key for key in shape if key[-1] != "?"}, set(value), at)
            shapes = {key.rstrip("?"): inner for key, inner in shape.items()}
            for key in value:
                self.check_shape(value[key], shapes[key], f"{at}.{key}")
        else:
            self.assertIs(type(value), shape, at)

    def check_log(self, text):
        """Returns the levels of its results."""
        log = json.loads(text)
        self.check_shape(log, SARIF)
        run, = log["runs"]
        self.assertEqual(run["columnKind"], "unicodeCodePoints")
        for result in run["results"]:
            rule = run["tool"]["driver"]["rules"][result["ruleIndex"]]
            self.assertEqual((rule["id"], rule["defaultConfiguration"]["level"]), (result["ruleId"], result["level"]))
            self.assertTrue(result["message"]["text"])
            physical = result["locations"][0]["physicalLocation"]
            self.assertRegex(physical["artifactLocation"]["uri"], URI_REFERENCE)
            self.assertGreaterEqual(min(physical.get("region", {"startLine": 1}).values()), 1)
        return [result["level"] for result in run["results"]]

    def test_log_is_what_the_schema_asks_for(self):
        config = carriers(keepalive={"interval": 5, "intervall": 30}, eventStreams=[])
        config["trunkGroups"][0]["trunks"][0]["mediaEncryption"] = "TLS_SRP"
        for content, levels in ((config, {"warning", "error"}), (carriers(keepalive={"interval": 5}), {"warning"}),
                                (carriers(), set())):
            result = trunkha("lint", "--format", "sarif", write_file(self, content))
            self.assertEqual(set(self.check_log(result.stdout)), levels)

    def test_log_of_what_is_no_json_is_what_the_schema_asks_for(self):
        for text in ("", "{", "\ufeff{}", "[]", "\0", '{"a": 1e999}', '{"trunkGroups":\r\n\t[,', "[" * 5000,
                     '{"a": "\udcff"}'):
            with tempfile.NamedTemporaryFile("w", suffix=".json", errors="surrogateescape", newline="") as file:
                file.write(text)
                file.flush()
                for arguments in ((file.name,), (file.name, "--set", "nothing")):
                    result = trunkha("lint", "--format", "sarif", *arguments)
                    self.check_exit(result, 2)
                    self.assertEqual(self.check_log(result.stdout), ["error"], text)

    def test_file_that_cannot_be_read_has_no_log_that_would_look_clean(self):
        result = trunkha("lint", "--format", "sarif", "/nowhere/trunks.json")
        self.check_exit(result, 2)
        self.assertEqual(result.stdout, "")
        self.assertIn("cannot read /nowhere/trunks.json", result.stderr)

    def test_relative_uri_stays_relative(self):
        self.assertEqual(self.check_log(trunkha("lint", "--format", "sarif", "-", stdin="{").stdout), ["error"])
        with tempfile.TemporaryDirectory() as folder:
            with open(os.path.join(folder, "a:b.json"), "w") as file:
                file.write("{")
            result = subprocess.run([cli.TRUNKHA, "lint", "--format", "sarif", "a:b.json"], cwd=folder, capture_output=True,
                                    text=True, timeout=cli.LIMIT)
        self.assertEqual(self.check_log(result.stdout), ["error"])
        self.assertIn('"a%3Ab.json"', result.stdout)

    def test_uri_is_escaped(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "my trunks 100%#\u00fc.json")
            with open(path, "w") as file:
                file.write(WRONG_ON_LINE_3)
            result, = self.run_of(path, 2)["results"]
        uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        self.assertRegex(uri, r"^file:///[-A-Za-z0-9._~/%]+$")
        self.assertEqual(urllib.parse.unquote(uri[len("file://"):]), path)


if __name__ == "__main__":
    cli.main()

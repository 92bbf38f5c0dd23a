"""trunkha lint: every finding of the corpus stands where it says, and is silent when it is silenced there."""

import copy
import json
import os
import re

import cli
from cli import environment, trunkha, write_file

CORPUS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "config")
SECRETS = environment(CARRIER_PASSWORD="1", CARRIER_A_PASSWORD="2", CARRIER_B_PASSWORD="3", HOOK_SECRET="4", OPS_TOKEN="5",
                      TRUNKHA_TEST_ADDRESS="192.0.2.77", TRUNKHA_TEST_SECRET="6")
OF_KEYS = ("TH002", "TH003")
STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
WORD = re.compile(r"[^\s,\]}]+")
SPACE = re.compile(r"[ \t\r\n]*")


class Places:
    """Where in a text the value of each JSON pointer begins, and its key."""

    def __init__(self, text):
        self.text, self.at, self.values, self.keys = text, 0, {}, {}
        self.read_value("")

    def skip(self, symbol=""):
        self.at = SPACE.match(self.text, self.at).end()
        if symbol and self.text[self.at] == symbol:
            self.at = SPACE.match(self.text, self.at + 1).end()

    def read(self, pattern):
        found = pattern.match(self.text, self.at)
        self.at = found.end()
        return found.group()

    def read_value(self, pointer):
        self.skip()
        self.values[pointer] = self.at
        symbol = self.text[self.at]
        if symbol == "{":
            self.skip("{")
            self.read_members(pointer)
        elif symbol == "[":
            self.skip("[")
            self.read_elements(pointer)
        else:
            self.read(STRING if symbol == '"' else WORD)

    def read_members(self, pointer):
        while self.text[self.at] != "}":
            begin, name = self.at, json.loads(self.read(STRING))
            inner = f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}"
            self.keys[inner] = begin
            self.skip(":")
            self.read_value(inner)
            self.skip(",")
        self.at += 1

    def read_elements(self, pointer):
        index = 0
        while self.text[self.at] != "]":
            self.read_value(f"{pointer}/{index}")
            self.skip(",")
            index += 1
        self.at += 1

    def line_and_column(self, code, pointer):
        places = self.keys if code in OF_KEYS else self.values
        before = self.text[:places[pointer]]
        return before.count("\n") + 1, len(before[before.rfind("\n") + 1:].encode()) + 1


def settings_of(folder):
    path = os.path.join(folder, "settings")
    if not os.path.exists(path):
        return []
    with open(path) as file:
        return [word for line in file.read().splitlines() for word in ("--set", line)]


def lint(path, settings):
    return json.loads(trunkha("lint", "--json", path, *settings, env=SECRETS).stdout)["findings"]


def corpus(*kinds):
    for kind in kinds:
        for name in sorted(os.listdir(os.path.join(CORPUS, kind))):
            folder = os.path.join(CORPUS, kind, name)
            path = os.path.join(folder, "input.json")
            try:
                with open(path, encoding="utf-8") as file:
                    text = file.read()
                yield path, text, json.loads(text), settings_of(folder)
            except (ValueError, RecursionError):  # no JSON: nothing has a place in it
                continue


def objects_around(document, pointer):
    """The pointed-to value, and all around it, as far as they are objects."""
    steps = [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]
    for depth in range(len(steps) + 1):
        changed = copy.deepcopy(document)
        value = changed
        for step in steps[:depth]:
            if isinstance(value, list) and int(step) < len(value):
                value = value[int(step)]
            else:
                value = value.get(step) if isinstance(value, dict) else None
        if isinstance(value, dict):
            yield changed, value


class Findings(cli.TestCase):
    def test_pointer_line_and_column_are_of_one_value(self):
        count = 0
        for path, text, _, settings in corpus("valid", "invalid", "lint/good", "lint/bad"):
            places = Places(text)
            for finding in lint(path, settings):
                count += 1
                if finding["line"] == 0:
                    self.assertIn("setting", finding["message"], path)
                    continue
                self.assertIn(finding["pointer"], places.values, f"{path}: {finding}")
                self.assertEqual((finding["line"], finding["column"]),
                                 places.line_and_column(finding["code"], finding["pointer"]), f"{path}: {finding}")
        self.assertGreater(count, 500)

    def test_findings_come_in_the_order_of_the_file(self):
        for path, _, _, settings in corpus("invalid", "lint/bad"):
            places = [(finding["line"], finding["column"]) for finding in lint(path, settings)]
            self.assertEqual(places, sorted(places), path)

    def test_warning_is_silenced_at_its_place_and_around_it(self):
        count = 0
        for path, _, document, settings in corpus("lint/bad"):
            findings = lint(path, settings)
            unknown = [one["code"] for one in findings].count("TH047")
            for finding in findings:
                if finding["severity"] == "error" or finding["code"] == "TH047":
                    continue
                for changed, value in objects_around(document, finding["pointer"]):
                    value["x-lint-ignore"] = [finding["code" if count % 2 else "slug"]]
                    count += 1
                    left = lint(write_file(self, changed), settings)
                    self.assertNotIn((finding["code"], finding["pointer"]),
                                     [(one["code"], one["pointer"]) for one in left], f"{path}: {value}")
                    self.assertLessEqual([one["code"] for one in left].count("TH047"), unknown, path)
        self.assertGreater(count, 100)


if __name__ == "__main__":
    cli.main()

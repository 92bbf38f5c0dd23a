"""The command line itself: help, version, wrong words, what comes later."""

import os
import subprocess

import cli
from cli import trunkha

COMMANDS = ("lint", "simulate", "probe", "run", "status", "route", "watch", "allowlist", "demo")
LATER = ("check", "enable", "disable", "drain", "reload")
TAKES_ARGUMENT = ("lint", "simulate", "probe", "run", "route", "allowlist")


class Usage(cli.TestCase):
    def test_help_names_every_command(self):
        result = trunkha("--help")
        self.check_exit(result, 0)
        for command in COMMANDS + LATER:
            self.assertRegex(result.stdout, rf"(?m)^  {command} ")
        self.assertEqual(result.stderr, "")

    def test_version_is_that_of_the_library(self):
        result = trunkha("--version")
        self.check_exit(result, 0)
        self.assertRegex(result.stdout, r"^trunkha \d+\.\d+\.\d+\n$")

    def test_each_command_explains_itself(self):
        for command in COMMANDS:
            result = trunkha(command, "--help")
            self.check_exit(result, 0)
            self.assertTrue(result.stdout.startswith(f"Usage: trunkha {command}"), result.stdout)
            self.assertIn("Exit codes:\n  0 ", result.stdout)

    def test_no_command_is_a_mistake(self):
        result = trunkha()
        self.check_exit(result, 3)
        self.assertEqual(result.stdout, "")
        self.assertIn("Usage: trunkha COMMAND", result.stderr)

    def test_unknown_command_tells_the_known_ones(self):
        result = trunkha("prob")
        self.check_exit(result, 3)
        self.assertIn('no command "prob"', result.stderr)
        self.assertIn("  probe ", result.stderr)

    def test_later_commands_say_so(self):
        for command in LATER:
            result = trunkha(command, "anything")
            self.check_exit(result, 3)
            self.assertIn("not supported yet", result.stderr)

    def test_unknown_option_tells_what_to_write(self):
        for command in COMMANDS:
            result = trunkha(command, "x", "--colour") if command in TAKES_ARGUMENT else \
                trunkha(command, "--colour")
            self.check_exit(result, 3)
            self.assertIn('unknown option "--colour"; there are: ', result.stderr)
            self.assertEqual(result.stdout, "")

    def test_http_comes_later(self):
        for arguments in (("run", "x", "--http", "127.0.0.1:8080"), ("status", "--http", "http://127.0.0.1")):
            result = trunkha(*arguments)
            self.check_exit(result, 3)
            self.assertIn("--http is not supported yet", result.stderr)

    def test_arguments_are_counted(self):
        self.assertIn("FILE is missing", trunkha("lint").stderr)
        self.assertIn('"b" is too much', trunkha("lint", "a", "b").stderr)
        self.assertIn('"c" is too much', trunkha("simulate", "a", "b", "c").stderr)
        self.assertIn('"x" is too much', trunkha("status", "x").stderr)
        self.check_exit(trunkha("route"), 3)

    def test_values_are_checked(self):
        for arguments, words in (
                (("probe", "x", "-c"), "-c needs a value"),
                (("probe", "x", "-c", "many"), "a whole number from 0 to 1000000"),
                (("probe", "x", "-c", "-1"), "a whole number"),
                (("probe", "x", "-c1000001"), "a whole number"),
                (("probe", "x", "-i", "0"), "seconds from 0.01 to 3600"),
                (("probe", "x", "--timeout=1e9"), "seconds from 0.001 to 60"),
                (("probe", "x", "--timeout", ""), "seconds from"),
                (("probe", "x", "--json=yes"), "--json takes no value"),
                (("probe", "x", "--transport", "sctp"), "write one of udp|tcp|tls"),
                (("probe", "x", "--tls-min", "1.1"), "write one of 1.2|1.3"),
                (("allowlist", "x", "--format", "pf"), "write one of nft|iptables|json"),
                (("allowlist", "x", "--rtp", "20000-10000"), "write such as 10000-20000"),
                (("allowlist", "x", "--rtp", "1-65536"), "write such as 10000-20000"),
                (("lint", "x", "--format", "xml"), "write one of gcc|github|sarif"),
                (("lint", "x", "--set"), "write --set KEY=VALUE"),
                (("lint", "x", *["--set=a=1"] * 65), "too many of them"),
                (("simulate", "x", "y", "--seed", "0"), "a whole number from 1"),
                (("run", "x", "--events", "xml"), "write one of jsonl"),
                (("status", "-o", "wid"), "write one of table|wide|json")):
            result = trunkha(*arguments)
            self.check_exit(result, 3)
            self.assertIn(words, result.stderr)

    def test_output_that_cannot_be_written_is_no_success(self):
        with open("/dev/full", "w") as full:
            result = subprocess.run([cli.TRUNKHA, "--help"], stdout=full, stderr=subprocess.PIPE, text=True,
                                    timeout=cli.LIMIT)
        self.check_exit(result, 3)
        self.assertIn("cannot write to standard output", result.stderr)

    def test_closed_output_is_no_success(self):
        result = subprocess.run([cli.TRUNKHA, "--version"], stderr=subprocess.PIPE, text=True, timeout=cli.LIMIT,
                                preexec_fn=lambda: os.close(1))
        self.check_exit(result, 3)


if __name__ == "__main__":
    cli.main()

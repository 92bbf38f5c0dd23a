"""trunkha run: events, reload, an orderly end, and what hinders a start."""

import json
import os
import signal
import subprocess

import cli
from cli import configuration, trunkha, unique_view_name, wait_until, write_file


def overwrite(path, content):
    with open(path, "w") as file:
        file.write(content if isinstance(content, str) else json.dumps(content))


class Run(cli.TestCase):
    def start_two(self, *arguments, view=None):
        self.a, self.b = self.carrier(), self.carrier()
        self.config = configuration(self.a.address, self.b.address)
        self.path = write_file(self, self.config)
        return self.daemon(self.path, *arguments, view=view)

    def test_first_line_is_ready_and_sequences_have_no_gap(self):
        daemon = self.start_two()
        first = json.loads(daemon.wait_line(lambda line: True, "a line"))
        self.assertEqual(first["eventType"], "telephony.instance.ready")
        self.assertEqual(first["instanceId"], "cli-test")
        sequences = [first["sequence"]]
        for _ in range(4):
            sequences.append(json.loads(daemon.wait_line(lambda line: True, "a line"))["sequence"])
        self.assertEqual(sequences, list(range(sequences[0], sequences[0] + 5)))

    def test_dead_carrier_goes_down_and_comes_back(self):
        daemon = self.start_two()
        daemon.wait_state("a1", "AVAILABLE")
        self.a.status = None
        down = daemon.wait_state("a1", "DOWN")
        self.assertEqual((down["previousState"], down["reasonCode"]), ("AVAILABLE", "KEEPALIVE_FAILURE"))
        self.assertEqual(down["metadata"]["failedAttempts"], 3)
        self.a.status = "200 OK"
        self.assertEqual(daemon.wait_state("a1", "AVAILABLE")["reasonCode"], "KEEPALIVE_RECOVERED")

    def test_terminate_and_interrupt_end_in_order(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            daemon = self.start_two()
            daemon.wait_event("telephony.instance.ready")
            daemon.signal(number)
            self.assertEqual(daemon.wait_end(), 0)

    def test_hangup_loads_the_file_again_and_keeps_health(self):
        daemon = self.start_two()
        daemon.wait_state("a1", "AVAILABLE")
        daemon.wait_state("b1", "AVAILABLE")
        c = self.carrier()
        self.config["trunkGroups"][1]["trunks"].append({"id": "c1", "sipAddress": c.address})
        overwrite(self.path, self.config)
        daemon.signal(signal.SIGHUP)
        seen = []

        def is_c1_up(line):
            event = json.loads(line)
            if event["eventType"] == "telephony.trunks.stateChange":
                seen.append(event["entityId"])
            return seen[-1:] == ["c1"]
        daemon.wait_line(is_c1_up, "the new trunk")
        self.assertEqual(seen, ["c1"])
        daemon.wait_log("is loaded")

    def test_bad_reload_is_told_and_changes_nothing(self):
        daemon = self.start_two()
        daemon.wait_state("a1", "AVAILABLE")
        overwrite(self.path, '{"trunkGroups": 7}')
        daemon.signal(signal.SIGHUP)
        daemon.wait_log("the running configuration stays")
        self.assertRegex(daemon.log(), rf"(?m)^{self.path}:1:\d+: error: .* \[TH\d\d\d [a-z-]+\] at /trunkGroups$")
        self.a.status = None
        daemon.wait_state("a1", "DOWN")
        daemon.signal(signal.SIGTERM)
        self.assertEqual(daemon.wait_end(), 0)

    def test_vanished_file_is_told_and_changes_nothing(self):
        daemon = self.start_two()
        daemon.wait_state("a1", "AVAILABLE")
        os.rename(self.path, self.path + ".away")
        daemon.signal(signal.SIGHUP)
        daemon.wait_log("No such file")
        os.rename(self.path + ".away", self.path)
        self.a.status = None
        daemon.wait_state("a1", "DOWN")

    def test_bad_configuration_does_not_start(self):
        path = write_file(self, '{"trunkGroups": [], "nonsense": 1}')
        result = trunkha("run", path, "--events", "jsonl")
        self.check_exit(result, 2)
        self.assertEqual(result.stdout, "")
        self.assertIn("nonsense", result.stderr)
        result = trunkha("run", "/nowhere/trunks.json")
        self.check_exit(result, 2)
        self.assertIn("cannot read /nowhere/trunks.json: No such file", result.stderr)

    def test_address_of_somebody_else_cannot_start(self):
        config = configuration("192.0.2.1", "192.0.2.2", sip={"listen": ["udp:192.0.2.55:0"]})
        self.check_exit(trunkha("run", write_file(self, config)), 3)

    def test_view_name_in_use_cannot_start(self):
        name = unique_view_name()
        daemon = self.start_two(view=name)
        daemon.wait_event("telephony.instance.ready")
        result = trunkha("run", self.path, "--view", name)
        self.check_exit(result, 3)
        self.assertIn(f'another daemon publishes the view "{name}"', result.stderr)

    def test_view_name_that_is_none_cannot_start(self):
        result = trunkha("run", write_file(self, configuration("192.0.2.1", "192.0.2.2")), "--view", "a/b")
        self.check_exit(result, 3)
        self.assertIn('--view "a/b": write', result.stderr)

    def test_without_events_nothing_is_printed(self):
        self.a, self.b = self.carrier(), self.carrier()
        process = self.start("run", write_file(self, configuration(self.a.address, self.b.address)))
        wait_until(lambda: len(self.a.requests) > 1 and len(self.b.requests) > 1, "probes")
        process.signal(signal.SIGTERM)
        self.assertEqual(process.wait_end(), 0)
        self.assertTrue(process.lines.empty())

    def go_on_without_output(self, words, **output):
        a, b = self.carrier(), self.carrier()
        path = write_file(self, configuration(a.address, b.address))
        process = subprocess.Popen([cli.TRUNKHA, "run", path, "--events", "jsonl"], stdin=subprocess.DEVNULL,
                                   stderr=subprocess.PIPE, text=True, env=cli.environment(), **output)
        try:
            wait_until(lambda: len(a.requests) > 2 and len(b.requests) > 2, "probes")
            process.send_signal(signal.SIGTERM)
            log = process.communicate(timeout=cli.LIMIT)[1]
        finally:
            if process.poll() is None:
                process.kill()
                process.communicate()
        self.assertEqual(process.returncode, 0, log)
        self.assertEqual(log.count("events are not printed"), 1, log)
        self.assertIn(words, log)

    def test_reader_that_goes_away_does_not_stop_probing(self):
        reader, writer = os.pipe()
        os.close(reader)
        try:
            self.go_on_without_output("Broken pipe", stdout=writer)
        finally:
            os.close(writer)

    def test_full_disk_does_not_stop_probing(self):
        with open("/dev/full", "w") as full:
            self.go_on_without_output("No space left", stdout=full)

    def test_closed_output_does_not_stop_probing(self):
        self.go_on_without_output("Bad file descriptor", preexec_fn=lambda: os.close(1))

    def test_reader_that_does_not_read_does_not_stop_the_end(self):
        a = self.carrier()
        groups = [{"id": f"g{i}", "sipAddress": a.address} for i in range(400)]
        path = write_file(self, {"trunkGroups": groups, "sip": {"listen": ["udp:127.0.0.1:0"]},
                                 "keepalive": {"maxProbesPerMinute": 60000}})
        process = subprocess.Popen([cli.TRUNKHA, "run", path, "--events", "jsonl", "--quiet"], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=cli.environment())
        try:
            wait_until(lambda: len(a.requests) >= 400, "all probes")
            process.send_signal(signal.SIGTERM)
            self.assertEqual(process.wait(cli.LIMIT), 0)
            printed = process.stdout.read().splitlines()
            self.assertEqual(json.loads(printed[0])["eventType"], "telephony.instance.ready")
            self.assertLess(len(printed), 400, "the pipe was to be full")
        finally:
            process.kill()
            process.wait()
            process.stdout.close()


if __name__ == "__main__":
    cli.main()

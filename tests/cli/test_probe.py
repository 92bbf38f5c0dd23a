"""trunkha probe against peers that answer, reject, stay silent or are not there."""

import json
import re
import signal
import time

import cli
from cli import trunkha, wait_until

KEYS = {"uri", "target", "result", "reasonCode", "code", "phrase", "rttMs", "detail", "allow", "supported", "codecs", "tls",
        "nat", "resolution", "warnings"}


class Probe(cli.TestCase):
    def probe_json(self, *arguments):
        result = trunkha("probe", "--json", *arguments)
        return result, [json.loads(line) for line in result.stdout.splitlines()]

    def test_answer_is_alive(self):
        carrier = self.carrier(headers=["Allow: INVITE, ACK,BYE , OPTIONS"])
        result, (line,) = self.probe_json(carrier.address)
        self.check_exit(result, 0)
        self.assertEqual(set(line), KEYS)
        self.assertEqual((line["result"], line["code"], line["phrase"]), ("alive", 200, "OK"))
        self.assertEqual(line["target"], f"udp:{carrier.address}")
        self.assertEqual(line["allow"], ["INVITE", "ACK", "BYE", "OPTIONS"])
        self.assertEqual((line["codecs"], line["tls"], line["nat"].get("detected", False)), ([], {}, False))
        self.assertEqual(line["resolution"], [{"target": line["target"], "priority": 0, "weight": 0, "ttl": 0}])
        self.assertGreater(line["rttMs"], 0)
        self.assertLess(line["rttMs"], 3000)

    def test_uri_forms_mean_the_same(self):
        carrier = self.carrier()
        for uri in (carrier.address, f"sip:{carrier.address}", f"sip:{carrier.address};transport=udp"):
            result, (line,) = self.probe_json(uri)
            self.check_exit(result, 0)
            self.assertEqual(line["target"], f"udp:{carrier.address}")

    def test_codes_that_prove_a_live_peer(self):
        carrier = self.carrier()
        for status, exit_code in (("404 Not Found", 0), ("405 Method Not Allowed", 0), ("501 Not Implemented", 0),
                                  ("401 Unauthorized", 0), ("403 Forbidden", 1), ("408 Request Timeout", 1),
                                  ("503 Service Unavailable", 1)):
            carrier.status = status
            result, (line,) = self.probe_json(carrier.address)
            self.check_exit(result, exit_code)
            self.assertEqual(line["result"], ["alive", "rejected"][exit_code])
            self.assertEqual(f"{line['code']} {line['phrase']}", status)

    def test_silence_is_dead(self):
        result, (line,) = self.probe_json(self.silent(), "--timeout", "0.3")
        self.check_exit(result, 2)
        self.assertEqual((line["result"], line["code"], line["rttMs"]), ("dead", 0, None))
        self.assertTrue(line["detail"])

    def test_closed_port_is_dead_before_the_timeout(self):
        began = time.monotonic()
        result, (line,) = self.probe_json(cli.refusing_address(), "--timeout", "60")
        self.check_exit(result, 2)
        self.assertEqual(line["result"], "dead")
        self.assertLess(time.monotonic() - began, 30)

    def test_best_of_several_probes_counts(self):
        carrier = self.carrier(status="503 Service Unavailable")
        process = self.start("probe", carrier.address, "-c", "3", "-i", "0.2", "--json")
        process.wait_line(lambda line: json.loads(line)["result"] == "rejected", "a first answer")
        carrier.status = "200 OK"
        process.wait_line(lambda line: json.loads(line)["result"] == "alive", "a better answer")
        self.assertEqual(process.wait_end(), 0)

    def test_lines_and_summary_are_for_people(self):
        carrier = self.carrier(headers=["Allow: INVITE"])
        result = trunkha("probe", carrier.address, "-c3", "-i", "0.01")
        self.check_exit(result, 0)
        lines = result.stdout.splitlines()
        for line in lines[:3]:
            self.assertRegex(line, rf"^udp:{carrier.address}: alive, 200 OK, \d+\.\d\d ms$")
        self.assertEqual(lines[3], f"--- {carrier.address} ---")
        self.assertEqual(lines[4], "3 sent, 3 answered, 0 % loss")
        low, mean, high = map(float, re.fullmatch(r"rtt min/avg/max = ([\d.]+)/([\d.]+)/([\d.]+) ms", lines[5]).groups())
        self.assertTrue(low <= mean <= high)
        self.assertEqual(lines[6:], ["allow: INVITE"])

    def test_loss_is_counted(self):
        result = trunkha("probe", self.silent(), "-c", "2", "-i", "0.01", "--timeout", "0.1")
        self.check_exit(result, 2)
        self.assertIn("2 sent, 0 answered, 100 % loss", result.stdout)
        self.assertNotIn("rtt", result.stdout)

    def test_interrupt_prints_the_summary_at_once(self):
        carrier = self.carrier()
        process = self.start("probe", carrier.address, "-c", "0", "-i", "3600")
        process.wait_line(lambda line: "200 OK" in line, "an answer")
        process.signal(signal.SIGINT)
        process.wait_line(lambda line: line == "1 sent, 1 answered, 0 % loss", "the summary")
        self.assertEqual(process.wait_end(), 0)

    def test_interrupt_does_not_wait_for_a_silent_peer(self):
        carrier = self.carrier(status=None)
        process = self.start("probe", carrier.address, "--timeout", "60")
        wait_until(lambda: carrier.requests, "a request")
        began = time.monotonic()
        process.signal(signal.SIGINT)
        process.wait_line(lambda line: line.startswith("0 sent, 0 answered"), "the summary")
        self.assertEqual(process.wait_end(), 2)
        self.assertLess(time.monotonic() - began, 30)

    def test_from_and_user_agent_are_sent(self):
        carrier = self.carrier()
        result = trunkha("probe", carrier.address, "--from", "sip:noc@example.org", "--user-agent", "noc/7")
        self.check_exit(result, 0)
        self.assertRegex(carrier.requests[0], r"(?m)^From:.*sip:noc@example\.org.*\r$")
        self.assertRegex(carrier.requests[0], r"(?m)^User-Agent: noc/7\r$")

    def test_header_injection_is_refused(self):
        carrier = self.carrier()
        for option in ("--from", "--user-agent"):
            result = trunkha("probe", carrier.address, option, "sip:a@b\r\nEvil: 1")
            self.check_exit(result, 3)
        self.assertEqual(carrier.requests, [])

    def test_wrong_uri_is_usage(self):
        for uri in ("", "sip:", "192.0.2.1:99999", "mailto:x@y", "sip:a b"):
            result = trunkha("probe", uri)
            self.check_exit(result, 3)
            self.assertEqual(result.stdout, "")
            self.assertRegex(result.stderr, r"is no SIP address|: write ")

    def test_foreign_words_do_not_reach_the_terminal(self):
        carrier = self.carrier(status="200 O\x1b[31mK \udcff")
        result = trunkha("probe", carrier.address)
        self.assertNotIn("\x1b", result.stdout)
        self.assertRegex(result.stdout, r"alive, 200 O.?\[31mK")
        result, (line,) = self.probe_json(carrier.address)
        self.assertEqual(line["code"], 200)


if __name__ == "__main__":
    cli.main()

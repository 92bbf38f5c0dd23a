"""sipp asks trunkha-redirect where to send its calls, while other sipps play the carriers."""

import json
import os
import pathlib
import random
import re
import signal
import socket
import subprocess
import tempfile
import threading
import unittest

from peers import (HERE, PATIENCE, SIPP, TRUNK_STATE, Daemon, Process, config, free_port, program, sipp_caller, sipp_carrier,
                   skip, wait_until)

REDIRECT = program("REDIRECT", "trunkha-redirect")
MOCK_DNS = os.environ.get("MOCK_DNS")
STRANGER = "127.0.0.2"
RETRANSMISSION = 0.5  # seconds until a request is sent again


def address(port):
    return f"127.0.0.1:{port}"


class Redirect(Daemon):
    """trunkha-redirect on a port of its own, its events collected."""

    def __init__(self, configuration, *options):
        self.directory = tempfile.TemporaryDirectory(prefix="peers-redirect-")
        self.events = []
        self.port = free_port()
        self.path = pathlib.Path(self.directory.name) / "trunks.json"
        self.log = pathlib.Path(self.directory.name) / "log"
        self.write(configuration)
        with open(self.log, "w", encoding="utf-8") as log:
            Process.__init__(self, REDIRECT, self.path, "--listen", address(self.port), "--events", "jsonl", *options,
                             stdout=subprocess.PIPE, stderr=log, text=True)
        self.reader = threading.Thread(target=self.read_events, daemon=True)
        self.reader.start()
        try:
            self.wait_for(eventType="telephony.instance.ready")
        except AssertionError:
            self.end()
            raise

    def write(self, configuration):
        self.path.write_text(json.dumps(configuration), encoding="utf-8")

    def end(self):
        code = Process.end(self)
        self.reader.join(PATIENCE)
        self.process.stdout.close()
        self.directory.cleanup()
        return code

    def wait_for_state(self, trunk, state):
        return self.wait_for(eventType=TRUNK_STATE, entityId=trunk, state=state)

    def call(self, uri="sip:+4930@sbc.example", code=302, source="127.0.0.1", transport="u1"):
        """One call by sipp; returns the only response it got."""
        with tempfile.TemporaryDirectory(prefix="peers-call-") as directory:
            scenario, messages = pathlib.Path(directory) / "redirected.xml", pathlib.Path(directory) / "messages"
            text = (HERE / "sipp/redirected.xml").read_text(encoding="ascii")
            scenario.write_text(text.replace("@URI@", uri).replace("@CODE@", str(code)), encoding="ascii")
            command = [SIPP, "-sf", scenario, "-i", source, "-p", free_port(), "-t", transport, "-nostdin", "-m", 1,
                       "-timeout", f"{PATIENCE}s", "-timeout_error", "-trace_msg", "-message_file", messages,
                       address(self.port)]
            with Process(*command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as sipp:
                status = sipp.process.wait(2 * PATIENCE)
            trace = messages.read_text(encoding="ascii").replace("\r\n", "\n")
        responses = re.findall(r"message received \[\d+\] bytes :\n\n(SIP/2\.0 .*?)\n\n", trace, re.DOTALL)
        assert status == 0 and len(responses) == 1, f"sipp ended with {status}, having seen\n{trace}"
        return responses[0]


class Phone:
    """Requests by hand, from a socket that hears whatever comes back."""

    def __init__(self, port, source="127.0.0.1"):
        self.peer = ("127.0.0.1", port)
        self.source = source
        self.number = 0

    def __enter__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((self.source, 0))
        self.socket.settimeout(PATIENCE)
        self.name = f"{self.source}:{self.socket.getsockname()[1]}"
        return self

    def __exit__(self, *_):
        self.socket.close()

    def request(self, method, uri="sip:+4930@sbc.example", without=None, **changes):
        """A request of its own; `To="..."` changes a header, `without` names one to leave out."""
        self.number += 1
        fields = {"Via": f"SIP/2.0/UDP {self.name};rport;branch=z9hG4bK{self.number}", "Max-Forwards": 70,
                  "From": f"<sip:phone@{self.name}>;tag=1", "To": "<sip:callee@sbc.example>",
                  "Call-ID": f"{self.number}@{self.name}", "CSeq": f"1 {method}", "Content-Length": 0, **changes}
        lines = [f"{name}: {value}" for name, value in fields.items() if name != without]
        return "\r\n".join([f"{method} {uri} SIP/2.0", *lines, "", ""]).encode()

    def send(self, data):
        self.socket.sendto(data, self.peer)

    def hear(self):
        return self.socket.recv(65536).decode().replace("\r\n", "\n")

    def ask(self, method, *uri, **changes):
        """The answer to a request, which is sent again as long as there is none."""
        request = self.request(method, *uri, **changes)
        return wait_until(lambda: self.send(request) or self.hear_answer(), f"an answer to {request}")

    def hear_answer(self):
        """The answer to the last request, or None; answers to former ones, repeated for want of an ACK, are passed over."""
        self.socket.settimeout(RETRANSMISSION)
        try:
            while headers(response := self.hear(), "Call-ID") not in ([f"{self.number}@{self.name}"], []):
                pass
            return response
        except TimeoutError:
            return None
        finally:
            self.socket.settimeout(PATIENCE)

    def ask_code(self, method, *uri, **changes):
        return int(self.ask(method, *uri, **changes).split()[1])


def headers(response, name):
    return re.findall(rf"^{name}: (.*)$", response, re.MULTILINE)


def contacts(user, *ports, more=""):
    return [f"<sip:{user}127.0.0.1:{port};transport=udp{more}>;q={1 - rank / 10:.1f}" for rank, port in enumerate(ports)]


def answering():
    return sipp_carrier("answer", CODE=200, PHRASE="OK")


def disabled(configuration):
    for group in configuration["trunkGroups"]:
        for trunk in group["trunks"]:
            trunk["adminState"] = "disabled"
    return configuration


def ended(*arguments):
    """Exit code and complaints of a trunkha-redirect that is expected not to start."""
    done = subprocess.run([REDIRECT, *arguments], capture_output=True, text=True, timeout=PATIENCE, check=False)
    return done.returncode, done.stderr


class Calls(unittest.TestCase):
    def test_trunks_are_named_in_descending_q(self):
        with answering() as first, answering() as second, Redirect(config(first.port, second.port)) as redirect:
            redirect.wait_for_state("t0", "AVAILABLE")
            redirect.wait_for_state("t1", "AVAILABLE")
            response = redirect.call()
            self.assertTrue(response.startswith("SIP/2.0 302 Moved Temporarily\n"))
            self.assertEqual(headers(response, "Contact"), contacts("+4930@", first.port, second.port))

    def test_the_order_changes_when_a_carrier_dies(self):
        first = answering()
        with first, answering() as second, Redirect(config(first.port, second.port)) as redirect:
            redirect.wait_for_state("t0", "AVAILABLE")
            redirect.wait_for_state("t1", "AVAILABLE")
            first.end()
            redirect.wait_for_state("t0", "DOWN")
            self.assertEqual(headers(redirect.call(), "Contact")[0], contacts("+4930@", second.port)[0])

    def test_tcp_is_answered_alike(self):
        with answering() as carrier, Redirect(config(carrier.port)) as redirect:
            self.assertEqual(headers(redirect.call(transport="t1"), "Contact"), contacts("+4930@", carrier.port))

    def test_the_profile_that_was_asked_for_is_served(self):
        ports = free_port(), free_port()
        with Redirect(config(*ports), "--profile", "g1") as redirect:
            self.assertEqual(headers(redirect.call(), "Contact"), contacts("+4930@", ports[1]))

    def test_eight_trunks_at_most_are_named_even_when_all_are_down(self):
        ports = [free_port() for _ in range(10)]
        with Redirect(config(*ports)) as redirect:
            for n in range(len(ports)):
                redirect.wait_for_state(f"t{n}", "DOWN")
            self.assertEqual(headers(redirect.call(), "Contact"), contacts("+4930@", *ports[:8]))

    def test_user_part_is_kept_byte_for_byte(self):
        port = free_port()
        with Redirect(config(port)) as redirect, Phone(redirect.port) as phone:
            for user in ("+49;phone-context=x@", "+49301;ext=7;isub=1@", 'a"b@', "user:pass@", "user:@", "%41%3e&=+$,;?/@",
                         "'*(!)@", ""):
                response = phone.ask("INVITE", f"sip:{user}sbc.example:5070;transport=tcp")
                self.assertEqual(headers(response, "Contact"), contacts(user, port), user)
            self.assertEqual(headers(redirect.call("sip:+49;phone-context=x@sbc.example"), "Contact"),
                             contacts("+49;phone-context=x@", port))

    def test_user_parameter_goes_with_the_user(self):
        port = free_port()
        with Redirect(config(port)) as redirect:
            response = redirect.call("sip:+4930@sbc.example;user=phone;transport=tcp")
            self.assertEqual(headers(response, "Contact"), contacts("+4930@", port, more=";user=phone"))

    @unittest.skipUnless(MOCK_DNS, "mock-dns was not built")
    def test_name_stays_beside_the_address_and_the_transport(self):
        configuration = config(free_port(), free_port(), enabled=False)
        for group, uri in zip(configuration["trunkGroups"], ("sips:secure.test", "sip:carrier.test:5070;transport=tcp")):
            group["trunks"][0]["sipAddress"] = uri
        with subprocess.Popen([MOCK_DNS], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as dns:
            configuration["dns"] = {"servers": [address(int(dns.stdout.readline().split()[1]))]}
            for line in ("add _sips._tcp.secure.test 60 SRV 0 0 5071 secure.test", "add secure.test 60 A 127.0.0.1",
                         "add carrier.test 60 AAAA ::1"):
                print(line, file=dns.stdin, flush=True)
                self.assertEqual(dns.stdout.readline(), "ok\n")
            with Redirect(configuration) as redirect, Phone(redirect.port) as phone:
                for trunk in ("t0", "t1"):
                    redirect.wait_for(eventType="telephony.trunks.addressChange", entityId=trunk)
                response = phone.ask("INVITE")
            dns.stdin.close()
        self.assertEqual(sorted(headers(response, "Contact"), key=lambda contact: contact[-3:], reverse=True), [
            "<sip:+4930@secure.test:5071;maddr=127.0.0.1;transport=tls>;q=1.0",
            "<sip:+4930@carrier.test:5070;maddr=[::1];transport=tcp>;q=0.9"])

    def test_no_trunk_to_be_tried_is_480_with_retry_after(self):
        with Redirect(disabled(config(free_port(), free_port()))) as redirect:
            response = redirect.call(code=480)
            self.assertEqual(headers(response, "Retry-After"), ["15"])
            self.assertEqual(headers(response, "Contact"), [])

    def test_answer_is_repeated_until_its_ack(self):
        with Redirect(config(free_port())) as redirect, Phone(redirect.port) as phone:
            first = phone.ask("INVITE")
            self.assertEqual(phone.hear(), first)

    def test_cancel_after_the_answer_is_200_and_changes_nothing(self):
        with Redirect(config(free_port())) as redirect, Phone(redirect.port) as phone:
            invite = phone.request("INVITE")
            phone.send(invite)
            answer = phone.hear()
            phone.send(invite.replace(b"INVITE", b"CANCEL"))
            while not (heard := phone.hear()).startswith("SIP/2.0 200 "):
                self.assertEqual(heard, answer)
            self.assertEqual(phone.hear(), answer)


class OtherRequests(unittest.TestCase):
    def test_requests_within_a_dialog_are_481(self):
        with Redirect(config(free_port())) as redirect, Phone(redirect.port) as phone:
            for method in ("INVITE", "BYE", "OPTIONS", "UPDATE"):
                self.assertEqual(phone.ask_code(method, To="<sip:callee@sbc.example>;tag=2"), 481)

    def test_cancel_of_nothing_is_481(self):
        with Redirect(config(free_port())) as redirect, Phone(redirect.port) as phone:
            self.assertEqual(phone.ask_code("CANCEL"), 481)

    def test_other_methods_are_405_with_allow(self):
        with Redirect(config(free_port())) as redirect, Phone(redirect.port) as phone:
            for method in ("REGISTER", "MESSAGE", "SUBSCRIBE", "NEWS"):
                response = phone.ask(method)
                self.assertTrue(response.startswith("SIP/2.0 405 "))
                self.assertEqual(headers(response, "Allow"), ["INVITE, ACK, CANCEL, OPTIONS"])

    def test_requests_that_lack_something_are_400(self):
        with Redirect(config(free_port())) as redirect, Phone(redirect.port) as phone:
            for method in ("INVITE", "OPTIONS"):
                for name in ("From", "To", "Call-ID", "CSeq"):
                    self.assertEqual(phone.ask_code(method, without=name), 400, name)
                self.assertEqual(phone.ask_code(method, CSeq="1 REGISTER"), 400)

    def test_uris_that_cannot_be_kept_are_refused(self):
        with Redirect(config(free_port())) as redirect, Phone(redirect.port) as phone:
            for uri, code in (("tel:+4930", 416), ("sips:+4930@sbc.example", 416), ("sip:a>;q=1,<sip:b@sbc.example", 400),
                              ("sip:a\0b@sbc.example", 400), ("sip:\xe9@sbc.example", 400)):
                self.assertEqual(phone.ask_code("INVITE", uri), code, uri)

    def test_requests_with_no_hops_left_are_answered(self):
        with answering() as carrier, Redirect(config(carrier.port)) as redirect, Phone(redirect.port) as phone:
            self.assertEqual(phone.ask_code("INVITE", **{"Max-Forwards": 0}), 302)
            self.assertEqual(phone.ask_code("OPTIONS", **{"Max-Forwards": 0}), 200)

    def test_options_tell_whether_a_trunk_is_usable(self):
        carrier = answering()
        with carrier, Redirect(config(carrier.port)) as redirect, Phone(redirect.port) as phone:
            redirect.wait_for_state("t0", "AVAILABLE")
            self.assertEqual(sipp_caller("ask", redirect.port, 10), 0)
            carrier.end()
            redirect.wait_for_state("t0", "DOWN")
            response = phone.ask("OPTIONS")
            self.assertTrue(response.startswith("SIP/2.0 503 "))
            self.assertEqual(headers(response, "Retry-After"), ["15"])

    def test_options_are_503_when_all_trunks_are_disabled(self):
        with Redirect(disabled(config(free_port()))) as redirect, Phone(redirect.port) as phone:
            self.assertEqual(phone.ask_code("OPTIONS"), 503)


class Strangers(unittest.TestCase):
    def test_stranger_is_told_403_and_no_trunk(self):
        for transport in ("u1", "t1"):
            with Redirect(config(free_port()), "--allow", "127.0.0.1") as redirect:
                self.assertEqual(headers(redirect.call(code=403, source=STRANGER, transport=transport), "Contact"), [])
                self.assertEqual(len(headers(redirect.call(transport=transport), "Contact")), 1)

    def test_prefix_lets_its_addresses_in_and_no_others(self):
        for prefix, code in (("127.0.0.2", 302), ("127.0.0.2/31", 302), ("127.0.0.0/30", 302), ("0.0.0.0/0", 302),
                             ("127.0.0.3", 403), ("127.0.0.4/30", 403), ("::/0", 403)):
            with self.subTest(prefix), Redirect(config(free_port()), "--allow", prefix) as redirect:
                with Phone(redirect.port, STRANGER) as phone:
                    self.assertEqual(phone.ask_code("INVITE"), code)

    def test_nonsense_from_strangers_does_not_reach_the_decoder(self):
        with Redirect(config(free_port()), "--allow", "127.0.0.1") as redirect:
            with Phone(redirect.port, STRANGER) as stranger, Phone(redirect.port) as phone:
                for _ in range(200):
                    stranger.send(b"a " * 1000)
                self.assertEqual(phone.ask_code("INVITE"), 302)
                complaints = redirect.log.read_text(encoding="utf-8").count("decode err")
            self.assertLess(complaints, 20)

    def test_nonsense_from_friends_ends_nothing(self):
        dice = random.Random(3261)
        with Redirect(config(free_port())) as redirect, Phone(redirect.port) as phone:
            for _ in range(2000):
                phone.send(mutated(dice, phone.request(dice.choice(("INVITE", "OPTIONS", "CANCEL", "ACK")))))
            with Phone(redirect.port) as other:
                self.assertEqual(other.ask_code("INVITE"), 302)


def mutated(dice, data):
    data = bytearray(data)
    for _ in range(dice.randint(1, 8)):
        place = dice.randrange(len(data))
        kind = dice.randrange(4)
        if kind == 0:
            data[place] = dice.randrange(256)
        elif kind == 1:
            del data[place:place + dice.randint(1, 20)]
        elif kind == 2:
            data[place:place] = bytes(dice.choices(b' \r\n:;<>@",=[]%\0', k=dice.randint(1, 20)))
        else:
            data[place:place] = data[dice.randrange(len(data)):][:40]
        data = data or bytearray(b"x")
    return bytes(data)


class Life(unittest.TestCase):
    def test_hangup_loads_the_file_again(self):
        with answering() as carrier, Redirect(config(carrier.port)) as redirect, Phone(redirect.port) as phone:
            self.assertEqual(phone.ask_code("OPTIONS"), 200)
            redirect.write(disabled(config(carrier.port)))
            os.kill(redirect.process.pid, signal.SIGHUP)
            wait_until(lambda: phone.ask_code("OPTIONS") == 503, "the new file")
            redirect.write({"trunkGroups": 1})
            os.kill(redirect.process.pid, signal.SIGHUP)
            wait_until(lambda: f"{redirect.path}:1:" in redirect.log.read_text(encoding="utf-8"), "a complaint")
            self.assertEqual(phone.ask_code("INVITE"), 480)

    def test_profile_that_a_reload_takes_away_is_503(self):
        with Redirect(config(free_port(), free_port()), "--profile", "g1") as redirect:
            redirect.write(config(free_port()))
            os.kill(redirect.process.pid, signal.SIGHUP)
            wait_until(lambda: '"g1"' in redirect.log.read_text(encoding="utf-8"), "a complaint")
            self.assertEqual(headers(redirect.call(code=503), "Retry-After"), ["15"])

    def test_sigterm_ends_in_order(self):
        with Redirect(config(free_port())) as redirect:
            redirect.call()
            self.assertEqual(redirect.end(), 0)

    def test_only_ready_is_told_without_events(self):
        with tempfile.TemporaryDirectory(prefix="peers-redirect-") as directory:
            path, port = pathlib.Path(directory) / "trunks.json", free_port()
            path.write_text(json.dumps(config(free_port())), encoding="utf-8")
            with Process(REDIRECT, path, "--listen", address(port), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                         text=True) as redirect, redirect.process.stdout as events, Phone(port) as phone:
                self.assertEqual(json.loads(events.readline())["eventType"], "telephony.instance.ready")
                wait_until(lambda: phone.ask_code("OPTIONS") == 503, "the trunk is down")
                redirect.end()
                self.assertEqual(events.read(), "")

    def test_exit_codes_tell_what_was_wrong(self):
        with Redirect(config(free_port())) as redirect:
            path, listen = str(redirect.path), ("--listen", address(free_port()))
            self.assertEqual(ended(path, "--listen", address(redirect.port))[0], 3)
            for wrong in ((), (path,), (path, "--listen", "0.0.0.0:5060"), (path, "--listen", "127.0.0.1"),
                          (path, *listen, "--allow", "127.0.0.1/33"), (path, *listen, "--allow", "127.0.0.1/"),
                          (path, *listen, "--allow", "sbc.example"), (path, *listen, "--events", "xml")):
                code, complaint = ended(*wrong)
                self.assertEqual((code, complaint.startswith("usage: ")), (3, True), wrong)
            self.assertEqual(ended("no-such-file.json", *listen)[0], 2)
            self.assertEqual(ended(path, *listen, "--profile", "nobody")[0], 2)
            redirect.write({"trunkGroups": 1})
            code, complaint = ended(path, *listen)
            self.assertEqual(code, 2)
            self.assertRegex(complaint, rf"(?m)^{re.escape(path)}:1:\d+: .")


if __name__ == "__main__":
    if not SIPP:
        skip("sipp is not installed (package sip-tester)")
    if not REDIRECT:
        skip("the trunkha-redirect program was not built")
    unittest.main(verbosity=2)

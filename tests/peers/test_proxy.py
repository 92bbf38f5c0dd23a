"""trunkha-proxy between real peers: every way a call can go, and bytes that are no call."""

import json
import random
import signal
import unittest

from calls import PROXY, Phone, Proxy, Sipp, reply_to
from peers import PATIENCE, SIPP, free_port, skip

CALL = (">INVITE", "<100", "<180", "<200", ">ACK", "pause 200", ">BYE", "<200")
ANSWER = ("<INVITE", ">100", ">180", ">200", "<ACK", "<BYE", ">200")
REFUSED = (">INVITE", "<100")


class FailoverOfCalls(unittest.TestCase):
    def check(self, call, *trunks):
        """Places one call: each end must see exactly what its script says. The trunks that get a script are sipps."""
        with Phone() as silent:
            sipps = [Sipp(*trunk) if isinstance(trunk, tuple) else trunk or silent for trunk in trunks]
            try:
                with Proxy(*[peer.port for peer in sipps]) as proxy, Sipp(*call, to=proxy.port) as caller:
                    caller.wait()
                    for peer in sipps:
                        if isinstance(peer, Sipp):
                            peer.wait()
                    self.assertEqual(proxy.end(), 0)
                    return caller.log() if caller.messages.exists() else ""
            finally:
                for peer in sipps:
                    if isinstance(peer, Sipp):
                        peer.end()

    def test_call_is_answered_and_ended(self):
        self.check(CALL, ANSWER)

    def test_secondary_answers_when_primary_says_503(self):
        self.check(CALL, ("<INVITE", ">503", "<ACK"), ANSWER)

    def test_secondary_answers_when_primary_is_silent(self):
        self.check(CALL, None, ANSWER)

    def test_secondary_answers_when_primary_refuses_the_port(self):
        class Nobody:
            port = free_port()
        self.check(CALL, Nobody, ANSWER)

    def test_secondary_answers_when_primary_only_says_100(self):
        self.check(CALL, ("<INVITE", ">100", "<CANCEL", ">200", ">487", "<ACK"), ANSWER)

    def test_busy_is_passed_on_and_the_secondary_gets_nothing(self):
        with Phone() as secondary:
            self.check((*REFUSED, "<486", "!ACK"), ("<INVITE", ">100", ">486", "<ACK"), secondary)
            self.assertFalse(secondary.has_received())

    def test_after_ringing_a_failure_is_passed_on_and_the_secondary_gets_nothing(self):
        with Phone() as secondary:
            self.check((*REFUSED, "<180", "<500", "!ACK"), ("<INVITE", ">180", ">500", "<ACK"), secondary)
            self.assertFalse(secondary.has_received())

    def test_lone_503_is_passed_on_as_500(self):
        self.check((*REFUSED, "<500", "!ACK"), ("<INVITE", ">503", "<ACK"))

    def test_failure_of_all_is_passed_on(self):
        self.check((*REFUSED, "<500", "!ACK"), ("<INVITE", ">500", "<ACK"), ("<INVITE", ">500", "<ACK"))

    def test_silence_of_all_is_408(self):
        self.check((*REFUSED, "<408", "!ACK"), None)

    def test_caller_that_cancels_gets_487_and_the_trunk_gets_cancel(self):
        self.check((">INVITE", "<100", "<180", "!CANCEL", "<200", "<487", "!ACK"),
                   ("<INVITE", ">180", "<CANCEL", ">200", ">487", "<ACK"))

    def test_answer_that_crosses_the_callers_cancel_is_ended(self):
        log = self.check((">INVITE", "<100", "<180", "!CANCEL", "<200", "<487", "!ACK"),
                         ("<INVITE", ">180", "<CANCEL", ">200 Crossing", "<ACK", "<BYE", ">200"))
        self.assertNotIn("Crossing", log)

    def test_late_answer_of_an_abandoned_attempt_is_ended_and_the_caller_never_sees_it(self):
        log = self.check((*CALL[:-3], "pause 2000", *CALL[-2:]),
                         ("<INVITE", "pause 1500", ">200 Late", "<ACK", "<BYE", ">200"), ANSWER)
        self.assertIn("180 Ringing", log)
        self.assertNotIn("Late", log)

    def test_late_ringing_of_an_abandoned_attempt_is_cancelled(self):
        self.check((*CALL[:-3], "pause 2000", *CALL[-2:]),
                   ("<INVITE", "pause 1500", ">180", "<CANCEL", ">200", ">487", "<ACK"), ANSWER)

    def test_late_refusal_of_an_abandoned_attempt_is_acknowledged(self):
        self.check((*CALL[:-3], "pause 2000", *CALL[-2:]), ("<INVITE", "pause 1500", ">486", "<ACK"), ANSWER)

    def test_reinvite_and_bye_of_the_callee_follow_the_call(self):
        self.check((*CALL[:5], "<INVITE", ">200", "<ACK", "<BYE", ">200"),
                   (*ANSWER[:5], "pause 200", ">INVITE", "<200", ">ACK", "pause 200", ">BYE", "<200"))


class Transactions(unittest.TestCase):
    def setUp(self):
        self.caller = self.enter(Phone())
        self.trunk = self.enter(Phone())
        self.proxy = self.enter(Proxy(self.trunk.port, noResponseTimeout=20))

    def enter(self, context):
        self.addCleanup(context.__exit__, None, None, None)
        return context.__enter__()

    def send(self, method, **words):
        self.caller.send(self.proxy.port, self.caller.request(method, **words))

    def expect(self, code):
        answer = self.caller.receive()
        self.assertTrue(answer.startswith(f"SIP/2.0 {code} "), answer)
        return answer

    def expect_request(self, method):
        while not (request := self.trunk.receive()).startswith(method):
            self.assertTrue(request.startswith("INVITE"), request)  # again
        return request

    def answer(self, request, code, **words):
        self.trunk.send_back(reply_to(request, code, "Phrase", **words))

    def cancelled_call(self):
        """A call that rang and that the caller has cancelled; returns the trunk's INVITE and CANCEL."""
        self.send("INVITE")
        self.expect(100)
        invite = self.expect_request("INVITE")
        self.answer(invite, 180)
        self.expect(180)
        self.send("CANCEL")
        self.expect(200)
        self.expect(487)
        self.send("ACK", to_tag="x")
        return invite, self.expect_request("CANCEL")

    def test_invite_is_forwarded_as_a_proxy_does(self):
        self.send("INVITE", uri="sip:%2330;x=y@127.0.0.1;user=phone", hops=7)
        self.expect(100)
        invite = self.expect_request("INVITE")
        lines = invite.split("\r\n")
        self.assertEqual(lines[0], f"INVITE sip:%2330;x=y@127.0.0.1:{self.trunk.port};user=phone SIP/2.0")
        ours = f"127.0.0.1:{self.trunk.peer[1]}"
        self.assertTrue(lines[1].startswith(f"Via: SIP/2.0/UDP {ours};branch=z9hG4bK"), invite)
        self.assertTrue(lines[2].startswith(f"Via: SIP/2.0/UDP 127.0.0.1:{self.caller.port};branch=z9hG4bKone"), invite)
        routes = [line for line in lines if line.startswith("Record-Route:")]
        self.assertRegex(routes[0], f"^Record-Route: <sip:{ours};lr;mark=[0-9a-f]{{16}}>$")
        self.assertEqual(routes[1:], [f"Record-Route: <sip:127.0.0.1:{self.proxy.port};lr>"])
        self.assertIn("Max-Forwards: 6", lines)
        self.assertIn("Call-ID: call-1", lines)

    def test_repeated_invite_is_absorbed_and_answered_again(self):
        self.send("INVITE")
        self.expect(100)
        first = self.expect_request("INVITE")
        self.answer(first, 180)
        self.expect(180)
        self.send("INVITE")
        self.expect(180)
        self.assertFalse(self.trunk.has_received())
        self.answer(first, 486)
        self.expect(486)
        self.send("INVITE")
        self.expect(486)

    def test_refusal_is_repeated_until_it_is_acknowledged(self):
        self.send("INVITE")
        self.expect(100)
        self.answer(self.expect_request("INVITE"), 486)
        self.expect(486)
        self.expect(486)
        self.send("ACK", to_tag="callee")
        self.send("OPTIONS", branch="z9hG4bKtwo")
        while not self.caller.receive().startswith("SIP/2.0 200"):
            pass  # a 486 may have been under way
        self.send("INVITE")  # confirmed: absorbed without an answer
        self.send("OPTIONS", branch="z9hG4bKthree")
        self.expect(200)

    def test_repeated_refusal_is_acknowledged_again_and_passed_on_once(self):
        self.send("INVITE")
        self.expect(100)
        invite = self.expect_request("INVITE")
        self.answer(invite, 603)
        self.assertIn("CSeq: 1 ACK", self.expect_request("ACK"))
        self.answer(invite, 603)
        ack = self.expect_request("ACK")
        self.assertEqual(ack.split("\r\n")[1], invite.split("\r\n")[1])  # the INVITE's Via, and it alone
        self.assertEqual(ack.count("Via:"), 1)

    def test_unanswered_invite_is_sent_again(self):
        self.send("INVITE")
        first = self.trunk.receive()
        self.assertEqual(self.trunk.receive(), first)
        self.answer(first, 100)

    def test_response_from_elsewhere_is_dropped(self):
        self.send("INVITE")
        self.expect(100)
        invite = self.expect_request("INVITE")
        with Phone() as stranger:
            stranger.send(self.proxy.port, reply_to(invite, 200, "Stolen"))
            self.send("OPTIONS", branch="z9hG4bKtwo")
            self.expect(200)  # of the OPTIONS: the other did not come first
        self.answer(invite, 180)
        self.expect(180)

    def test_request_without_a_known_dialog_goes_nowhere(self):
        self.send("BYE", to_tag="unknown", uri=f"sip:127.0.0.1:{self.trunk.port}")
        self.expect(481)
        self.send("CANCEL", branch="z9hG4bKtwo")
        self.expect(481)
        self.send("ACK", to_tag="unknown", uri=f"sip:127.0.0.1:{self.trunk.port}")
        self.send("OPTIONS", branch="z9hG4bKthree")
        self.assertIn("Allow: INVITE", self.expect(200))
        self.assertFalse(self.trunk.has_received())

    def test_requests_that_no_proxy_forwards_are_refused(self):
        for code, words in (
                (483, {"hops": 0}), (416, {"uri": "tel:+4930123"}), (403, {"more": "Route: <sip:127.0.0.2;lr>\n"}),
                (420, {"more": "Proxy-Require: foo\n"})):
            with self.subTest(code=code):
                self.send("INVITE", branch=f"z9hG4bK{code}", **words)
                self.expect(code)
        self.send("REGISTER", branch="z9hG4bKregister")
        self.assertIn("Allow:", self.expect(405))
        self.assertFalse(self.trunk.has_received())

    def test_invite_that_comes_back_unchanged_is_a_loop(self):
        self.send("INVITE")
        self.expect(100)
        invite = self.expect_request("INVITE")
        changed = invite.split(" ", 2)[2]
        via = f"Via: SIP/2.0/UDP 127.0.0.1:{self.trunk.port};branch=z9hG4bKback\r\n"
        changed = "INVITE sip:+4930123@127.0.0.1 " + changed.replace("Via:", via + "Via:", 1)
        self.trunk.send(self.proxy.port, changed.encode())
        while not (answer := self.trunk.receive()).startswith("SIP/2.0"):
            pass
        self.assertTrue(answer.startswith("SIP/2.0 482 "), answer)

    def test_late_answer_is_ended_along_its_recorded_route(self):
        invite, _ = self.cancelled_call()
        with Phone() as edge:
            routes = (f"Record-Route: <sip:far.example;lr>, <sip:127.0.0.1:{edge.port};lr>",)
            self.answer(invite, 200, above=routes, more=("Contact: <sip:callee@192.0.2.1>",))
            ack, bye = edge.receive(), edge.receive()
        for method, text in (("ACK", ack), ("BYE", bye)):
            self.assertTrue(text.startswith(f"{method} sip:callee@192.0.2.1 SIP/2.0"), text)
            self.assertIn(f"Route: <sip:127.0.0.1:{edge.port};lr>\r\nRoute: <sip:far.example;lr>\r\n", text)
            self.assertEqual(text.count("Route:"), 2)
            self.assertIn(";tag=callee\r\n", text)

    def test_bye_to_a_late_answer_is_repeated_until_it_is_answered(self):
        invite, cancel = self.cancelled_call()
        self.answer(invite, 200)
        self.expect_request("ACK")
        bye = self.expect_request("BYE")
        self.answer(cancel, 200)  # does not answer the BYE
        self.assertEqual(self.expect_request("BYE"), bye)
        self.answer(bye, 200)

    def test_every_branch_of_a_forked_late_answer_is_ended(self):
        invite, _ = self.cancelled_call()
        seen = []
        for tag in ("one", "two"):
            self.answer(invite, 200, tag=tag)
            self.assertIn(f";tag={tag}\r\n", self.expect_request("ACK"))
            bye = self.expect_request("BYE")
            self.assertIn(f";tag={tag}\r\n", bye)
            seen.append(bye.split("\r\n")[1])
            self.answer(bye, 200)
        self.assertNotEqual(*seen)

    def test_caller_who_is_challenged_calls_again(self):
        self.send("INVITE")
        self.expect(100)
        self.answer(self.expect_request("INVITE"), 407, more=("Proxy-Authenticate: Digest realm=\"r\"",))
        self.assertIn("Proxy-Authenticate: Digest", self.expect(407))
        self.expect_request("ACK")
        self.send("ACK", to_tag="callee")
        self.send("INVITE", branch="z9hG4bKtwo", cseq=2)
        self.expect(100)
        self.answer(self.expect_request("INVITE"), 200)
        self.expect(200)
        self.send("ACK", branch="z9hG4bKthree", cseq=2, to_tag="callee", uri=f"sip:127.0.0.1:{self.trunk.port}")
        self.assertIn("CSeq: 2 ACK", self.expect_request("ACK"))

    def test_request_in_a_dialog_reaches_the_peer_even_without_a_route(self):
        self.send("INVITE")
        self.expect(100)
        self.answer(self.expect_request("INVITE"), 200)
        self.expect(200)
        ours = f"sip:+4930123@127.0.0.1:{self.proxy.port}"
        for method in ("ACK", "INFO"):
            self.send(method, branch=f"z9hG4bK{method}", to_tag="callee", uri=ours)
            request = self.expect_request(method)
        self.trunk.send_back(reply_to(request, 200, "Phrase"))
        self.assertEqual(self.expect(200).count("Via:"), 1)
        with Phone() as stranger:  # a response to what was never sent
            stranger.send(self.proxy.port, reply_to(request.replace("z9hG4bKs", "z9hG4bKx"), 200, "Forged"))
        self.send("OPTIONS", branch="z9hG4bKlast")
        self.assertIn("OPTIONS", self.expect(200))

    def test_calls_being_set_up_are_refused_at_the_end(self):
        self.send("INVITE")
        self.expect(100)
        invite = self.expect_request("INVITE")
        self.answer(invite, 180)
        self.expect(180)
        self.proxy.process.send_signal(signal.SIGTERM)
        self.expect(503)
        cancel = self.expect_request("CANCEL")
        self.answer(cancel, 200)
        self.answer(invite, 487)
        self.expect_request("ACK")
        self.assertEqual(self.proxy.process.wait(PATIENCE), 0)


class Garbage(unittest.TestCase):
    def test_mutated_datagrams_do_no_harm(self):
        chance = random.Random(20261122)
        with Phone() as phone, Phone() as trunk, Proxy(trunk.port) as proxy:
            seeds = [phone.request(method, call_id=f"seed-{n}", branch=f"z9hG4bKseed{n}", to_tag="x" * (n % 2)).encode()
                     for n, method in enumerate(("INVITE", "INVITE", "ACK", "CANCEL", "BYE", "OPTIONS"))]
            phone.send(proxy.port, seeds[0])
            invite = trunk.receive()
            seeds += [reply_to(invite, code, "Phrase") for code in (100, 180, 200, 486)] + [invite.encode()]
            seeds.append(b"a " * 4096 + b"\r\n\r\n")
            for n in range(20000):
                (phone if n % 2 else trunk).send(chance.choice((proxy.port, trunk.peer[1])), mutated(chance, seeds))
                if n % 50 == 0:  # in step with it, so that none is lost unread
                    keep_pace(phone, proxy, n)
            self.assertFalse(proxy.has_ended())
        with Sipp(*ANSWER) as callee, Proxy(callee.port) as proxy, Sipp(*CALL, to=proxy.port) as caller:
            caller.wait()


def mutated(chance, seeds):
    data = bytearray(chance.choice(seeds))
    for _ in range(chance.randrange(1, 8)):
        at = chance.randrange(len(data))
        kind = chance.randrange(5)
        if kind == 0:
            data[at] = chance.randrange(256)
        elif kind == 1:
            del data[at:at + chance.randrange(1, 20)]
        elif kind == 2:
            data[at:at] = bytes(chance.choice(b" ;,:<>\"\r\n\0%=@[]9") for _ in range(chance.randrange(1, 9)))
        elif kind == 3:
            data[at:at] = data[max(0, at - chance.randrange(1, 200)):at]
        else:
            del data[at:]
        if not data:
            return b"\0"
    return bytes(data[:9000])


def keep_pace(phone, proxy, n):
    marker = f"pace-{n}"
    phone.send(proxy.port, phone.request("OPTIONS", call_id=marker, branch=f"z9hG4bK{marker}"))
    while f"Call-ID: {marker}\r\n" not in phone.receive():
        pass


class CommandLine(unittest.TestCase):
    def test_only_ready_is_told_without_events(self):
        with Sipp(*ANSWER) as callee, Proxy(callee.port) as proxy, Sipp(*CALL, to=proxy.port) as caller:
            self.assertEqual(json.loads(proxy.ready)["eventType"], "telephony.instance.ready")
            caller.wait()
            proxy.process.terminate()
            self.assertEqual(proxy.process.stdout.read(), "")

    def test_call_records_are_among_the_events(self):
        with Sipp(*ANSWER) as callee, Proxy(callee.port, arguments=("--events", "jsonl")) as proxy:
            self.assertEqual(json.loads(proxy.ready)["eventType"], "telephony.instance.ready")
            with Sipp(*CALL, to=proxy.port) as caller:
                caller.wait()
            record = next(event for event in map(json.loads, proxy.process.stdout)
                          if event["eventType"] == "telephony.calls.end")
            self.assertEqual((record["entityId"], record["metadata"]["result"]), ("t0", "answered"))

    def test_refused_port_is_a_transport_error(self):
        with Phone() as caller, Proxy(free_port(), arguments=("--events", "jsonl")) as proxy:
            caller.send(proxy.port, caller.request("INVITE"))
            attempt = next(event for event in map(json.loads, proxy.process.stdout)
                           if event["eventType"] == "telephony.calls.attempt")
            self.assertEqual(attempt["metadata"]["result"], "transportError")

    def test_bad_file_and_bad_command_line_have_exit_codes(self):
        with Proxy("no port") as proxy:
            self.assertEqual((proxy.process.wait(PATIENCE), proxy.ready), (2, ""))
        with Proxy(free_port(), arguments=("--profile", "unknown")) as proxy:
            self.assertEqual((proxy.process.wait(PATIENCE), proxy.ready), (2, ""))
        with Proxy(free_port(), arguments=("--listen", "0.0.0.0:5060")) as proxy:
            self.assertEqual((proxy.process.wait(PATIENCE), proxy.ready), (3, ""))

    def test_good_and_bad_files_may_come_on_hangup(self):
        with Sipp(*ANSWER) as callee, Proxy(callee.port) as proxy:
            proxy.path.write_text("{", encoding="utf-8")
            proxy.process.send_signal(signal.SIGHUP)
            with Sipp(*CALL, to=proxy.port) as caller:
                caller.wait()
            self.assertEqual(proxy.end(), 0)


if __name__ == "__main__":
    if not SIPP:
        skip("sipp is not installed (package sip-tester)")
    if not PROXY:
        skip("trunkha-proxy was not built")
    unittest.main(verbosity=2)

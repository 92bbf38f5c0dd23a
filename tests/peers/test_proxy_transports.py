"""trunkha-proxy and trunks that are reached by name, over TCP and TLS, and with credentials."""

import os
import pathlib
import re
import socket
import ssl
import subprocess
import tempfile
import unittest

from calls import PROXY, Phone, Proxy, Sipp, reply_to
from peers import PATIENCE, SIPP, free_port, skip
from test_proxy import ANSWER, CALL

MOCK_DNS = os.environ.get("MOCK_DNS")
CERTIFICATES = pathlib.Path(__file__).parent.parent / "mock" / "certificates.sh"


def uri(port, transport, host="127.0.0.1"):
    return {"sipAddress": f"sip:{host}:{port};transport={transport}"}


class StreamTrunk:
    """A trunk on TCP, or TLS with a certificate, played by hand: one connection at a time."""

    def __init__(self, certificate=None):
        self.context = None
        if certificate:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(f"{certificate}.pem", f"{certificate}.key")
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.settimeout(PATIENCE)
        self.port = self.listener.getsockname()[1]
        self.connection = None
        self.text = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
        self.listener.close()

    def close(self):
        if self.connection:
            self.connection.close()
        self.connection = None

    def accept(self):
        self.connection, _ = self.listener.accept()
        self.connection.settimeout(PATIENCE)
        if self.context:
            self.connection = self.context.wrap_socket(self.connection, server_side=True)
        self.text = b""

    def receive(self, method=None):
        """The next message; only requests without a body come, and pings are passed over."""
        if not self.connection:
            self.accept()
        while b"\r\n\r\n" not in self.text.lstrip(b"\r\n"):
            data = self.connection.recv(65536)
            assert data, "the proxy has closed the connection"
            self.text += data
        head, self.text = self.text.lstrip(b"\r\n").split(b"\r\n\r\n", 1)
        message = head.decode() + "\r\n\r\n"
        assert not method or message.startswith(method), message
        return message

    def send(self, data):
        self.connection.sendall(data if isinstance(data, bytes) else data.replace("\n", "\r\n").encode())


class Case(unittest.TestCase):
    def enter(self, context):
        self.addCleanup(context.__exit__, None, None, None)
        return context.__enter__()

    def call_through(self, *ports, **options):
        self.caller = self.enter(Phone())
        self.proxy = self.enter(Proxy(*ports, **{"noResponseTimeout": 20, **options}))

    def send(self, method, **words):
        self.caller.send(self.proxy.port, self.caller.request(method, **words))

    def expect(self, code):
        answer = self.caller.receive()
        self.assertTrue(answer.startswith(f"SIP/2.0 {code} "), answer)
        return answer

    def header(self, message, name):
        return re.findall(rf"(?m)^{name}: (.*?)\r?$", message)


class Certificates:
    directory = None

    @classmethod
    def path(cls, name):
        if not cls.directory:
            cls.directory = tempfile.TemporaryDirectory(prefix="peers-certificates-")
            subprocess.run(["sh", CERTIFICATES, cls.directory.name], check=True, timeout=PATIENCE)
        return f"{cls.directory.name}/{name}"


class WithSipp(unittest.TestCase):
    def check(self, call, answer):
        with Sipp(*answer, transport="tcp") as callee, Proxy(callee.port, trunks=[uri(callee.port, "tcp")]) as proxy, \
                Sipp(*call, to=proxy.port) as caller:
            caller.wait()
            callee.wait()

    def test_call_over_tcp_is_answered_and_ended(self):
        self.check(CALL, ANSWER)

    def test_callee_on_tcp_ends_the_call_on_the_connection_that_it_came_by(self):
        self.check((*CALL[:5], "<INVITE", ">200", "<ACK", "<BYE", ">200"),
                   (*ANSWER[:5], "pause 200", ">INVITE", "<200", ">ACK", "pause 200", ">BYE", "<200"))

    def test_call_over_tls_to_a_certificate_of_nobody_goes_to_the_next_trunk(self):
        with StreamTrunk(Certificates.path("stranger")) as stranger, Sipp(*ANSWER) as callee, \
                Proxy(stranger.port, callee.port, noResponseTimeout=20, trunks=[
                    {**uri(stranger.port, "tls"), "tls": {"caFile": Certificates.path("ca.pem")}}]) as proxy, \
                Sipp(*CALL, to=proxy.port) as caller:
            with self.assertRaises(OSError):
                stranger.accept()
                stranger.receive()
            caller.wait()
            callee.wait()

    @unittest.skipUnless(MOCK_DNS, "mock-dns was not built")
    def test_trunk_that_has_a_name_is_called_at_its_address(self):
        with Sipp(*ANSWER) as callee, subprocess.Popen([MOCK_DNS], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                                       text=True) as dns:
            server = f"127.0.0.1:{dns.stdout.readline().split()[1]}"
            for line in (f"add _sip._udp.carrier.test 60 SRV 0 0 {callee.port} a.carrier.test",
                         "add a.carrier.test 60 A 127.0.0.1"):
                dns.stdin.write(line + "\n")
                dns.stdin.flush()
                self.assertEqual(dns.stdout.readline(), "ok\n")
            more = {"dns": {"servers": [server]}}
            trunk = {"sipAddress": "sip:carrier.test;transport=udp"}
            with Proxy(callee.port, more=more, trunks=[trunk], arguments=("--events", "jsonl")) as proxy:
                while "addressChange" not in proxy.process.stdout.readline():
                    pass
                with Sipp(*CALL, to=proxy.port) as caller:
                    caller.wait()
                callee.wait()
                self.assertIn("\nINVITE sip:+4930123@carrier.test;", callee.log())
            dns.stdin.close()


class OverTcp(Case):
    transport = "tcp"

    def setUp(self):
        self.trunk = self.enter(StreamTrunk())
        self.call_through(self.trunk.port, trunks=[uri(self.trunk.port, "tcp")])

    def answered_call(self):
        self.send("INVITE")
        self.expect(100)
        invite = self.trunk.receive("INVITE")
        contact = f"Contact: <sip:callee@127.0.0.1:{self.trunk.port};transport={self.transport}>"
        self.trunk.send(reply_to(invite, 200, "OK", more=(contact,)))
        return invite, self.expect(200)

    def test_via_and_record_route_name_the_connection(self):
        invite, _ = self.answered_call()
        ours = "127.0.0.1:%u" % self.trunk.connection.getpeername()[1]
        vias, routes = self.header(invite, "Via"), self.header(invite, "Record-Route")
        self.assertRegex(vias[0], f"^SIP/2.0/{self.transport.upper()} {ours};branch=z9hG4bKt.*;rport$")
        self.assertRegex(routes[0], f"^<sip:{ours};transport={self.transport};lr;mark=[0-9a-f]{{16}}>$")
        self.assertEqual(routes[1], f"<sip:127.0.0.1:{self.proxy.port};lr>")

    def test_invite_is_sent_once(self):
        self.send("INVITE")
        self.expect(100)
        invite = self.trunk.receive("INVITE")
        self.trunk.connection.settimeout(1.2)  # twice timer A
        with self.assertRaises(TimeoutError):
            self.trunk.receive()
        self.trunk.connection.settimeout(PATIENCE)
        self.trunk.send(reply_to(invite, 486, "Busy Here"))
        self.expect(486)
        self.trunk.receive("ACK")

    def test_requests_in_the_dialog_pass_both_ways(self):
        invite, answer = self.answered_call()
        route = "".join(f"Route: {value}\n" for value in reversed(self.header(answer, "Record-Route")))
        contact = f"sip:callee@127.0.0.1:{self.trunk.port};transport={self.transport}"
        self.send("ACK", branch="z9hG4bKack", to_tag="callee", uri=contact, more=route)
        ack = self.trunk.receive(f"ACK {contact} SIP/2.0")
        self.assertEqual(self.header(ack, "Route"), [])
        via = f"SIP/2.0/{self.transport.upper()} 127.0.0.1:{self.trunk.port};branch=z9hG4bKb"
        bye = (f"BYE sip:caller@127.0.0.1:{self.caller.port} SIP/2.0\nVia: {via}\n"
               + "".join(f"Route: {value}\n" for value in self.header(invite, "Record-Route")) +
               "Max-Forwards: 70\nFrom: <sip:+4930123@127.0.0.1>;tag=callee\nTo: <sip:caller@127.0.0.1>;tag=caller\n"
               "Call-ID: call-1\nCSeq: 7 BYE\nContent-Length: 0\n\n")
        self.trunk.send(bye)
        request = self.caller.receive()
        self.assertTrue(request.startswith(f"BYE sip:caller@127.0.0.1:{self.caller.port} SIP/2.0"), request)
        self.assertEqual(self.header(request, "Route"), [])
        self.assertEqual(self.caller.peer[1], self.proxy.port)
        self.caller.send_back(reply_to(request, 200, "OK"))
        response = self.trunk.receive("SIP/2.0 200 OK")
        self.assertEqual(len(self.header(response, "Via")), 1)
        self.assertEqual(self.header(response, "CSeq"), ["7 BYE"])

    def test_cancel_goes_by_the_connection(self):
        self.send("INVITE")
        self.expect(100)
        invite = self.trunk.receive("INVITE")
        self.trunk.send(reply_to(invite, 180, "Ringing"))
        self.expect(180)
        self.send("CANCEL")
        self.expect(200)
        self.expect(487)
        cancel = self.trunk.receive("CANCEL")
        self.assertEqual(self.header(cancel, "Via"), self.header(invite, "Via")[:1])
        self.trunk.send(reply_to(cancel, 200, "OK"))
        self.trunk.send(reply_to(invite, 487, "Request Terminated"))
        self.trunk.receive("ACK")

    def test_inbound_call_is_refused(self):
        self.answered_call()
        via = f"SIP/2.0/{self.transport.upper()} 127.0.0.1:{self.trunk.port};branch=z9hG4bKin"
        self.trunk.send(f"INVITE sip:+4930@127.0.0.1 SIP/2.0\nVia: {via}\n"
                        "Max-Forwards: 70\nFrom: <sip:x@127.0.0.1>;tag=x\nTo: <sip:+4930@127.0.0.1>\nCall-ID: inbound\n"
                        "CSeq: 1 INVITE\nContent-Length: 0\n\n")
        self.trunk.receive("SIP/2.0 403 ")


class OverTls(OverTcp):
    transport = "tls"

    def setUp(self):
        self.trunk = self.enter(StreamTrunk(Certificates.path("server")))
        self.call_through(self.trunk.port, trunks=[
            {**uri(self.trunk.port, "tls"), "tls": {"caFile": Certificates.path("ca.pem")}}])


class Failover(Case):
    def test_refused_connection_is_the_next_trunks_call_at_once(self):
        second = self.enter(Phone())
        self.call_through(free_port(), second.port, trunks=[uri(free_port(), "tcp")])
        self.send("INVITE")
        self.expect(100)
        self.assertTrue(second.receive().startswith("INVITE"))  # noResponseTimeout is 20 s

    def test_lost_connection_is_the_next_trunks_call_at_once(self):
        first, second = self.enter(StreamTrunk()), self.enter(Phone())
        self.call_through(first.port, second.port, trunks=[uri(first.port, "tcp")])
        self.send("INVITE")
        self.expect(100)
        first.receive("INVITE")
        first.close()
        self.assertTrue(second.receive().startswith("INVITE"))

    def test_connection_comes_back_for_the_next_call(self):
        trunk = self.enter(StreamTrunk())
        self.call_through(trunk.port, trunks=[uri(trunk.port, "tcp")])
        self.send("INVITE", call_id="one", branch="z9hG4bK1")
        self.expect(100)
        trunk.receive("INVITE")
        trunk.close()
        self.expect(500)  # the only trunk has failed
        self.send("ACK", call_id="one", branch="z9hG4bK1", to_tag="x")
        for attempt in range(PATIENCE):
            words = {"call_id": f"again-{attempt}", "branch": f"z9hG4bKa{attempt}"}
            self.send("INVITE", **words)
            trunk.listener.settimeout(0.5)
            try:
                trunk.receive("INVITE")
                return
            except TimeoutError:
                self.send("ACK", to_tag="x", **words)
        self.fail("no second connection")


class Strangers(Case):
    def test_requests_to_the_sockets_of_the_probes_are_taken_from_trunks_only(self):
        trunk, stranger = self.enter(Phone()), self.enter(Phone())
        self.call_through(trunk.port)
        self.send("INVITE")
        self.expect(100)
        invite = trunk.receive()
        trunk.send_back(reply_to(invite, 200, "OK"))
        self.expect(200)
        engine = trunk.peer[1]
        elsewhere = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(elsewhere.close)
        elsewhere.bind(("127.0.0.9", 0))
        bye = stranger.request("BYE", call_id="call-1", branch="z9hG4bKevil", to_tag="callee").replace("\n", "\r\n").encode()
        elsewhere.sendto(bye, ("127.0.0.1", engine))
        self.send("OPTIONS", branch="z9hG4bKafter")
        self.expect(200)
        self.assertFalse(trunk.has_received())
        elsewhere.setblocking(False)
        with self.assertRaises(BlockingIOError):
            elsewhere.recv(65536)


class Credentials(Case):
    def setUp(self):
        self.trunk = self.enter(Phone())
        auth = {"outboundAuthMethod": "DIGEST", "outboundAuth": {"username": "user", "password": "secret"}}
        self.call_through(self.trunk.port, trunks=[auth])

    CHALLENGE = 'Proxy-Authenticate: Digest realm="carrier", nonce="abc", qop="auth", algorithm=SHA-256'

    def answer(self, request, code, **words):
        self.trunk.send_back(reply_to(request, code, "Phrase", **words))

    def challenged(self, cseq=1):
        """The INVITE that comes again with credentials."""
        self.send("INVITE", cseq=cseq)
        self.expect(100)
        first = self.trunk.receive()
        self.answer(first, 407, more=(self.CHALLENGE,))
        ack = self.trunk.receive()
        self.assertTrue(ack.startswith("ACK"), ack)
        return first, self.trunk.receive()

    def test_challenge_is_answered_once_and_the_caller_never_sees_it(self):
        first, again = self.challenged()
        self.assertTrue(again.startswith("INVITE"), again)
        authorization, = self.header(again, "Proxy-Authorization")
        for part in ('username="user"', 'realm="carrier"', 'nonce="abc"', "qop=auth", "algorithm=SHA-256"):
            self.assertIn(part, authorization)
        self.assertNotIn("secret", again)
        self.assertEqual((self.header(first, "CSeq"), self.header(again, "CSeq")), (["1 INVITE"], ["2 INVITE"]))
        self.assertNotEqual(self.header(first, "Via")[0], self.header(again, "Via")[0])
        self.assertEqual(self.header(first, "Via")[1:], self.header(again, "Via")[1:])
        self.answer(first, 407, more=(self.CHALLENGE,))  # once more: its ACK was lost
        self.assertEqual(self.header(self.trunk.receive(), "CSeq"), ["1 ACK"])
        self.answer(again, 180)
        self.assertEqual(self.header(self.expect(180), "CSeq"), ["1 INVITE"])
        self.answer(again, 200)
        self.assertEqual(self.header(self.expect(200), "CSeq"), ["1 INVITE"])

    def test_numbers_of_the_dialog_are_carried_over(self):
        _, again = self.challenged(cseq=41)
        self.answer(again, 180, more=("Require: 100rel", "RSeq: 5"))
        self.expect(180)
        ours = f"sip:+4930123@127.0.0.1:{self.proxy.port}"
        self.send("PRACK", cseq=42, branch="z9hG4bKp", to_tag="callee", uri=ours, more="RAck: 5 41 INVITE\n")
        prack = self.trunk.receive()
        self.assertEqual((self.header(prack, "CSeq"), self.header(prack, "RAck")), (["43 PRACK"], ["5 42 INVITE"]))
        self.answer(prack, 200)
        self.assertEqual(self.header(self.expect(200), "CSeq"), ["42 PRACK"])
        self.answer(again, 200)
        self.expect(200)
        self.send("ACK", cseq=41, branch="z9hG4bKa", to_tag="callee", uri=ours)
        self.assertEqual(self.header(self.trunk.receive(), "CSeq"), ["42 ACK"])
        self.send("BYE", cseq=43, branch="z9hG4bKb", to_tag="callee", uri=ours)
        bye = self.trunk.receive()
        self.assertEqual(self.header(bye, "CSeq"), ["44 BYE"])
        self.answer(bye, 200)
        self.assertEqual(self.header(self.expect(200), "CSeq"), ["43 BYE"])

    def test_requests_of_the_callee_keep_their_numbers(self):
        invite, again = self.challenged()
        self.answer(again, 200)
        self.expect(200)
        self.trunk.send_back(f"BYE sip:caller@127.0.0.1:{self.caller.port} SIP/2.0\n"
                             f"Via: SIP/2.0/UDP 127.0.0.1:{self.trunk.port};branch=z9hG4bKb;rport\nMax-Forwards: 70\n"
                             "From: <sip:+4930123@127.0.0.1>;tag=callee\nTo: <sip:caller@127.0.0.1>;tag=caller\n"
                             "Call-ID: call-1\nCSeq: 9 BYE\nContent-Length: 0\n\n")
        bye = self.caller.receive()
        self.assertEqual(self.header(bye, "CSeq"), ["9 BYE"])
        self.caller.send_back(reply_to(bye, 200, "OK"))
        self.assertEqual(self.header(self.trunk.receive(), "CSeq"), ["9 BYE"])

    def test_wrong_credentials_are_no_loop(self):
        _, again = self.challenged()
        self.answer(again, 407, more=(self.CHALLENGE,))
        self.assertEqual(self.header(self.trunk.receive(), "CSeq"), ["2 ACK"])
        self.assertEqual(self.header(self.expect(407), "CSeq"), ["1 INVITE"])

    def test_cancel_belongs_to_the_second_invite(self):
        _, again = self.challenged()
        self.answer(again, 180)
        self.expect(180)
        self.send("CANCEL")
        self.expect(200)
        self.expect(487)
        cancel = self.trunk.receive()
        self.assertEqual((cancel.split()[0], self.header(cancel, "CSeq")), ("CANCEL", ["2 CANCEL"]))
        self.assertEqual(self.header(cancel, "Via"), self.header(again, "Via")[:1])
        self.answer(cancel, 200)
        self.answer(again, 487)
        self.assertEqual(self.header(self.trunk.receive(), "CSeq"), ["2 ACK"])

    def test_challenge_that_cannot_be_answered_is_passed_on(self):
        self.send("INVITE")
        self.expect(100)
        self.answer(self.trunk.receive(), 401, more=('WWW-Authenticate: Digest realm="r", nonce="n", algorithm=FOO',))
        self.trunk.receive()
        self.assertIn("algorithm=FOO", self.expect(401))


if __name__ == "__main__":
    if not SIPP:
        skip("sipp is not installed (package sip-tester)")
    if not PROXY:
        skip("trunkha-proxy was not built")
    unittest.main(verbosity=2)

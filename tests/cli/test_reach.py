"""trunkha probe and allowlist where carriers have names, certificates, passwords and NAT."""

import json
import os
import pty
import re
import shutil
import socket
import ssl
import subprocess
import time
import unittest

import cli
from cli import LIMIT, environment, trunkha, wait_until, write_file
from reach import MOCK_DNS, Certificates, ChallengingCarrier, Names, StreamCarrier

DAY = 86400
NFT = shutil.which("nft", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")


class Reach(cli.TestCase):
    def names(self, *lines):
        names = Names(*lines)
        self.addCleanup(names.close)
        return names

    def stream(self, *arguments, **options):
        carrier = StreamCarrier(*arguments, **options)
        self.addCleanup(carrier.close)
        return carrier

    def probe(self, *arguments, env=None):
        result = trunkha("probe", "--json", *arguments, env=env)
        return result.returncode, [json.loads(line) for line in result.stdout.splitlines()]

    def one(self, *arguments, env=None):
        status, (line,) = self.probe(*arguments, env=env)
        return status, line


@unittest.skipUnless(MOCK_DNS, "mock-dns was not built")
class OfNames(Reach):
    def carriers(self):
        """Two carriers behind one name, by SRV; the second only when the first is gone."""
        first, second = self.carrier(), self.carrier()
        names = self.names(f"add _sip._udp.carrier.test 60 SRV 10 5 {first.port} a.carrier.test",
                           f"add _sip._udp.carrier.test 60 SRV 20 0 {second.port} a.carrier.test",
                           "add a.carrier.test 600 A 127.0.0.1")
        return first, second, names.address

    def test_resolution_is_told_in_its_order_with_the_smallest_ttl(self):
        first, second, server = self.carriers()
        status, line = self.one("sip:carrier.test;transport=udp", "--dns", server)
        self.assertEqual((status, line["target"]), (0, f"udp:{first.address}"))
        self.assertEqual(line["resolution"], [
            {"target": f"udp:{first.address}", "priority": 10, "weight": 5, "ttl": 60},
            {"target": f"udp:{second.address}", "priority": 20, "weight": 0, "ttl": 60}])
        self.assertEqual(line["warnings"], [])
        self.assertEqual(second.requests, [])

    def test_all_probes_every_address(self):
        first, second, server = self.carriers()
        second.status = "503 Service Unavailable"
        status, lines = self.probe("sip:carrier.test;transport=udp", "--dns", server, "--all", "-c", "2", "-i", "0.01")
        self.assertEqual(status, 0)
        self.assertEqual([(line["target"], line["result"]) for line in lines],
                         2 * [(f"udp:{first.address}", "alive"), (f"udp:{second.address}", "rejected")])

    def test_people_see_the_addresses_and_a_summary_of_each(self):
        first, second, server = self.carriers()
        result = trunkha("probe", "carrier.test", "--transport", "udp", "--dns", server, "--all")
        self.check_exit(result, 0)
        lines = result.stdout.splitlines()
        self.assertEqual(lines[0], "carrier.test: 2 addresses, in the order in which they are tried".replace(
            "carrier.test", "sip:carrier.test;transport=udp"))
        self.assertRegex(lines[1], rf"^  udp:{first.address} +priority 10 +weight 5 +TTL 60 s$")
        self.assertRegex(lines[2], rf"^  udp:{second.address} +priority 20 +weight 0 +TTL 60 s$")
        self.assertIn(f"--- udp:{first.address} ---", lines)
        self.assertIn(f"--- udp:{second.address} ---", lines)

    def test_long_ttl_is_mentioned(self):
        carrier = self.carrier()
        server = self.names("add slow.test 3600 A 127.0.0.1").address
        uri = f"sip:slow.test:{carrier.port}"
        self.assertEqual(self.one(uri, "--dns", server)[1]["warnings"], ["TTL 3600 s is above 300 s"])
        self.assertIn("ttl: 3600 s is above 300 s", trunkha("probe", uri, "--dns", server).stdout)

    def test_name_that_leads_nowhere_is_dead(self):
        server = self.names("add only-text.test 60 TXT x", "add no-service.test 60 A 127.0.0.1",
                            "add _sip._udp.no-service.test 60 SRV 0 0 0 .").address
        for uri, words in (("nobody.test", "NXDOMAIN"), ("only-text.test:5060", "no address"),
                           ("sip:no-service.test;transport=udp", "not offered")):
            status, line = self.one(uri, "--dns", server)
            self.assertEqual((status, line["result"], line["code"], line["rttMs"]), (2, "dead", 0, None))
            self.assertEqual((line["reasonCode"], line["resolution"], line["target"]), ("DNS_FAILURE", [], ""))
            self.assertIn(words, line["detail"])
        result = trunkha("probe", "nobody.test", "--dns", server)
        self.check_exit(result, 2)
        self.assertRegex(result.stdout, r"^nobody\.test: dead, .*NXDOMAIN.*\n$")

    def test_silent_name_server_is_dead_and_can_be_interrupted(self):
        server = self.names("how * silent").address
        process = self.start("probe", "carrier.test", "--dns", server)
        process.signal(2)
        self.assertIn(process.wait_end(), (2, -2))  # at once, before or after it has begun to wait

    def test_wrong_server_is_usage(self):
        result = trunkha("probe", "carrier.test", "--dns", "dns.test")
        self.check_exit(result, 3)
        self.assertIn("dns.test", result.stderr)


class OfStreams(Reach):
    def test_tcp_carrier_is_alive(self):
        carrier = self.stream()
        for arguments in ((f"sip:{carrier.address};transport=tcp",), (carrier.address, "--transport", "tcp"),
                          (f"sips:{carrier.address}", "--transport", "tcp"),
                          (f"sip:{carrier.address};transport=tls;x=y", "--transport", "tcp")):
            status, line = self.one(*arguments)
            self.assertEqual((status, line["target"], line["code"]), (0, f"tcp:{carrier.address}", 200), arguments)
            self.assertEqual(line["tls"], {})

    def test_abilities_are_told(self):
        sdp = ("v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 0 RTP/AVP 8 0\r\n")
        carrier = self.stream(headers=["Allow: INVITE, ACK", "Supported: 100rel, timer", "Content-Type: application/sdp"],
                              body=sdp)
        status, line = self.one(carrier.address, "--transport", "tcp")
        self.assertEqual((status, line["allow"], line["supported"], line["codecs"]),
                         (0, ["INVITE", "ACK"], ["100rel", "timer"], ["PCMA", "PCMU"]))

    def test_certificate_is_told(self):
        carrier = self.stream("server")
        status, line = self.one(f"sip:{carrier.address};transport=tls", "--ca", Certificates.path("ca.pem"))
        self.assertEqual((status, line["target"]), (0, f"tls:{carrier.address}"))
        tls = line["tls"]
        self.assertTrue(tls["verified"])
        self.assertRegex(tls["version"], r"^TLSv1\.[23]$")
        self.assertTrue(tls["cipher"])
        self.assertIn("server.example", tls["subject"])
        self.assertIn("trunkha test CA", tls["issuer"])
        self.assertIn("sip.carrier.example", tls["names"])
        self.assertTrue(990 <= tls["daysLeft"] <= 1000, tls)
        self.assertEqual(tls["notAfter"] % 1000, 0)
        self.assertLess(abs(tls["notAfter"] / 1000 / DAY - tls["daysLeft"] - time.time() / DAY), 1.1)

    def test_people_see_the_certificate(self):
        carrier = self.stream("soon")
        result = trunkha("probe", f"sips:{carrier.address}", "--ca", Certificates.path("ca.pem"))
        self.check_exit(result, 0)
        self.assertRegex(result.stdout, r"(?m)^tls: TLSv1\.[23], .*, certificate verified$")
        self.assertRegex(result.stdout,
                         r"(?m)^certificate: .*soon\.example.*, by .*, for .*localhost.*, ends \d{4}-\d\d-\d\d, in [45] days$")

    def test_bad_certificates_are_dead_and_named(self):
        for name, words in (("expired", "expired"), ("self-signed", "self-signed"), ("stranger", "unknown issuer"),
                            ("wrong-name", "sip.other.example")):
            with self.subTest(name=name):
                carrier = self.stream(name)
                status, line = self.one(f"sips:{carrier.address}", "--ca", Certificates.path("ca.pem"))
                self.assertEqual((status, line["result"], line["reasonCode"]), (2, "dead", "TLS_FAILURE"))
                self.assertIn(words, line["detail"])
                self.assertEqual(carrier.requests, [])

    def test_no_verify_tells_of_a_bad_certificate(self):
        carrier = self.stream("self-signed")
        status, line = self.one(f"sips:{carrier.address}", "--no-verify")
        self.assertEqual((status, line["code"], line["tls"]["verified"]), (0, 200, False))
        self.assertIn("certificate not verified", line["warnings"])
        result = trunkha("probe", f"sips:{carrier.address}", "--no-verify")
        self.assertIn("certificate NOT verified", result.stdout)

    def test_server_name_is_what_the_certificate_must_name(self):
        carrier = self.stream("wrong-name")
        status, line = self.one(f"sips:{carrier.address}", "--ca", Certificates.path("ca.pem"), "--server-name",
                                "sip.other.example")
        self.assertEqual((status, line["tls"]["verified"]), (0, True))

    def test_client_certificate_is_shown_to_who_wants_one(self):
        carrier = self.stream("server", client_ca="ca")
        common = (f"sips:{carrier.address}", "--ca", Certificates.path("ca.pem"))
        status, line = self.one(*common, "--cert", Certificates.path("client.pem"), "--key", Certificates.path("client.key"))
        self.assertEqual((status, line["code"]), (0, 200))
        status, line = self.one(*common, "--timeout", "2")
        self.assertEqual((status, line["result"]), (2, "dead"))

    def test_least_version_is_kept_to(self):
        carrier = self.stream("server")
        carrier.context.maximum_version = ssl.TLSVersion.TLSv1_2
        common = (f"sips:{carrier.address}", "--ca", Certificates.path("ca.pem"))
        self.assertEqual(self.one(*common)[1]["tls"]["version"], "TLSv1.2")
        status, line = self.one(*common, "--tls-min", "1.3")
        self.assertEqual((status, line["reasonCode"]), (2, "TLS_FAILURE"))

    def test_file_that_cannot_be_used_is_a_mistake(self):
        result = trunkha("probe", "sips:127.0.0.1", "--ca", "/nonexistent.pem")
        self.check_exit(result, 3)
        self.assertIn("/nonexistent.pem", result.stderr)

    def test_refused_connection_is_dead(self):
        address = cli.refusing_address()
        status, line = self.one(address, "--transport", "tcp", "--timeout", "60")
        self.assertEqual((status, line["result"], line["reasonCode"]), (2, "dead", "NETWORK_ERROR"))


class OfCredentials(Reach):
    def challenging(self):
        carrier = ChallengingCarrier()
        self.addCleanup(carrier.close)
        return carrier

    def test_password_comes_from_the_environment(self):
        carrier = self.challenging()
        status, line = self.one(carrier.address, "--auth", "user", env=environment(TRUNKHA_PASSWORD="secret"))
        self.assertEqual((status, line["code"], line["warnings"]), (0, 200, []))
        self.assertEqual(len(carrier.requests), 2)

    def test_wrong_password_is_told(self):
        carrier = self.challenging()
        status, line = self.one(carrier.address, "--auth", "user", env=environment(TRUNKHA_PASSWORD="wrong"))
        self.assertEqual((line["code"], line["reasonCode"]), (401, "AUTH_FAILURE"))
        self.assertEqual(len(carrier.requests), 2)
        result = trunkha("probe", carrier.address, "--auth", "user", env=environment(TRUNKHA_PASSWORD="wrong"))
        self.assertRegex(result.stdout, r"(?m)^auth: ")
        self.assertNotIn("wrong", result.stdout.replace("wrong password", ""))

    def test_without_credentials_a_challenge_is_alive_and_mentioned(self):
        carrier = self.challenging()
        status, line = self.one(carrier.address)
        self.assertEqual((status, line["result"], line["warnings"]), (0, "alive", ["the peer asks for credentials"]))
        self.assertIn("--auth USER", trunkha("probe", carrier.address).stdout)

    def test_without_a_terminal_the_password_is_missed(self):
        carrier = self.challenging()
        result = subprocess.run([cli.TRUNKHA, "probe", carrier.address, "--auth", "user"], capture_output=True, text=True,
                                stdin=subprocess.DEVNULL, env=environment(), start_new_session=True, timeout=LIMIT)
        self.check_exit(result, 3)
        self.assertIn("TRUNKHA_PASSWORD", result.stderr)
        self.assertEqual(carrier.requests, [])

    def test_password_may_be_typed_and_is_not_shown(self):
        carrier = self.challenging()
        pid, terminal = pty.fork()
        if not pid:
            try:
                os.execve(cli.TRUNKHA, ["trunkha", "probe", carrier.address, "--auth", "user"], environment())
            finally:
                os._exit(127)
        shown = read_until(terminal, b"Password of user: ")
        os.write(terminal, b"secret\n")
        shown += read_until(terminal, b"1 answered")
        _, status = os.waitpid(pid, 0)
        os.close(terminal)
        self.assertEqual(os.waitstatus_to_exitcode(status), 0)
        self.assertIn(b"200 OK", shown)
        self.assertNotIn(b"secret", shown)


class OfTheWay(Reach):
    def test_local_address_is_where_probes_leave_from(self):
        carrier = self.carrier()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
            free.bind(("127.0.0.2", 0))
            port = free.getsockname()[1]
        status, _ = self.one(carrier.address, "--local", f"127.0.0.2:{port}")
        self.assertEqual(status, 0)
        self.assertRegex(carrier.requests[0], rf"(?m)^Via: SIP/2\.0/UDP 127\.0\.0\.2:{port};")
        result = trunkha("probe", carrier.address, "--local", "no address")
        self.check_exit(result, 3)

    def test_nat_is_told(self):
        carrier = self.carrier()
        plain = carrier.answer
        carrier.answer = lambda request: re.sub(r";rport(=\d+)?", ";rport=4711;received=198.51.100.7", plain(request))
        status, line = self.one(carrier.address)
        self.assertEqual((status, line["nat"]["detected"], line["nat"]["seen"]), (0, True, "198.51.100.7:4711"))
        self.assertRegex(line["nat"]["local"], r"^127\.0\.0\.1:\d+$")
        self.assertRegex(trunkha("probe", carrier.address).stdout,
                         r"(?m)^nat: the peer sees us at 198\.51\.100\.7:4711, we are 127\.0\.0\.1:\d+$")

    def test_way_without_nat_is_told_as_such(self):
        carrier = self.carrier()
        plain = carrier.answer

        def answer(request):
            port = re.search(r"Via: SIP/2\.0/UDP 127\.0\.0\.1:(\d+)", request).group(1)
            return re.sub(r";rport(=\d+)?", f";rport={port};received=127.0.0.1", plain(request))
        carrier.answer = answer
        _, line = self.one(carrier.address)
        self.assertEqual((line["nat"]["detected"], line["nat"]["rewritten"]), (False, []))
        self.assertNotIn("nat:", trunkha("probe", carrier.address).stdout)

    def test_rewritten_headers_are_told(self):
        carrier = self.carrier()
        plain = carrier.answer
        carrier.answer = lambda request: re.sub(r"(?m)^From: .*?;tag", "From: <sip:alg@198.51.100.7>;tag", plain(request))
        status, line = self.one(carrier.address)
        self.assertEqual((status, line["nat"]["rewritten"]), (0, ["From"]))
        self.assertIn("headers changed on the way, most likely by a SIP ALG", line["warnings"])
        self.assertIn("alg: changed on the way: From", trunkha("probe", carrier.address).stdout)


@unittest.skipUnless(MOCK_DNS, "mock-dns was not built")
class Allowlist(Reach):
    def setUp(self):
        self.server = self.names("add carrier.test 60 A 192.0.2.1", "add carrier.test 60 A 192.0.2.2",
                                 "add carrier.test 60 AAAA 2001:db8::1",
                                 "add _sips._tcp.secure.test 30 SRV 0 0 5071 carrier.test").address

    def allowlist(self, trunks, *arguments, **changes):
        path = write_file(self, {"trunkGroups": [{"id": "g", "trunks": [
            {"id": f"t{n}", "sipAddress": uri} for n, uri in enumerate(trunks)]}], **changes})
        return trunkha("allowlist", path, "--dns", self.server, *arguments)

    def test_json_has_every_address_of_every_trunk(self):
        result = self.allowlist(["sip:carrier.test:5070", "sips:secure.test", "198.51.100.7"], "--format", "json")
        self.check_exit(result, 0)
        trunks = json.loads(result.stdout)
        self.assertEqual([trunk["trunkId"] for trunk in trunks], ["t0", "t1", "t2"])
        self.assertEqual({address["target"] for address in trunks[0]["addresses"]},
                         {"udp:192.0.2.1:5070", "udp:192.0.2.2:5070", "udp:[2001:db8::1]:5070"})
        self.assertEqual({address["target"] for address in trunks[1]["addresses"]},
                         {"tls:192.0.2.1:5071", "tls:192.0.2.2:5071", "tls:[2001:db8::1]:5071"})
        self.assertEqual(trunks[1]["addresses"][0]["protocol"], "tcp")
        self.assertEqual(trunks[1]["addresses"][0]["ttl"], 30)
        self.assertEqual(trunks[2]["addresses"], [{"target": "udp:198.51.100.7:5060", "address": "198.51.100.7",
                                                   "transport": "udp", "protocol": "udp", "port": 5060, "ttl": 0}])
        self.assertEqual(trunks[2]["rtp"], {"from": 10000, "to": 20000})
        self.assertEqual(trunks[2]["ownUdpPorts"], [])

    def test_our_own_ports_are_those_of_the_file(self):
        changes = {"sip": {"listen": ["udp:0.0.0.0:5060", "udp:[::]:5062"]}}
        result = self.allowlist(["198.51.100.7"], "--format", "json", **changes)
        self.assertEqual(json.loads(result.stdout)[0]["ownUdpPorts"], [5060, 5062])
        result = self.allowlist(["198.51.100.7"], **changes)
        self.assertIn("#   ip saddr @trunkha4 udp dport { 5060, 5062 } accept\n", result.stdout)
        result = self.allowlist(["198.51.100.7"], "--format", "iptables", **changes)
        self.assertIn("iptables -A trunkha -s 198.51.100.7 -p udp -m multiport --dports 5060,5062 ", result.stdout)

    def test_our_own_ports_are_those_of_local_addresses_too(self):
        for local, ports in (("192.0.2.9:5071", [5060, 5071]), ("192.0.2.9:5060", [5060]), ("192.0.2.9", [])):
            path = write_file(self, {"sip": {"listen": ["udp:0.0.0.0:5060"]}, "trunkGroups": [
                {"id": "g", "sipAddress": "198.51.100.7", "localAddress": local}]})
            result = trunkha("allowlist", path, "--format", "json")
            self.assertEqual(json.loads(result.stdout)[0]["ownUdpPorts"], ports, local)

    def test_nft_has_a_set_for_each_family(self):
        result = self.allowlist(["sip:carrier.test:5070", "sips:secure.test"], "--rtp", "30000-30999")
        self.check_exit(result, 0)
        self.assertIn('    192.0.2.1 comment "t0 udp/5070, t1 tls/5071"', result.stdout)
        self.assertIn('    2001:db8::1 comment "t0 udp/5070, t1 tls/5071"\n}', result.stdout)
        self.assertEqual(result.stdout.count("192.0.2.2 "), 1)
        self.assertIn("good for 30 s", result.stdout)
        self.assertIn("#   ip saddr @trunkha4 udp dport 30000-30999 accept\n", result.stdout)
        self.assertIn("#   ip6 saddr @trunkha6 tcp sport { 5071 } ct state established accept\n", result.stdout)
        statements = re.sub(r"(?m)^#.*\n", "", result.stdout)
        self.assertRegex(statements, r"^table inet filter \{\n    set trunkha4 \{\n        type ipv4_addr\n    \}\n")
        self.assertEqual(re.findall(r"(?m)^(flush|add) .*?(trunkha[46])", statements),
                         [("flush", "trunkha4"), ("add", "trunkha4"), ("flush", "trunkha6"), ("add", "trunkha6")])

    @unittest.skipUnless(NFT and not os.geteuid(), "nft is not installed, or we are not root")
    def test_nft_takes_it(self):
        result = self.allowlist(["sip:carrier.test:5070", "sips:secure.test", "198.51.100.7"])
        rules = re.findall(r"(?m)^#   (ip.*)$", result.stdout)
        chain = "add chain inet filter input { type filter hook input priority 0; }\n"
        text = result.stdout + chain + "".join(f"add rule inet filter input {rule}\n" for rule in rules)
        check = subprocess.run([NFT, "-c", "-f", "-"], input=text, capture_output=True, text=True, timeout=LIMIT)
        if "Operation not permitted" in check.stderr or "not supported" in check.stderr.lower():
            self.skipTest(f"nft may not look here: {check.stderr}")
        self.check_exit(check, 0)

    def test_iptables_has_a_chain_for_each_family(self):
        result = self.allowlist(["sip:carrier.test:5070", "sips:secure.test"], "--format", "iptables")
        lines = result.stdout.splitlines()
        self.assertIn("iptables -A trunkha -s 192.0.2.1 -p udp -m comment --comment 't0 udp/5070, t1 tls/5071' -j ACCEPT",
                      lines)
        self.assertIn("ip6tables -A trunkha -s 2001:db8::1 -p tcp -m conntrack --ctstate ESTABLISHED "
                      "-m comment --comment 't0 udp/5070, t1 tls/5071' -j ACCEPT", lines)
        self.assertTrue(subprocess.run(["sh", "-n"], input=result.stdout, text=True, check=True, timeout=LIMIT))

    def test_name_that_leads_nowhere_is_told_and_the_others_are_printed(self):
        result = self.allowlist(["sip:nobody.test:5060", "198.51.100.7"])
        self.check_exit(result, 2)
        self.assertRegex(result.stderr, r"trunk t0, sip:nobody\.test:5060: .*NXDOMAIN")
        self.assertIn("198.51.100.7", result.stdout)

    def test_ids_cannot_break_out_of_their_quotes(self):
        path = write_file(self, {"trunkGroups": [{"id": "g", "trunks": [
            {"id": "x';\"`reboot`$(reboot)", "sipAddress": "198.51.100.7"}]}]})
        for form in ("nft", "iptables"):
            result = trunkha("allowlist", path, "--format", form)
            self.check_exit(result, 0)
            self.assertRegex(result.stdout, r"[\"']x\?\?\?\?reboot\?\?\?reboot\? udp/5060[\"']")
            self.assertNotIn("`", result.stdout)

    def test_servers_and_ports_of_the_file_may_stand_in_the_environment(self):
        path = write_file(self, {"trunkGroups": [{"id": "g", "trunks": [{"id": "t", "sipAddress": "carrier.test:5070"}]}],
                                 "dns": {"servers": ["${DNS_HERE}"]}, "sip": {"listen": ["udp:0.0.0.0:${PORT_HERE}"]}})
        result = trunkha("allowlist", path, "--format", "json",
                         env=environment(DNS_HERE=self.server, PORT_HERE="5062"))
        self.check_exit(result, 0)
        trunk = json.loads(result.stdout)[0]
        self.assertIn("udp:192.0.2.1:5070", [address["target"] for address in trunk["addresses"]])
        self.assertEqual(trunk["ownUdpPorts"], [5062])

    def test_bad_configuration_is_told_with_its_place(self):
        path = write_file(self, '{"trunkGroups": [{"id": "g", "trunks": [{"id": "t"}]}]}')
        result = trunkha("allowlist", path)
        self.check_exit(result, 2)
        self.assertRegex(result.stderr, rf"^{re.escape(path)}:1:\d+: ")
        self.assertEqual(result.stdout, "")


def read_until(terminal, words):
    """What a program shows on its terminal until these words are among it."""
    shown = b""

    def has_come():
        nonlocal shown
        try:
            shown += os.read(terminal, 4096)
        except OSError:
            return True  # it has ended
        return words in shown
    wait_until(has_come, words)
    return shown


if __name__ == "__main__":
    cli.main()

"""Kamailio and sipp as carriers over TCP, TLS and IPv6: one connection that is kept, and each way for it to fail."""

import re
import subprocess
import unittest

from peers import (KAMAILIO, SIPP, TRUNKHA, TRUNK_STATE, Daemon, certificate, config, free_port, kamailio_over,
                   private_key, probe, sipp_carrier, skip, wait_until)


def trusting(**tls):
    """More of a trunk: whom to trust, and more of its TLS."""
    return {"tls": {"caFile": certificate("ca"), **tls}}


def uri(carrier, transport, host="127.0.0.1"):
    return f"sip:{host}:{carrier.port};transport={transport}"


def sources(carrier):
    """The ports that requests came from, as Kamailio tells."""
    return re.findall(r"carrier: \w+ from port (\d+)", carrier.read_log())


class Case(unittest.TestCase):
    def expect(self, daemon, state, reason, detail=".", after=0):
        event = daemon.wait_for(eventType=TRUNK_STATE, entityId="t0", after=after)
        self.assertEqual((event["state"], event["reasonCode"]), (state, reason), event)
        self.assertRegex(event["metadata"]["detail"], detail)
        return event

    def check_kept(self, transport, host, **trunk):
        with kamailio_over(transport, host=host) as carrier:
            with Daemon(config(uri(carrier, transport, host), trunk=trunk)) as daemon:
                self.expect(daemon, "AVAILABLE", "STARTUP")
                wait_until(lambda: len(sources(carrier)) >= 5, "five probes")
                self.assertEqual(len(set(sources(carrier))), 1)
                self.assertEqual(daemon.target()["target"], f"{transport}:{host}:{carrier.port}")
                self.assertEqual(daemon.target()["lastResponse"], 200)

    def check_returns(self, transport, **trunk):
        port = free_port()
        with kamailio_over(transport, port=port) as carrier:
            with Daemon(config(uri(carrier, transport), trunk=trunk)) as daemon:
                up = self.expect(daemon, "AVAILABLE", "STARTUP")
                carrier.end()
                down = self.expect(daemon, "DOWN", "NETWORK_ERROR", after=up["sequence"])
                with kamailio_over(transport, port=port):
                    self.expect(daemon, "AVAILABLE", "KEEPALIVE_RECOVERED", after=down["sequence"])


@unittest.skipUnless(KAMAILIO, "kamailio is not installed")
class KamailioOverUdp(Case):
    def test_carrier_over_ipv6_is_available(self):
        self.check_kept("udp", "[::1]")


@unittest.skipUnless(KAMAILIO, "kamailio is not installed")
class KamailioOverTcp(Case):
    def test_one_connection_serves_all_probes(self):
        self.check_kept("tcp", "127.0.0.1")

    def test_one_connection_serves_all_probes_over_ipv6(self):
        self.check_kept("tcp", "[::1]")

    def test_carrier_that_ends_is_down_and_comes_back_when_started_again(self):
        self.check_returns("tcp")

    def test_port_where_nobody_listens_is_a_network_error(self):
        with Daemon(config(f"sip:127.0.0.1:{free_port()};transport=tcp")) as daemon:
            self.expect(daemon, "DOWN", "NETWORK_ERROR")

    def test_probe_is_alive(self):
        with kamailio_over("tcp", host="[::1]") as carrier:
            code, answer = probe(uri(carrier, "tcp", "[::1]"))
            self.assertEqual((code, answer["result"], answer["code"]), (0, "alive", 200))


@unittest.skipUnless(KAMAILIO, "kamailio is not installed")
class KamailioOverTls(Case):
    def check_fails(self, detail, trunk=None, **carrier_options):
        with kamailio_over("tls", **carrier_options) as carrier:
            with Daemon(config(uri(carrier, "tls"), trunk=trunk or trusting())) as daemon:
                self.expect(daemon, "DOWN", "TLS_FAILURE", detail)
                self.assertEqual(sources(carrier), [])

    def test_one_connection_serves_all_probes(self):
        self.check_kept("tls", "127.0.0.1", **trusting())

    def test_one_connection_serves_all_probes_over_ipv6(self):
        self.check_kept("tls", "[::1]", **trusting())

    def test_carrier_that_ends_is_down_and_comes_back_when_started_again(self):
        self.check_returns("tls", **trusting())

    def test_certificate_for_the_configured_name_is_good(self):
        with kamailio_over("tls", certificate="wrong-name") as carrier:
            trunk = trusting(serverName="sip.other.example")
            with Daemon(config(uri(carrier, "tls"), trunk=trunk)) as daemon:
                self.expect(daemon, "AVAILABLE", "STARTUP")

    def test_authority_in_between_is_trusted_through_its_own(self):
        with kamailio_over("tls", certificate="chained") as carrier:
            with Daemon(config(uri(carrier, "tls"), trunk=trusting())) as daemon:
                self.expect(daemon, "AVAILABLE", "STARTUP")

    def test_expired_certificate_is_named(self):
        self.check_fails("expired", certificate="expired")

    def test_certificate_of_the_future_is_named(self):
        self.check_fails("not.*valid", certificate="future")

    def test_self_signed_certificate_is_named(self):
        self.check_fails("self-signed", certificate="self-signed")

    def test_certificate_for_another_name_is_named_with_its_names(self):
        self.check_fails("sip.other.example", certificate="wrong-name")

    def test_certificate_of_another_authority_is_named(self):
        self.check_fails("Some other CA", certificate="stranger")

    def test_carrier_without_a_version_that_is_new_enough_is_named(self):
        self.check_fails("version", trunk=trusting(minVersion="1.3"), method="TLSv1.2")

    def test_carrier_that_wants_a_certificate_of_ours_does_not_get_on_without(self):
        self.check_fails("certificate", wants_client=1)

    def test_carrier_that_wants_a_certificate_of_ours_gets_it(self):
        with kamailio_over("tls", wants_client=1) as carrier:
            ours = trusting(certFile=certificate("client"), keyFile=private_key("client"))
            with Daemon(config(uri(carrier, "tls"), trunk=ours)) as daemon:
                self.expect(daemon, "AVAILABLE", "STARTUP")

    def test_carrier_without_tls_is_never_asked_in_the_clear(self):
        with kamailio_over("tcp") as carrier, Daemon(config(uri(carrier, "tls"), trunk=trusting())) as daemon:
            self.expect(daemon, "DOWN", "TLS_FAILURE", "no TLS handshake")  # it waits for the rest of a request
            self.assertEqual(sources(carrier), [])

    def test_certificate_that_ends_soon_is_told(self):
        with kamailio_over("tls", certificate="soon") as carrier:
            with Daemon(config(uri(carrier, "tls"), trunk=trusting())) as daemon:
                daemon.wait_for(eventType="telephony.trunks.certificateExpiry", entityId="t0")

    def test_probe_tells_of_the_connection(self):
        with kamailio_over("tls", host="[::1]") as carrier:
            code, answer = probe(uri(carrier, "tls", "[::1]"), "--ca", certificate("ca"))
            self.assertEqual((code, answer["result"], answer["code"]), (0, "alive", 200))
            self.assertEqual((answer["tls"]["version"], answer["tls"]["verified"]), ("TLSv1.3", True))
            self.assertIn("sip.carrier.example", answer["tls"]["names"])

    def test_probe_of_a_stranger_is_dead_unless_it_need_not_be_verified(self):
        with kamailio_over("tls", certificate="stranger") as carrier:
            code, answer = probe(uri(carrier, "tls"), "--ca", certificate("ca"))
            self.assertEqual((code, answer["result"], answer["reasonCode"]), (2, "dead", "TLS_FAILURE"))
            code, answer = probe(uri(carrier, "tls"), "--ca", certificate("ca"), "--no-verify")
            self.assertEqual((code, answer["result"], answer["tls"]["verified"]), (0, "alive", False))


@unittest.skipUnless(SIPP, "sipp is not installed (package sip-tester)")
class SippOverTcp(Case):
    def test_carrier_that_says_200_is_available_until_it_ends(self):
        with sipp_carrier("answer", transport="tcp", CODE=200, PHRASE="OK") as carrier:
            with Daemon(config(uri(carrier, "tcp"))) as daemon:
                up = self.expect(daemon, "AVAILABLE", "STARTUP")
                carrier.end()
                self.expect(daemon, "DOWN", "NETWORK_ERROR", after=up["sequence"])

    def test_carrier_that_says_503_is_down(self):
        with sipp_carrier("answer", transport="tcp", CODE=503, PHRASE="Service Unavailable") as carrier:
            with Daemon(config(uri(carrier, "tcp"))) as daemon:
                event = self.expect(daemon, "DOWN", "KEEPALIVE_FAILURE")
                self.assertEqual(event["metadata"]["lastResponse"], 503)

    def test_carrier_that_takes_connections_and_says_nothing_is_down(self):
        with sipp_carrier("silent", transport="tcp") as carrier, Daemon(config(uri(carrier, "tcp"))) as daemon:
            self.expect(daemon, "DOWN", "KEEPALIVE_FAILURE")


def sipp_knows_tls():
    words = subprocess.run([SIPP, "-v"], capture_output=True, text=True, check=False).stdout if SIPP else ""
    return "TLS" in words.partition("\n\n")[0]


@unittest.skipUnless(sipp_knows_tls(), "this sipp was built without TLS")
class SippOverTls(Case):
    def test_carrier_that_says_200_is_available(self):
        with sipp_carrier("answer", transport="tls", CODE=200, PHRASE="OK") as carrier:
            with Daemon(config(uri(carrier, "tls"), trunk=trusting())) as daemon:
                self.expect(daemon, "AVAILABLE", "STARTUP")


if __name__ == "__main__":
    if not TRUNKHA:
        skip("the trunkha program was not built")
    unittest.main(verbosity=2)

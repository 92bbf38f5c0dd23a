"""dnsmasq as the resolver of carriers that have names: what it says changes, ends and comes back."""

import json
import pathlib
import signal
import socket
import subprocess
import tempfile
import threading
import unittest

import peers
from peers import PATIENCE, TRUNK_STATE, TRUNKHA, Daemon, Process, config, free_port, is_bound, probe, program, skip, wait_until

DNSMASQ = program("DNSMASQ", "dnsmasq", "/usr/sbin/dnsmasq")
peers.PATIENCE = 90  # a name that is not there is asked for again after half a minute
ADDRESS_CHANGE = "telephony.trunks.addressChange"


class Resolver(Process):
    """dnsmasq that knows the zone "test" alone: addresses from a file, the rest from options."""

    def __init__(self, *options, hosts=(), port=None):
        self.port = port or free_port()
        self.address = f"127.0.0.1:{self.port}"
        self.directory = tempfile.TemporaryDirectory(prefix="peers-dnsmasq-")
        self.hosts = pathlib.Path(self.directory.name) / "hosts"
        self.log = pathlib.Path(self.directory.name) / "log"
        self.write_hosts(hosts)
        with open(self.log, "w", encoding="ascii") as log:
            super().__init__(DNSMASQ, "--no-daemon", "--conf-file=/dev/null", f"--port={self.port}", "--user=root",
                             "--listen-address=127.0.0.1", "--bind-interfaces", "--no-resolv", "--no-hosts", "--pid-file=",
                             f"--addn-hosts={self.hosts}", "--local=/test/", "--local-ttl=1", *options, stdout=log,
                             stderr=log)
        wait_until(lambda: self.has_ended() or is_bound(self.port, "tcp"), f"port {self.port}")
        assert not self.has_ended(), self.log.read_text(encoding="ascii")

    def write_hosts(self, hosts):
        self.hosts.write_text("".join(f"{address} {name}\n" for address, name in hosts), encoding="ascii")

    def change(self, *hosts):
        self.write_hosts(hosts)
        self.process.send_signal(signal.SIGHUP)

    def end(self):
        code = super().end()
        self.directory.cleanup()
        return code


class Carrier:
    """Answers OPTIONS over UDP at an address of loopback with 200."""

    COPIED = ("via", "from", "to", "call-id", "cseq")

    def __init__(self, host, port=0):
        self.socket = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((host, port))
        self.port = self.socket.getsockname()[1]
        self.target = f"udp:[{host}]:{self.port}" if ":" in host else f"udp:{host}:{self.port}"
        self.is_open = True
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        while True:
            request, source = self.socket.recvfrom(65535)
            if not self.is_open:
                return
            lines = [line for line in request.decode().split("\r\n") if line.split(":")[0].lower() in self.COPIED]
            answer = "\r\n".join(["SIP/2.0 200 OK", *lines, "Content-Length: 0", "", ""]).replace(">\r\nCall", ">;tag=1\r\nCall")
            self.socket.sendto(answer.encode(), source)

    def close(self):
        if self.is_open:
            self.is_open = False
            with socket.socket(self.socket.family, socket.SOCK_DGRAM) as waker:
                waker.sendto(b"", self.socket.getsockname())
            self.thread.join(PATIENCE)
            self.socket.close()


class Named(unittest.TestCase):
    def carriers(self, *hosts):
        """Carriers at these addresses, all on one port."""
        port = free_port()
        carriers = [Carrier(host, port) for host in hosts]
        for carrier in carriers:
            self.addCleanup(carrier.close)
        return port, *carriers

    def resolver(self, *options, **words):
        resolver = Resolver(*options, **words)
        self.addCleanup(resolver.end)
        return resolver

    def configuration(self, resolver, *uris, **dns):
        return {**config(*uris, listen=None), "sip": {"listen": ["udp:0.0.0.0:0"]},
                "dns": {"servers": [resolver.address], "minTtl": 1, "timeout": 1, **dns}}

    def daemon(self, *arguments, **dns):
        daemon = Daemon(self.configuration(*arguments, **dns))
        self.addCleanup(daemon.end)
        return daemon

    @staticmethod
    def trunk(daemon):
        return daemon.ask("status", "-o", "json")[1]["trunkGroups"][0]["trunks"][0]

    def targets(self, daemon):
        return {target["target"]: target["state"] for target in self.trunk(daemon)["targets"]}

    def wait_for_targets(self, daemon, *targets):
        wanted = {target: "AVAILABLE" for target in targets}
        wait_until(lambda: self.targets(daemon) == wanted, f"targets {wanted}: {self.targets(daemon)}")

    def outages(self, daemon):
        return [event for event in daemon.events if event["eventType"] == TRUNK_STATE and event["state"] != "AVAILABLE"]


class Addresses(Named):
    def test_a_changed_address_is_probed_used_and_told(self):
        port, old, new = self.carriers("127.0.0.2", "127.0.0.3")
        resolver = self.resolver(hosts=[("127.0.0.2", "carrier.test")])
        daemon = self.daemon(resolver, f"sip:carrier.test:{port};transport=udp")
        self.wait_for_targets(daemon, old.target)

        resolver.change(("127.0.0.3", "carrier.test"))
        added = daemon.wait_for(eventType=ADDRESS_CHANGE, metadata={"added": [new.target]})
        daemon.wait_for(eventType=ADDRESS_CHANGE, metadata={"removed": [old.target]}, after=added["sequence"] - 1)
        self.wait_for_targets(daemon, new.target)
        self.assertEqual(self.outages(daemon), [])
        self.assertEqual(daemon.ask("route", "g0", "--json")[1]["candidates"][0]["target"], new.target)

    def test_an_address_that_does_not_answer_leaves_the_old_one_in_use_until_it_is_judged(self):
        port, old = self.carriers("127.0.0.2")
        resolver = self.resolver(hosts=[("127.0.0.2", "carrier.test")])
        daemon = self.daemon(resolver, f"sip:carrier.test:{port};transport=udp")
        self.wait_for_targets(daemon, old.target)
        resolver.change(("127.0.0.9", "carrier.test"))
        down = daemon.wait_for(eventType=TRUNK_STATE, entityId="t0", state="DOWN")
        self.assertEqual(down["reasonCode"], "NETWORK_ERROR")
        wait_until(lambda: list(self.targets(daemon)) == [f"udp:127.0.0.9:{port}"], "the old address gone")

    def test_both_families_are_targets(self):
        port, four, six = self.carriers("127.0.0.2", "::1")
        resolver = self.resolver(hosts=[("127.0.0.2", "carrier.test"), ("::1", "carrier.test")])
        configuration = self.configuration(resolver, f"sip:carrier.test:{port};transport=udp")
        configuration["sip"]["listen"].append("udp:[::]:0")
        daemon = Daemon(configuration)
        self.addCleanup(daemon.end)
        self.wait_for_targets(daemon, four.target, six.target)
        four.close()
        event = daemon.wait_for(eventType=TRUNK_STATE, entityId="t0", state="DEGRADED")
        self.assertEqual(daemon.ask("route", "g0", "--json")[1]["candidates"][0]["target"], six.target)
        self.assertEqual(event["metadata"]["target"], four.target)

    def test_an_alias_is_followed(self):
        port, carrier = self.carriers("127.0.0.2")
        resolver = self.resolver("--cname=alias.test,carrier.test", hosts=[("127.0.0.2", "carrier.test")])
        daemon = self.daemon(resolver, f"sip:alias.test:{port};transport=udp")
        self.wait_for_targets(daemon, carrier.target)

    def test_more_addresses_than_a_datagram_holds_are_all_read(self):
        hosts = [(f"127.0.1.{n}", "many.test") for n in range(1, 51)]
        resolver = self.resolver("--edns-packet-max=512", hosts=hosts)
        _, answer = probe("sip:many.test:9;transport=udp", "--dns", resolver.address, timeout=0.2)
        self.assertEqual({address["target"] for address in answer["resolution"]},
                         {f"udp:{address}:9" for address, _ in hosts})

    def test_a_resolver_that_refuses_all_but_addresses_is_asked_for_addresses(self):
        resolver = self.resolver(hosts=[("127.0.0.2", "carrier.example")])  # not of its zone: it has nothing else of that
        _, answer = probe("sip:carrier.example", "--dns", resolver.address, timeout=0.2)
        self.assertEqual([address["target"] for address in answer["resolution"]], ["udp:127.0.0.2:5060"])


class Services(Named):
    def services(self, *records):
        """SRV records ("127.0.0.2", port, priority, weight) of _sip._udp.carrier.test."""
        hosts = [(host, f"h{host.replace('.', '-')}.test") for host in {record[0] for record in records}]
        options = [f"--srv-host=_sip._udp.carrier.test,h{host.replace('.', '-')}.test,{port},{priority},{weight}"
                   for host, port, priority, weight in records]
        return self.resolver(*options, hosts=hosts)

    def test_the_better_priority_is_used_while_it_answers(self):
        first, second = Carrier("127.0.0.2"), Carrier("127.0.0.3")
        self.addCleanup(second.close)
        self.addCleanup(first.close)
        resolver = self.services(("127.0.0.3", second.port, 20, 0), ("127.0.0.2", first.port, 10, 0))
        daemon = self.daemon(resolver, "sip:carrier.test;transport=udp")
        self.wait_for_targets(daemon, first.target, second.target)

        def best():
            return daemon.ask("route", "g0", "--json")[1]["candidates"][0]["target"]

        self.assertEqual(best(), first.target)
        first.close()
        wait_until(lambda: best() == second.target, "the second in use")
        daemon.wait_for(eventType=TRUNK_STATE, entityId="t0", state="DEGRADED")

    def test_weights_are_told_and_prefer_the_heavier(self):
        heavy, light = Carrier("127.0.0.2"), Carrier("127.0.0.3")
        self.addCleanup(heavy.close)
        self.addCleanup(light.close)
        resolver = self.services(("127.0.0.2", heavy.port, 10, 99), ("127.0.0.3", light.port, 10, 1))
        results = [probe("sip:carrier.test;transport=udp", "--dns", resolver.address)[1] for _ in range(10)]
        self.assertEqual({(address["target"], address["weight"]) for address in results[0]["resolution"]},
                         {(heavy.target, 99), (light.target, 1)})
        self.assertGreater(sum(result["target"] == heavy.target for result in results), 5)

    def test_a_service_that_is_decidedly_not_there(self):
        resolver = self.resolver("--srv-host=_sip._udp.carrier.test")
        code, answer = probe("sip:carrier.test;transport=udp", "--dns", resolver.address)
        self.assertEqual((code, answer["result"]), (2, "dead"))
        daemon = self.daemon(resolver, "sip:carrier.test;transport=udp")
        down = daemon.wait_for(eventType=TRUNK_STATE, entityId="t0", state="DOWN")
        self.assertEqual((down["reasonCode"], down["metadata"]["detail"]), ("DNS_FAILURE", "service not offered"))

    def test_naptr_chooses_the_transport(self):
        carrier = Carrier("127.0.0.2")
        self.addCleanup(carrier.close)
        options = ["--naptr-record=carrier.test,10,10,s,SIP+D2T,,_sip._tcp.carrier.test",
                   "--naptr-record=carrier.test,20,10,s,SIP+D2U,,_sip._udp.carrier.test",
                   f"--srv-host=_sip._udp.carrier.test,host.test,{carrier.port},1,1"]
        tcp = f"--srv-host=_sip._tcp.carrier.test,host.test,{carrier.port},1,1"
        resolver = self.resolver(*options, tcp, hosts=[("127.0.0.2", "host.test")])
        answer = probe("sip:carrier.test", "--dns", resolver.address)[1]
        self.assertEqual(answer["target"], carrier.target.replace("udp", "tcp"))
        resolver.end()

        resolver = self.resolver(options[1], options[2], hosts=[("127.0.0.2", "host.test")])
        code, answer = probe("sip:carrier.test", "--dns", resolver.address)
        self.assertEqual((code, answer["target"]), (0, carrier.target))


class Trouble(Named):
    def test_a_name_that_is_not_there_is_a_dns_failure_until_it_is(self):
        port, carrier = self.carriers("127.0.0.2")
        resolver = self.resolver()
        daemon = self.daemon(resolver, f"sip:carrier.test:{port};transport=udp")
        down = daemon.wait_for(eventType=TRUNK_STATE, entityId="t0", state="DOWN")
        self.assertEqual(down["reasonCode"], "DNS_FAILURE")
        self.assertIn("NXDOMAIN", down["metadata"]["detail"])
        self.assertIn("NXDOMAIN", self.trunk(daemon)["dns"]["error"])
        resolver.change(("127.0.0.2", "carrier.test"))
        daemon.wait_for(eventType=TRUNK_STATE, entityId="t0", state="AVAILABLE", after=down["sequence"])
        self.wait_for_targets(daemon, carrier.target)
        self.assertIsNone(self.trunk(daemon)["dns"]["error"])

    def test_a_name_that_vanishes_is_no_outage_of_the_carrier(self):
        port, carrier = self.carriers("127.0.0.2")
        resolver = self.resolver(hosts=[("127.0.0.2", "carrier.test")])
        daemon = self.daemon(resolver, f"sip:carrier.test:{port};transport=udp")
        self.wait_for_targets(daemon, carrier.target)
        resolver.change()
        event = daemon.wait_for(eventType=ADDRESS_CHANGE, entityId="t0", reasonCode="DNS_FAILURE")
        self.assertIn("NXDOMAIN", event["metadata"]["detail"])
        self.assertIn("stay in use", event["metadata"]["detail"])
        self.wait_for_targets(daemon, carrier.target)
        resolver.change(("127.0.0.2", "carrier.test"))
        daemon.wait_for(eventType=ADDRESS_CHANGE, entityId="t0", after=event["sequence"])
        self.assertEqual(self.outages(daemon), [])

    def test_a_resolver_that_dies_takes_no_address_away_and_is_missed_until_it_is_back(self):
        port, carrier = self.carriers("127.0.0.2")
        resolver = self.resolver(hosts=[("127.0.0.2", "carrier.test")])
        daemon = self.daemon(resolver, f"sip:carrier.test:{port};transport=udp")
        self.wait_for_targets(daemon, carrier.target)
        resolver.end()
        event = daemon.wait_for(eventType=ADDRESS_CHANGE, entityId="t0", reasonCode="DNS_FAILURE")
        self.assertTrue(self.trunk(daemon)["dns"]["error"])
        self.wait_for_targets(daemon, carrier.target)
        self.resolver(hosts=[("127.0.0.2", "carrier.test")], port=resolver.port)
        daemon.wait_for(eventType=ADDRESS_CHANGE, entityId="t0", after=event["sequence"])
        wait_until(lambda: not self.trunk(daemon)["dns"]["error"], "the look-ups well again")
        self.assertEqual(self.outages(daemon), [])

    def test_a_dead_resolver_is_told_by_probe(self):
        code, answer = probe("sip:carrier.test", "--dns", f"127.0.0.1:{free_port()}")
        self.assertEqual((code, answer["result"]), (2, "dead"))
        self.assertTrue(answer["detail"])


class Allowlist(Named):
    def allowlist(self, configuration, *arguments):
        with tempfile.NamedTemporaryFile("w", suffix=".json", encoding="utf-8") as file:
            json.dump(configuration, file)
            file.flush()
            return subprocess.run([TRUNKHA, "allowlist", file.name, *arguments], capture_output=True, text=True,
                                  timeout=PATIENCE, check=False)

    def test_every_address_of_every_name_is_listed(self):
        resolver = self.resolver("--srv-host=_sip._udp.carrier.test,a.test,5070,1,1",
                                 "--srv-host=_sip._udp.carrier.test,b.test,5080,2,1",
                                 hosts=[("127.0.0.2", "a.test"), ("127.0.0.3", "b.test"), ("2001:db8::2", "b.test"),
                                        ("127.0.0.4", "c.test")])
        done = self.allowlist(self.configuration(resolver, "sip:carrier.test;transport=udp", "sip:c.test:5090;transport=tcp"),
                              "--format", "json")
        self.assertEqual(done.returncode, 0, done.stderr)
        listed = {trunk["trunkId"]: {address["target"] for address in trunk["addresses"]}
                  for trunk in json.loads(done.stdout)}
        self.assertEqual(listed, {"t0": {"udp:127.0.0.2:5070", "udp:127.0.0.3:5080", "udp:[2001:db8::2]:5080"},
                                  "t1": {"tcp:127.0.0.4:5090"}})

    def test_a_name_that_is_not_there_is_an_error(self):
        resolver = self.resolver(hosts=[("127.0.0.2", "a.test")])
        done = self.allowlist(self.configuration(resolver, "sip:a.test:5060;transport=udp", "sip:b.test:5060;transport=udp"))
        self.assertEqual(done.returncode, 2)
        self.assertIn("NXDOMAIN", done.stderr)


if __name__ == "__main__":
    if not DNSMASQ:
        skip("dnsmasq is not installed")
    if not TRUNKHA:
        skip("the trunkha program was not built")
    unittest.main(verbosity=2)

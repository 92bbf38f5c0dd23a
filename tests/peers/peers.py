"""Real SIP peers beside a running trunkha: starting them on free loopback ports, waiting for what they do, ending them.

Everything waits for an event with a generous limit; nothing is concluded from the clock. Every process is ended by its
own id, and limits its own life where it can.
"""

import atexit
import functools
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).parent
PATIENCE = 30  # seconds to wait for anything
LIFE = 120  # seconds after which a peer ends by itself
TRUNK_STATE = "telephony.trunks.stateChange"
ACTIVE_CHANGE = "telephony.trunkGroups.activeChange"


def program(variable, *names):
    """Path of a program: named by the build in the environment, or found on the way; None when it is not installed."""
    return os.environ.get(variable) or next(filter(None, map(shutil.which, names)), None)


TRUNKHA = program("TRUNKHA", "trunkha")
SIPP = program("SIPP", "sipp")
KAMAILIO = program("KAMAILIO", "kamailio", "/usr/sbin/kamailio")


def skip(why):
    print(f"skipped: {why}")
    sys.exit(77)


def free_port():
    """Free for UDP and for TCP."""
    while True:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp, socket.socket(socket.AF_INET) as tcp:
            udp.bind(("127.0.0.1", 0))
            port = udp.getsockname()[1]
            try:
                tcp.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


def wait_until(is_true, what):
    """Returns what is_true() returned when it was true for the first time."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if result := is_true():
            return result
        time.sleep(0.05)
    raise AssertionError(f"waited {PATIENCE} s in vain: {what}")


def socket_of(transport):
    return "udp" if transport == "udp" else "tcp"


def is_bound(port, transport="udp", process="self"):
    """Does anybody in the network of a process have the UDP port, or listen on the TCP port?"""
    wanted = f":{port:04X}"
    states = ("07", "0A")  # unconnected, listening
    lines = []
    for family in ("", "6"):
        with open(f"/proc/{process}/net/{transport}{family}", encoding="ascii") as table:
            lines += [line.split() for line in list(table)[1:]]
    return any(line[1].endswith(wanted) and line[3] in states for line in lines)


class Process:
    """A program that is started in `with` and ended at its end."""

    def __init__(self, *arguments, **options):
        self.process = subprocess.Popen([str(argument) for argument in arguments], stdin=subprocess.DEVNULL, **options)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()

    def end(self):
        if self.process.poll() is None:
            self.process.terminate()
        try:
            return self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()

    def has_ended(self):
        return self.process.poll() is not None


class Listener(Process):
    """A peer that listens on a port, its files in a directory that goes with it; ready when the port is its."""

    def __init__(self, port, template, words, command, transport="udp", network="self"):
        self.port = port or free_port()
        self.directory = tempfile.TemporaryDirectory(prefix="peers-")
        self.log = pathlib.Path(self.directory.name) / "log"
        path = self.fill(template, {"PORT": self.port, **words})
        with open(self.log, "w", encoding="utf-8") as log:
            super().__init__(*command(path, self.port, self.directory.name), stdout=log, stderr=log)
        try:
            wait_until(lambda: self.has_ended() or is_bound(self.port, transport, network), f"port {self.port}")
            assert not self.has_ended(), self.read_log()
        except AssertionError:
            self.end()
            raise

    def fill(self, template, words):
        """Copies a file into the directory, with every @WORD@ replaced."""
        text = (HERE / template).read_text(encoding="ascii")
        for word, value in words.items():
            text = text.replace(f"@{word}@", str(value))
        path = pathlib.Path(self.directory.name) / pathlib.Path(template).name
        path.write_text(text, encoding="ascii")
        return path

    def end(self):
        code = super().end()
        if self.log.exists():
            self.last_words = self.read_log()
        self.directory.cleanup()
        return code

    def read_log(self):
        return self.log.read_text(encoding="utf-8", errors="replace")

    def wait_for_log(self, words):
        wait_until(lambda: words in self.read_log(), f"{words!r} in the log")


def sipp_carrier(scenario, port=None, transport="udp", **words):
    """sipp playing a carrier by a scenario of sipp/, all of it on one socket."""
    mode = {"udp": ["u1"], "tcp": ["t1"],
            "tls": ["l1", "-tls_cert", certificate("server"), "-tls_key", private_key("server")]}[transport]
    return Listener(port, f"sipp/{scenario}.xml", words, lambda path, port, directory: (
        SIPP, "-sf", path, "-i", "127.0.0.1", "-p", port, "-nostdin", "-deadcall_wait", 0,
        "-timeout", f"{LIFE}s", "-t", *mode), transport=socket_of(transport))


def sipp_messages(carrier):
    """How many requests a sipp that has ended says it took, and how many answers it sent."""
    def count(arrow):
        return sum(int(number) for number in re.findall(rf"^ *{arrow} \w+ +(\d+) ", carrier.last_words, re.MULTILINE))
    return count("-+>"), count("<-+")


def sipp_caller(scenario, port, calls):
    """sipp sending requests to a port of ours; returns its exit code, 0 when every call went as the scenario says."""
    command = [SIPP, "-sf", HERE / "sipp" / f"{scenario}.xml", "-i", "127.0.0.1", "-p", free_port(), "-nostdin",
               "-m", calls, "-r", 10, "-timeout", f"{PATIENCE}s", "-timeout_error", f"127.0.0.1:{port}"]
    with Process(*command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as sipp:
        return sipp.process.wait(2 * PATIENCE)


def kamailio(config, port=None, **words):
    """Kamailio with a configuration of kamailio/."""
    return Listener(port, f"kamailio/{config}.cfg", words, lambda path, port, directory: (
        KAMAILIO, "-f", path, "-DD", "-E", "-m", 64, "-M", 8, "-Y", directory, "-w", directory))


def kamailio_over(transport, host="127.0.0.1", port=None, certificate="server", method="TLSv1.2+", wants_client=0,
                  network="self"):
    """Kamailio as the edge of a carrier; `certificate` is one of certificates(), `network` a process in another one."""
    port = port or free_port()
    words = {"LISTEN": f"{transport}:{host}:{port}", "CERTIFICATES": certificates(), "CERTIFICATE": certificate,
             "METHOD": method, "WANTS_CLIENT": wants_client}
    there = [] if network == "self" else ["nsenter", "-t", network, "-n"]
    return Listener(port, "kamailio/edge.cfg", words, lambda path, port, directory: (
        *there, KAMAILIO, "-f", path, "-A", transport.upper(), "-DD", "-E", "-m", 64, "-M", 8, "-Y", directory, "-w", directory),
        transport=socket_of(transport), network=network)


@functools.cache
def certificates():
    """The directory with what certificates.sh has made, for as long as we run."""
    directory = tempfile.TemporaryDirectory(prefix="peers-certificates-")
    atexit.register(directory.cleanup)
    subprocess.run(["sh", HERE.parent / "mock" / "certificates.sh", directory.name], check=True, timeout=PATIENCE)
    return directory.name


def certificate(name):
    return f"{certificates()}/{name}.pem"


def private_key(name):
    return f"{certificates()}/{name}.key"


def uri_of(peer):
    return peer if isinstance(peer, str) else f"sip:127.0.0.1:{peer}"


def config(*peers, host="127.0.0.1", listen=None, trunk=None, **keepalive):
    """A configuration with one group of one trunk for each carrier, a port on loopback or a URI; each fails over to the
    next. `trunk`: more of each trunk."""
    timing = {"interval": 1, "suspectInterval": 0.5, "downInterval": 1, "timeout": 0.7, "maxFailedAttempts": 3,
              "maxProbesPerMinute": 600}
    groups = [{"id": f"g{n}", "name": f"group {n}",
               "trunks": [{"id": f"t{n}", "name": f"trunk {n}", "sipAddress": uri_of(peer), **(trunk or {})}]}
              for n, peer in enumerate(peers)]
    for group, following in zip(groups, groups[1:]):
        group["failoverTrunkGroupId"] = following["id"]
    return {"trunkGroups": groups, "keepalive": {**timing, **keepalive},
            "sip": {"listen": [f"udp:{host}:{listen or 0}"]}}


class Daemon(Process):
    """`trunkha run` with its events collected."""

    def __init__(self, configuration):
        self.directory = tempfile.TemporaryDirectory(prefix="peers-trunkha-")
        self.view = f"peers-{os.getpid()}-{free_port()}"
        self.events = []
        path = pathlib.Path(self.directory.name) / "trunks.json"
        path.write_text(json.dumps(configuration), encoding="utf-8")
        super().__init__(TRUNKHA, "run", path, "--events", "jsonl", "--view", self.view, stdout=subprocess.PIPE, text=True)
        self.reader = threading.Thread(target=self.read_events, daemon=True)
        self.reader.start()
        try:
            self.wait_for(eventType="telephony.instance.ready")
        except AssertionError:
            self.end()
            raise

    def read_events(self):
        for line in self.process.stdout:
            self.events.append(json.loads(line))

    def end(self):
        code = super().end()
        self.reader.join(PATIENCE)
        self.process.stdout.close()
        self.directory.cleanup()
        pathlib.Path(f"/dev/shm/trunkha.{self.view}").unlink(missing_ok=True)
        return code

    def wait_for(self, after=0, metadata=None, **fields):
        """The first event whose sequence is above `after` that has these fields, and these in its metadata."""
        def fits(event):
            return (event["sequence"] > after and fields.items() <= event.items()
                    and (metadata or {}).items() <= event.get("metadata", {}).items())
        return wait_until(lambda: next(filter(fits, list(self.events)), None), f"event {fields} {metadata or ''}")

    def ask(self, command, *arguments):
        """Exit code and JSON answer of a client command."""
        done = subprocess.run([TRUNKHA, command, *arguments, "--view", self.view], capture_output=True, text=True,
                              timeout=PATIENCE, check=False)
        return done.returncode, json.loads(done.stdout)

    def target(self, group=0):
        """The first target of a group as the status shows it."""
        return self.ask("status", "-o", "json")[1]["trunkGroups"][group]["trunks"][0]["targets"][0]


def probe(peer, *arguments, timeout=2, password=None):
    """Exit code and JSON answer of a one-shot probe."""
    env = {**os.environ, **({"TRUNKHA_PASSWORD": password} if password else {})}
    done = subprocess.run([TRUNKHA, "probe", uri_of(peer), "-c", "1", "--timeout", str(timeout), "--json", *arguments],
                          capture_output=True, text=True, timeout=PATIENCE, check=False, env=env)
    return done.returncode, json.loads(done.stdout)

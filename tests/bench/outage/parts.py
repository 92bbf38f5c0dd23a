"""What the outage benchmarks put together: callers and carriers of sipp, the proxies under test, lines with goals."""

import contextlib
import json
import pathlib
import sys
import tempfile

from door import Gate

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "peers"))

from peers import KAMAILIO, SIPP, Listener, free_port, program, skip, wait_until  # noqa: E402

HERE = pathlib.Path(__file__).parent
PROXY = program("TRUNKHA_PROXY", "trunkha-proxy")
MOCK = program("MOCK_CARRIER", "mock-carrier")
BENCH_CALL = program("BENCH_CALL", "bench-call")
PROGRAMS = {"sipp": SIPP, "trunkha-proxy": PROXY, "Kamailio": KAMAILIO, "mock-carrier": MOCK, "bench-call": BENCH_CALL}
NEVER = float("inf")
LIFE = 600  # seconds after which a carrier ends by itself
RING = 20  # ms until a carrier answers: less than lies between two calls, so that at times nobody's phone rings

NO_RESPONSE = 1  # seconds: how long a proxy waits for the first sign of a carrier
NO_RING = 2  # seconds: how long for the callee to ring
HOLD_DOWN = 5  # seconds of unbroken health before calls go back to the primary
DOWN_INTERVAL = 3  # seconds between probes of a trunk that is down


def need(*names):
    """Ends the benchmark as skipped when a program is not there."""
    for name in names:
        if not PROGRAMS[name]:
            skip(f"{name} is not there")


def carrier(port, door_port):
    """A healthy carrier that is asked at `door_port`."""
    return Listener(port, HERE / "carrier.xml", {"RING": RING, "DOOR": door_port}, lambda path, port, directory: (
        SIPP, "-sf", path, "-i", "127.0.0.1", "-p", port, "-nostdin", "-deadcall_wait", 0, "-timer_resol", 1,
        "-timeout", f"{LIFE}s"))


@contextlib.contextmanager
def gated_carrier(faults=()):
    """A healthy carrier behind a gate that has faults."""
    port = free_port()
    gate = Gate(port, faults)
    with carrier(port, gate.port), gate:
        yield gate


def is_up(proxy, trunk):
    """Has the proxy's log told that a trunk is AVAILABLE?"""
    return any(f'"entityId":"{trunk}"' in line and '"state":"AVAILABLE"' in line for line in proxy.read_log().splitlines())


def configuration(primary, secondary, no_response=NO_RESPONSE, no_ring=NO_RING, retry_budget=20):
    """What is in trunks.json, for two carriers."""
    text = (HERE / "trunks.json").read_text(encoding="ascii")
    words = {"PRIMARY": primary, "SECONDARY": secondary, "NO_RESPONSE": no_response, "NO_RING": no_ring,
             "HOLD_DOWN": HOLD_DOWN, "DOWN_INTERVAL": DOWN_INTERVAL, "RETRY_BUDGET": retry_budget}
    for word, value in words.items():
        text = text.replace(f"@{word}@", str(value))
    return json.loads(text)


@contextlib.contextmanager
def running_proxy(config, *options):
    """trunkha-proxy with a configuration, ready."""
    with tempfile.TemporaryDirectory(prefix="outage-") as directory:
        path = pathlib.Path(directory) / "trunks.json"
        path.write_text(json.dumps(config, indent=1), encoding="ascii")
        with Listener(0, path, {}, lambda path, port, directory: (
                PROXY, path, "--listen", f"127.0.0.1:{port}", "--profile", "RP-GENERAL", *options)) as proxy:
            proxy.wait_for_log("ready")
            yield proxy


@contextlib.contextmanager
def trunkha_proxy(primary, secondary, **timing):
    """trunkha-proxy between two carriers that it has found alive."""
    with running_proxy(configuration(primary, secondary, **timing), "--events", "jsonl") as proxy:
        for trunk in ("a1", "b1"):
            wait_until(lambda trunk=trunk: is_up(proxy, trunk), f"{trunk} available")
        yield proxy


@contextlib.contextmanager
def kamailio_proxy(primary, secondary, no_response=NO_RESPONSE, no_ring=NO_RING, retry_budget=None):
    """Kamailio between two carriers; it knows no budget for retries."""
    del retry_budget
    with tempfile.TemporaryDirectory(prefix="outage-") as directory:
        destinations = pathlib.Path(directory) / "dispatcher.list"
        destinations.write_text(f"1 sip:127.0.0.1:{primary} 0 2\n1 sip:127.0.0.1:{secondary} 0 1\n", encoding="ascii")
        words = {"LIST": destinations, "NO_RESPONSE_MS": int(no_response * 1000), "NO_RING_MS": int(no_ring * 1000)}
        with Listener(0, HERE / "kamailio.cfg", words, lambda path, port, directory: (
                KAMAILIO, "-f", path, "-DD", "-E", "-m", 512, "-M", 8, "-Y", directory, "-w", directory)) as proxy:
            yield proxy


SYSTEMS = {"trunkha-proxy": trunkha_proxy, "Kamailio": kamailio_proxy}


class Call:
    """What the caller saw of a call; Unix seconds, None = never."""
    dialled = ringing = answered = None

    def delay(self):
        """Post-dial delay: from the first INVITE to the first 18x or 200."""
        first = self.ringing or self.answered
        return first - self.dialled if first else None


def place_calls(port, rate, count, talk=1):
    """sipp calls through a proxy, `rate` calls a second that talk `talk` seconds; returns when all are over."""
    words = {"TALK": int(talk * 1000)}
    calls = {}
    with tempfile.TemporaryDirectory(prefix="outage-") as directory:
        log = pathlib.Path(directory) / "calls"
        with Listener(0, HERE / "caller.xml", words, lambda path, own_port, _: (
                SIPP, "-sf", path, "-i", "127.0.0.1", "-p", own_port, "-nostdin", "-timer_resol", 1, "-r", rate, "-m", count,
                "-l", count, "-trace_logs", "-log_file", log, f"127.0.0.1:{port}")) as sipp:
            sipp.process.wait(LIFE)
        for line in log.read_text(encoding="ascii").splitlines():
            what, call_id, *_, seconds = line.split()
            setattr(calls.setdefault(call_id.encode(), Call()), what, float(seconds))
    return list(calls.values())


def seconds_on_both(primary, secondary):
    """For each call that both carriers answered: how long both held it for alive."""
    pairs = ((leg, secondary.legs[call_id]) for call_id, leg in primary.legs.items() if call_id in secondary.legs)
    return [max(0, min(a.ended or NEVER, b.ended or NEVER) - max(a.answered, b.answered))
            for a, b in pairs if a.answered and b.answered]

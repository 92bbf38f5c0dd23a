"""200 calls/s through trunkha-proxy on one core while its engine probes 1,000 targets: how much of it is the library's.

    load.py [--seconds 30] [--targets 1000] [--rate 200]

The library's share is the CPU time of its thread, and what calls cost in the proxy's own thread: as many as were placed,
times what bench-call measures for one.
Exit code: 0 = every goal reached, 1 = one was missed, 77 = something is not installed.
"""

import argparse
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys
import time

import figures
from parts import BENCH_CALL, MOCK, carrier, configuration, free_port, need, place_calls, running_proxy, wait_until

INTERVAL = 30  # seconds between probes of a target
LIFE = 120  # seconds that the mock carrier lives longer than it is needed
WARM_UP = 3  # seconds of calls before anything is measured
REPORTS = 2  # that the proxy makes of a call that rings and is answered
SHARE = 5  # per cent of the core
PROMPT = 0.2  # seconds until the phone rings


CORES = sorted(os.sched_getaffinity(0))


def move_to_core(number):
    """What is started from now on runs there, as far as there are enough cores."""
    os.sched_setaffinity(0, {CORES[number % len(CORES)]})


class Mock:
    """The mock carrier of tests/mock with as many targets, 127.1.0.1 onwards."""

    def __init__(self, targets, seconds):
        self.process = subprocess.Popen([MOCK, "--addresses", str(targets), "--seconds", str(seconds)], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.targets = targets
        self.port = int(self.process.stdout.readline().split()[1])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.communicate("quit\n")

    def probes(self):
        self.process.stdin.write("count\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline().split()[2])

    def groups(self):
        """Trunk groups of two."""
        def trunk(n):
            return {"id": f"m{n}", "sipAddress": f"sip:127.1.{(n + 1) // 256}.{(n + 1) % 256}:{self.port}"}
        return [{"id": f"mock-{n}", "trunks": [trunk(m) for m in (n, n + 1) if m < self.targets]}
                for n in range(0, self.targets, 2)]


def cpu_by_thread(pid):
    """CPU seconds by thread name; proc(5): utime and stime are fields 14 and 15."""
    seconds = {}
    for stat in pathlib.Path(f"/proc/{pid}/task").glob("*/stat"):
        name, fields = re.fullmatch(r"\d+ \((.*)\) (.*)\n", stat.read_text(encoding="ascii")).groups()
        ticks = sum(map(int, fields.split()[11:13]))
        seconds[name] = seconds.get(name, 0) + ticks / os.sysconf("SC_CLK_TCK")
    return seconds


def cost_of_call():
    """Seconds that the library takes of the thread that has the call."""
    output = subprocess.run([BENCH_CALL], capture_output=True, text=True, check=False).stdout
    begin, report, end = (float(re.search(rf"^call {part}: ([\d.]+) ns", output, re.MULTILINE).group(1)) * 1e-9
                          for part in ("begin", "report", "end"))
    return begin + REPORTS * report + end


def measure(arguments):
    """All calls, probes a second, and the per cent of its core that each thread of the proxy took."""
    config = configuration(primary := free_port(), secondary := free_port())
    move_to_core(1)
    with (carrier(primary, primary), carrier(secondary, secondary),
          Mock(arguments.targets, arguments.seconds + LIFE) as mock, concurrent.futures.ThreadPoolExecutor() as pool):
        config["trunkGroups"] += mock.groups()
        config["keepalive"]["interval"] = INTERVAL
        move_to_core(0)
        with running_proxy(config) as proxy:
            move_to_core(1)
            wait_until(lambda: mock.probes() >= arguments.targets, "every target probed")
            time.sleep(INTERVAL)  # the first probes come at once: here begins the steady round
            calls = pool.submit(place_calls, proxy.port, arguments.rate, arguments.rate * (WARM_UP + arguments.seconds + 1))
            time.sleep(WARM_UP)
            probes, before, start = mock.probes(), cpu_by_thread(proxy.process.pid), time.monotonic()
            time.sleep(arguments.seconds)
            after, wall = cpu_by_thread(proxy.process.pid), time.monotonic() - start
            probes = (mock.probes() - probes) / wall
            return calls.result(), probes, {name: 100 * (after[name] - before.get(name, 0)) / wall for name in after}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=int, default=30)
    parser.add_argument("--targets", type=int, default=1000)
    parser.add_argument("--rate", type=int, default=200)
    arguments = parser.parse_args()
    need("sipp", "trunkha-proxy", "mock-carrier", "bench-call")

    in_calls = 100 * arguments.rate * cost_of_call()
    calls, probes, threads = measure(arguments)
    wanted = arguments.targets / INTERVAL
    figures.note("probes", probes, "per second")
    for name, percent in threads.items():
        figures.note(f"CPU of the thread {name}", percent, "% of a core")
    figures.note("of it the library's, in calls", in_calls, "% of a core")
    missed = figures.at_most("the library's share of the core", threads["trunkha"] + in_calls, "%", SHARE)
    missed += figures.at_most("probes short of the plan", max(0, wanted - probes), "per second", wanted / 10)
    missed += figures.at_most("calls lost", sum(not call.answered for call in calls), "calls", 0)
    worst = max(call.delay() or 0 for call in calls)
    return min(1, missed + figures.at_most(f"worst post-dial delay at {arguments.rate} calls/s", worst, "s", PROMPT))


if __name__ == "__main__":
    sys.exit(main())

"""What callers notice when the primary carrier fails and returns: trunkha-proxy, and beside it Kamailio.

    outage.py [--seconds 60] [--faults silent,503] [--systems trunkha-proxy,Kamailio] [--jobs 2] [--logs DIRECTORY]

sipp places 20 calls a second. The primary has the fault from a quarter of the time until two thirds: 15 s to 40 s of 60.
Exit code: 0 = every goal reached, 1 = one was missed, 77 = something is not installed.
"""

import argparse
import concurrent.futures
import pathlib
import statistics
import sys
import time

import figures
from parts import (DOWN_INTERVAL, HOLD_DOWN, KAMAILIO, NO_RESPONSE, NO_RING, SYSTEMS, gated_carrier, need, place_calls,
                   seconds_on_both)

RATE = 20  # calls a second
FLAP = 3  # seconds that a flapping carrier is silent, and then well
PROMPT = 0.2  # seconds: a call that rings within it was not delayed
HANDFUL = 5  # calls sent to a dead trunk that is suspected
SOFT_HANDFUL = 8  # where failures are soft, and it takes six of them to be sure
BACK = HOLD_DOWN + 2 * 1.1 * DOWN_INTERVAL + 1  # seconds: two probes with jitter are answered, then the hold-down passes
NEVER = 999  # seconds

# how many seconds the first call that meets the fault takes to tell of it
FAULTS = {"silent": NO_RESPONSE, "503": 0, "refused": NO_RESPONSE, "only-100": NO_RING, "flapping": NO_RESPONSE,
          "503-calls": 0}

HEADINGS = ("primary", "system", "placed", "answered", "lost", "delayed", "mean ms", "worst ms", "to dead", "twice",
            "back s")
ROW = "{:<10} {:<14} {:>6} {:>8} {:>5} {:>8} {:>8} {:>8} {:>8} {:>6} {:>7}"


def timeline(fault, start, end):
    if fault != "flapping":
        return [(start, end, fault)]
    return [(second, min(second + FLAP, end), "silent") for second in range(int(start), int(end), 2 * FLAP)]


class Outcome:
    """What came of one system in one fault."""

    def __init__(self, fault, calls, primary, secondary, end):
        delays = [call.delay() for call in calls if call.answered]
        self.placed = len(calls)
        self.answered = len(delays)
        self.lost = self.placed - self.answered
        self.delayed = sum(delay > PROMPT for delay in delays)
        self.mean = statistics.fmean(delays or [0])
        self.worst = max(delays, default=0)
        self.wasted = count_wasted(primary, FAULTS[fault])
        self.twice = sum(seconds > PROMPT for seconds in seconds_on_both(primary, secondary))
        self.back = seconds_until_back(primary, secondary, primary.began + end)

    def print_row(self, fault, system):
        wasted = "unseen" if self.wasted is None else self.wasted
        back = f"{self.back:.1f}" if self.back < NEVER else "never"
        print(ROW.format(fault, system, self.placed, self.answered, self.lost, self.delayed, f"{self.mean * 1000:.1f}",
                         f"{self.worst * 1000:.1f}", wasted, self.twice, back), flush=True)

    def print_goals(self, fault):
        """Returns how many were missed."""
        limit = (NO_RING if fault == "only-100" else NO_RESPONSE) + 0.2
        missed = figures.at_most(f"{fault}, calls lost", self.lost, "calls", 0)
        missed += figures.at_most(f"{fault}, worst post-dial delay", self.worst, "s", limit)
        missed += figures.at_most(f"{fault}, calls alive on two trunks", self.twice, "calls", 0)
        if fault == "flapping":  # it is suspected anew each time; and kept away for the longer, the more it flaps
            return missed
        if self.wasted is not None:
            handful = SOFT_HANDFUL if fault == "only-100" else HANDFUL
            missed += figures.at_most(f"{fault}, sent to the dead trunk after suspicion", self.wasted, "calls", handful)
        if fault == "503-calls":  # only calls can tell that it has returned, and they try less and less often
            return missed
        return missed + figures.at_most(f"{fault}, back on the primary", self.back, "s", BACK)


def count_wasted(primary, suspicion):
    """Calls that were sent to the dead primary when the first of them had told of it; None = they could not be seen."""
    arrivals = sorted(leg.arrived for leg in primary.legs.values() if leg.fault)
    if not primary.can_hear_refused:
        return None
    return sum(arrival > arrivals[0] + suspicion for arrival in arrivals)


def seconds_until_back(primary, secondary, returned):
    """From the primary's return to the last call that the secondary got; NEVER if the primary got none after that."""
    last = max([leg.arrived for leg in secondary.legs.values()], default=0)
    is_back = any(leg.arrived > max(last, returned) for leg in primary.legs.values())
    return max(0, last - returned) if is_back else NEVER


def run(fault, system, seconds, logs):
    start, end = seconds / 4, seconds * 2 / 3
    with gated_carrier(timeline(fault, start, end)) as primary, gated_carrier() as secondary:
        with SYSTEMS[system](primary.port, secondary.port) as proxy:
            calls = place_calls(proxy.port, RATE, int(RATE * seconds))
            time.sleep(2 * NO_RESPONSE)  # for stragglers of calls given up
        if logs:
            (logs / f"{fault}-{system}.log").write_text(proxy.last_words, encoding="utf-8")
    return Outcome(fault, calls, primary, secondary, end)


def run_all(arguments):
    """Prints a row for each run in the order of the plan; returns the outcomes."""
    plan = [(fault, system) for fault in arguments.faults for system in arguments.systems]
    outcomes = {}
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        results = pool.map(lambda pair: run(*pair, arguments.seconds, arguments.logs), plan)
        for pair, outcome in zip(plan, results):
            outcomes[pair] = outcome
            outcome.print_row(*pair)
    return outcomes


def read_arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--faults", default=",".join(FAULTS))
    parser.add_argument("--systems", default=",".join(SYSTEMS))
    parser.add_argument("--jobs", type=int, default=2, help="runs at the same time")
    parser.add_argument("--logs", type=pathlib.Path, help="keeps there what the proxies said")
    arguments = parser.parse_args()
    arguments.faults, arguments.systems = arguments.faults.split(","), arguments.systems.split(",")
    return arguments


def main():
    arguments = read_arguments()
    if "Kamailio" in arguments.systems and not KAMAILIO:
        print("Kamailio: skipped, not installed")
        arguments.systems.remove("Kamailio")
    need("sipp", *arguments.systems)

    print(f"{RATE} calls/s for {arguments.seconds:g} s; no response in {NO_RESPONSE} s, no ring in {NO_RING} s: the next "
          f"trunk.\nHold-down of trunkha-proxy {HOLD_DOWN} s; Kamailio probes every second, its thresholds are 1.\n")
    print(ROW.format(*HEADINGS), flush=True)
    outcomes = run_all(arguments)
    print()
    return min(1, sum(outcome.print_goals(fault) for (fault, system), outcome in outcomes.items()
                      if system == "trunkha-proxy"))


if __name__ == "__main__":
    sys.exit(main())

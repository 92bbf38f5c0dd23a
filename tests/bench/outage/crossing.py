"""No call is ever alive on two trunks: 1,000 calls whose 200 crosses the CANCEL, 1,000 whose 200 comes after the deadline.

    crossing.py [--systems trunkha-proxy] [--calls 1000]

Every other call is answered in time, so that the primary stays in use. A call lives on a trunk from the 200 that left it to
the BYE that came. Exit code: 0 = every goal reached, 1 = one was missed, 77 = something is not installed.
"""

import argparse
import random
import sys
import time

import figures
from door import LateCarrier
from parts import SYSTEMS, gated_carrier, need, place_calls, seconds_on_both

RATE = 60  # calls a second
TALK = 3  # seconds: far longer than it takes to end a late answer
DEADLINE = 0.4  # seconds: no response, or no ring
LATEST = 0.1  # seconds after the deadline that an answer comes
ENDED = 0.5  # seconds that it may take to end a late answer


def run(system, is_crossing, count):
    times = random.Random(1)
    late = LateCarrier(is_crossing, lambda: DEADLINE + times.uniform(0, LATEST))
    with late, gated_carrier() as secondary:
        with SYSTEMS[system](late.port, secondary.port, no_response=DEADLINE, no_ring=DEADLINE, retry_budget=100) as proxy:
            calls = place_calls(proxy.port, RATE, 2 * count, TALK)
            time.sleep(1)
    return calls, late, secondary


def report(name, calls, late, secondary, count):
    """Returns how many goals were missed."""
    both = seconds_on_both(late, secondary)
    legs = [leg for door in (late, secondary) for leg in door.legs.values() if leg.answered]
    figures.note(f"{name}, calls", len(calls), "calls")
    figures.note(f"{name}, answers that came too late", late.late, "answers")
    figures.note(f"{name}, longest life of a late answer", max(both, default=0), "s")
    missed = figures.at_most(f"{name}, calls short of those wanted", max(0, count - late.late), "calls", 0)
    missed += figures.at_most(f"{name}, calls lost", sum(not call.answered for call in calls), "calls", 0)
    missed += figures.at_most(f"{name}, calls alive on two trunks", sum(seconds > ENDED for seconds in both), "calls", 0)
    return missed + figures.at_most(f"{name}, answers never ended", sum(not leg.ended for leg in legs), "answers", 0)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--systems", default="trunkha-proxy")
    parser.add_argument("--calls", type=int, default=1000)
    arguments = parser.parse_args()
    systems = arguments.systems.split(",")
    need("sipp", *systems)

    missed = 0
    for system in systems:
        for kind, is_crossing in {"200 crosses CANCEL": True, "200 after the deadline": False}.items():
            name = kind if system == "trunkha-proxy" else f"{system}, {kind}"
            missed += report(name, *run(system, is_crossing, arguments.calls), arguments.calls)
    return min(1, missed)


if __name__ == "__main__":
    sys.exit(main())

"""The standby gets nothing while the active trunk is well: 1,000 calls through trunkha-proxy, counted at both carriers.

Exit code: 0 = every goal reached, 1 = one was missed, 77 = something is not installed.
"""

import sys

import figures
from parts import gated_carrier, need, place_calls, trunkha_proxy

CALLS = 1000
RATE = 100  # calls a second


def main():
    need("sipp", "trunkha-proxy")
    with gated_carrier() as active, gated_carrier() as standby, trunkha_proxy(active.port, standby.port) as proxy:
        calls = place_calls(proxy.port, RATE, CALLS)

    figures.note("calls at the active trunk", len(active.legs), "calls")
    missed = figures.at_most("calls that were not answered", CALLS - sum(bool(call.answered) for call in calls), "calls", 0)
    return min(1, missed + figures.at_most("INVITEs at the standby while the active is well", len(standby.legs), "calls", 0))


if __name__ == "__main__":
    sys.exit(main())

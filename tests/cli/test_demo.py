"""trunkha demo: the whole story, and nothing left behind when it is cut short."""

import re
import signal
import time

import cli
from cli import trunkha, wait_until

STORY = [
    "carrier-a is AVAILABLE (STARTUP)",
    "new calls go to carrier-a",
    "carrier-a goes silent",
    "carrier-a is DOWN (KEEPALIVE_FAILURE)",
    "new calls go to carrier-b",
    "carrier-a answers again",
    "carrier-a is AVAILABLE (KEEPALIVE_RECOVERED)",
    "held down for 3 s",
    "new calls go to carrier-a",
    "found DOWN after",
]


def children_of(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as children:
        return [int(child) for child in children.read().split()]


def is_running(pid):
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


class Demo(cli.TestCase):
    def test_story_is_told_in_order(self):
        began = time.monotonic()
        result = trunkha("demo")
        self.check_exit(result, 0)
        self.assertLess(time.monotonic() - began, 30)
        place = 0
        for words in STORY:
            place = result.stdout.find(words, place)
            self.assertGreaterEqual(place, 0, f"\"{words}\" is missing or out of order:\n{result.stdout}")
        total, to_a, to_b, refused = map(int, re.search(r"(\d+): (\d+) to carrier-a, (\d+) to carrier-b, (\d+) refused",
                                                        result.stdout).groups())
        self.assertEqual((total, refused), (to_a + to_b, 0))
        self.assertGreater(min(to_a, to_b), 100)
        self.assertNotIn("\x1b", result.stdout)

    def start_demo(self):
        demo = self.start("demo")
        demo.wait_line(lambda line: "new calls go to carrier-a" in line, "the first calls")
        children = children_of(demo.popen.pid)
        self.assertEqual(len(children), 2)
        return demo, children

    def test_interrupt_ends_it_with_its_carriers(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            demo, children = self.start_demo()
            demo.signal(number)
            self.assertEqual(demo.wait_end(), 1)
            self.assertFalse(any(is_running(child) for child in children))

    def test_carriers_do_not_outlive_a_killed_demo(self):
        demo, children = self.start_demo()
        demo.signal(signal.SIGKILL)
        demo.wait_end()
        wait_until(lambda: not any(is_running(child) for child in children), "the end of the carriers")


if __name__ == "__main__":
    cli.main()

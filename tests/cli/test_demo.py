"""trunkha demo: the whole story, how it fails, and nothing left behind when it is cut short."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile

import cli
from cli import TRUNKHA, environment, wait_until

STORY = [
    r"the primary dies",
    r"call \d+: primary gave no response, standby answered after \d+\.\d\d s",
    r"primary is DOWN \((CALL_FAILURE|KEEPALIVE_FAILURE)\)",
    r"new calls go to standby",
    r"calls: primary 0  standby [1-9]",
    r"the primary returns",
    r"primary is AVAILABLE \((CALL_RECOVERED|KEEPALIVE_RECOVERED)\)",
    r"new calls go to primary",
    r"calls: primary [1-9]\d*  standby 0 ",
    r"calls placed",
]

STUBBORN_PROXY = os.path.join(os.path.dirname(os.path.abspath(__file__)), "stubborn_proxy.py")


def children_of(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as children:
        return [int(child) for child in children.read().split()]


def is_running(pid):
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def table_of(text):
    return {row: float(number) for row, number in re.findall(r"^(\w[a-z ]*\w) +([\d.]+)\b", text, re.MULTILINE)}


class DemoTestCase(cli.TestCase):
    def folder(self):
        path = tempfile.mkdtemp(prefix="trunkha-demo-test-")
        self.addCleanup(shutil.rmtree, path)
        return path


class Demo(DemoTestCase):
    def setUp(self):
        self.temporary = self.folder()

    def start_demo(self):
        """A demo in which calls are running, and its proxy."""
        demo = self.start("demo", env=environment(TMPDIR=self.temporary))
        demo.wait_line(lambda line: "the calls begin" in line, "the first calls")
        children = children_of(demo.popen.pid)
        self.assertEqual(len(children), 1)
        self.assertEqual(os.listdir(self.temporary), [])
        return demo, children[0]

    def test_story_is_told_in_order_and_every_call_is_answered(self):
        demo, proxy = self.start_demo()
        status = demo.wait_end()
        text = "\n".join(demo.lines.queue)
        self.assertEqual(status, 0, f"\n{text}\n{demo.log()}")
        place = 0
        for words in STORY:
            found = re.compile(words).search(text, place)
            self.assertTrue(found, f"\"{words}\" is missing or out of order:\n{text}")
            place = found.end()
        self.check_table(text)
        self.assertNotIn("\x1b", text)
        self.assertEqual(demo.log(), "")
        self.assertFalse(is_running(proxy))
        self.assertEqual(os.listdir(self.temporary), [])

    def check_table(self, text):
        rows = table_of(text)
        answered = rows["answered by primary"], rows["answered by standby"]
        self.assertEqual((sum(answered), rows["lost"]), (rows["calls placed"], 0), text)
        self.assertGreater(min(answered), 10, text)
        self.assertEqual(rows["delayed"], len(re.findall(r"^t=.*  call \d+: .* answered after ", text, re.MULTILINE)), text)
        self.assertGreaterEqual(rows["worst delay"], 0.5, text)

    def test_interrupt_ends_it_with_its_proxy(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            demo, proxy = self.start_demo()
            demo.signal(number)
            self.assertEqual(demo.wait_end(), 1)
            self.assertFalse(is_running(proxy))

    def test_proxy_does_not_outlive_a_killed_demo(self):
        demo, proxy = self.start_demo()
        demo.signal(signal.SIGKILL)
        demo.wait_end()
        wait_until(lambda: not is_running(proxy), "the end of the proxy")


class OtherProxy(DemoTestCase):
    """The program is copied away from its trunkha-proxy, so that another can be found, or none."""

    def run_demo(self, script=None, place="examples"):
        folder = self.folder()
        binary = shutil.which(TRUNKHA)
        os.mkdir(f"{folder}/examples")
        os.mkdir(f"{folder}/tmp")
        shutil.copy(binary, f"{folder}/examples/trunkha")
        os.symlink(os.path.join(os.path.dirname(os.path.dirname(os.path.realpath(binary))), "lib"), f"{folder}/lib")
        if script:
            with open(f"{folder}/{place}/trunkha-proxy", "w") as file:
                file.write(f"#!/bin/sh\n{script}\n")
                os.fchmod(file.fileno(), 0o755)
        result = subprocess.run([f"{folder}/examples/trunkha", "demo"], stdin=subprocess.DEVNULL, capture_output=True,
                                text=True, env=environment(TMPDIR=f"{folder}/tmp", PATH=f"{folder}/none"),
                                timeout=cli.LIMIT)
        self.assertEqual(os.listdir(f"{folder}/tmp"), [])
        return result

    def test_missing_proxy_is_told(self):
        result = self.run_demo()
        self.check_exit(result, 1)
        self.assertIn("cannot run trunkha-proxy: No such file or directory", result.stderr)

    def test_proxy_that_ends_is_told(self):
        result = self.run_demo("echo '{\"eventType\": \"telephony.instance.ready\"}'")
        self.check_exit(result, 1)
        self.assertIn("the proxy has ended", result.stdout)

    def run_stubborn_proxy(self, status):
        result = self.run_demo(f"exec '{sys.executable}' '{STUBBORN_PROXY}' '{status}' \"$@\"", place=".")
        self.assertNotIn("has failed", result.stdout)
        self.assertEqual(result.stderr, "")
        rows = table_of(result.stdout)
        self.assertGreater(rows["calls placed"], 10)
        return result, rows

    def test_refused_calls_are_lost(self):
        result, rows = self.run_stubborn_proxy("503 Service Unavailable")
        self.check_exit(result, 1)
        self.assertEqual(rows["lost"], rows["calls placed"])
        self.assertEqual(result.stdout.count("was refused with 503"), rows["lost"])

    def test_lost_requests_are_sent_again(self):
        result, rows = self.run_stubborn_proxy("200 OK")
        self.check_exit(result, 0)
        self.assertEqual(rows["answered by standby"], rows["calls placed"])
        self.assertGreaterEqual(rows["worst delay"], 0.5)


if __name__ == "__main__":
    cli.main()

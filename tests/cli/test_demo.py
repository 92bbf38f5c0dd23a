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

# Stands in for the proxy: both carriers are well; the demo goes on to its end as standby and primary take turns.
REFUSING_PROXY = """#!{python}
import json, socket, sys

def tell(kind, entity, metadata, **more):
    print(json.dumps(dict(more, eventType="telephony." + kind, entityId=entity, metadata=metadata)), flush=True)

proxy = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
proxy.bind(("127.0.0.1", int(sys.argv[sys.argv.index("--listen") + 1].split(":")[1])))
tell("instance.ready", "demo", {{}})
for trunk in ("primary", "standby"):
    tell("trunks.stateChange", trunk, {{"detail": ""}}, state="AVAILABLE", reasonCode="STARTUP")
tell("trunkGroups.activeChange", "demo", {{"trunkId": "standby", "detail": ""}})
calls = 0
while True:
    request, caller = proxy.recvfrom(65535)
    lines = request.decode().split("\\r\\n")
    if lines[0].startswith("ACK "):
        calls += 1
        if calls == 30:
            tell("trunkGroups.activeChange", "demo", {{"trunkId": "primary", "detail": ""}})
    copied = [line for line in lines if line.startswith(("Via:", "From:", "To:", "Call-ID:", "CSeq:"))]
    copied = [line + ";tag=refusing" if line.startswith("To:") and "tag=" not in line else line for line in copied]
    if lines[0].startswith("INVITE "):
        proxy.sendto("\\r\\n".join(["SIP/2.0 503 No", *copied, "Content-Length: 0", "", ""]).encode(), caller)
"""

ENDING_PROXY = """#!{python}
print('{{"eventType": "telephony.instance.ready"}}', flush=True)
"""


def children_of(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as children:
        return [int(child) for child in children.read().split()]


def is_running(pid):
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


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
        placed, primary, standby, delayed, lost, worst = [
            float(re.search(rf"^{row} +([\d.]+)", text, re.MULTILINE).group(1))
            for row in ("calls placed", "answered by primary", "answered by standby", "delayed", "lost", "worst delay")]
        self.assertEqual((primary + standby, lost), (placed, 0), text)
        self.assertGreater(min(primary, standby), 10, text)
        self.assertEqual(delayed, len(re.findall(r"^t=.*  call \d+: .* answered after ", text, re.MULTILINE)), text)
        self.assertGreaterEqual(worst, 0.5, text)

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

    def run_demo(self, proxy=None, place="examples"):
        folder = self.folder()
        binary = shutil.which(TRUNKHA)
        os.mkdir(f"{folder}/examples")
        os.mkdir(f"{folder}/tmp")
        shutil.copy(binary, f"{folder}/examples/trunkha")
        os.symlink(os.path.join(os.path.dirname(os.path.dirname(os.path.realpath(binary))), "lib"), f"{folder}/lib")
        if proxy:
            with open(f"{folder}/{place}/trunkha-proxy", "w") as file:
                file.write(proxy.format(python=sys.executable))
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
        result = self.run_demo(ENDING_PROXY)
        self.check_exit(result, 1)
        self.assertIn("the proxy has ended", result.stdout)

    def test_refused_calls_are_lost(self):
        result = self.run_demo(REFUSING_PROXY, place=".")
        self.check_exit(result, 1)
        placed, lost = [int(re.search(rf"^{row} +(\d+)", result.stdout, re.MULTILINE).group(1))
                        for row in ("calls placed", "lost")]
        self.assertEqual(placed, lost)
        self.assertEqual(result.stdout.count("was refused with 503"), lost)
        self.assertGreater(lost, 10)


if __name__ == "__main__":
    cli.main()

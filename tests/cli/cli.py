"""What the tests of the command line share: carriers on loopback, commands and daemons, waiting for what they say."""

import json
import os
import queue
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

LIMIT = 60  # seconds: far more than anything here takes, even on a busy machine

TRUNKHA = os.environ.get("TRUNKHA", "trunkha")

_counter = 0


def unique_view_name():
    global _counter
    _counter += 1
    return f"trunkha-test-{os.getpid()}-{_counter}"


def remove_view(name):
    try:
        os.unlink(f"/dev/shm/trunkha.{name}")
    except FileNotFoundError:
        pass


def environment(**changes):
    env = {key: value for key, value in os.environ.items() if not key.startswith("TRUNKHA") and key != "NO_COLOR"}
    env.update(changes)
    return env


def trunkha(*arguments, stdin="", env=None):
    """Runs a command to its end."""
    return subprocess.run([TRUNKHA, *arguments], input=stdin, env=env or environment(), capture_output=True, text=True,
                          timeout=LIMIT)


def wait_until(question, what):
    end = time.monotonic() + LIMIT
    while time.monotonic() < end:
        answer = question()
        if answer:
            return answer
        time.sleep(0.02)
    raise AssertionError(f"waited in vain for {what}")


class Carrier:
    """A SIP peer on 127.0.0.1 that answers requests with `status`, or not at all while it is None."""

    COPIED = ("via", "from", "to", "call-id", "cseq")

    def __init__(self, status="200 OK", headers=(), host="127.0.0.1"):
        self.status = status
        self.headers = headers
        self.requests = []
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_DGRAM)
        self.socket.bind((host, 0))
        self.port = self.socket.getsockname()[1]
        self.address = f"[{host}]:{self.port}" if ":" in host else f"{host}:{self.port}"
        self.is_open = True
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        while self.is_open:
            request, source = self.socket.recvfrom(65535)
            if not self.is_open or not request.startswith(b"OPTIONS "):
                continue
            self.requests.append(request.decode())
            if self.status:
                self.socket.sendto(self.answer(request.decode()).encode("utf-8", "surrogateescape"), source)

    def answer(self, request):
        lines = [line for line in request.split("\r\n\r\n")[0].split("\r\n")[1:]
                 if line.split(":")[0].strip().lower() in self.COPIED]
        lines = [line + ";tag=carrier" if line.lower().startswith("to:") else line for line in lines]
        return "\r\n".join([f"SIP/2.0 {self.status}", *lines, *self.headers, "Content-Length: 0", "", ""])

    def close(self):
        self.is_open = False
        with socket.socket(self.socket.family, socket.SOCK_DGRAM) as waker:
            waker.sendto(b"end", self.socket.getsockname())
        self.thread.join(LIMIT)
        self.socket.close()


def silent_address():
    """An address that swallows everything: the socket is open, nobody reads."""
    silent = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    silent.bind(("127.0.0.1", 0))
    return silent, f"127.0.0.1:{silent.getsockname()[1]}"


def refusing_address():
    """An address where nobody listens, so that the system refuses."""
    free = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    free.bind(("127.0.0.1", 0))
    address = f"127.0.0.1:{free.getsockname()[1]}"
    free.close()
    return address


def configuration(a, b, **changes):
    """Two carriers at the addresses a and b, with short times; a is preferred."""
    config = {
        "trunkGroups": [
            {"id": "carrier-a", "name": "Carrier A", "trunks": [{"id": "a1", "name": "First", "sipAddress": f"sip:{a}"}]},
            {"id": "carrier-b", "name": "Carrier B", "trunks": [{"id": "b1", "name": "Second", "sipAddress": f"sip:{b}"}]},
        ],
        "routingProfiles": [{"id": "RP", "primaryTrunkGroup": "carrier-a", "secondaryTrunkGroup": "carrier-b",
                             "failback": {"mode": "auto", "holdDown": 1}}],
        "keepalive": {"interval": 1, "suspectInterval": 0.5, "downInterval": 0.5, "timeout": 0.5, "maxFailedAttempts": 3,
                      "recoveryAttempts": 2},
        "sip": {"listen": ["udp:127.0.0.1:0"]},
        "instance": {"id": "cli-test"},
    }
    config.update(changes)
    return config


def carriers(**changes):
    """Two carriers that lint has nothing to say of, with the default times."""
    config = {
        "trunkGroups": [
            {"id": "carrier-a", "trunks": [{"id": "a1", "sipAddress": "192.0.2.1"}]},
            {"id": "carrier-b", "trunks": [{"id": "b1", "sipAddress": "198.51.100.7"}]},
        ],
        "routingProfiles": [{"id": "RP", "primaryTrunkGroup": "carrier-a", "secondaryTrunkGroup": "carrier-b"}],
    }
    config.update(changes)
    return config


def write_file(test, content):
    handle, path = tempfile.mkstemp(prefix="trunkha-", suffix=".json")
    with os.fdopen(handle, "w") as file:
        file.write(content if isinstance(content, str) else json.dumps(content, indent=2))
    test.addCleanup(os.unlink, path)
    return path


class Process:
    """A command that goes on until it is told to end; its lines are read as they come."""

    def __init__(self, *arguments, env=None):
        self.popen = subprocess.Popen([TRUNKHA, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                      stderr=subprocess.PIPE, text=True, env=env or environment())
        self.lines = queue.Queue()
        self.errors = []
        self.threads = [threading.Thread(target=self.read_lines, daemon=True),
                        threading.Thread(target=self.read_errors, daemon=True)]
        for thread in self.threads:
            thread.start()

    def read_lines(self):
        for line in self.popen.stdout:
            self.lines.put(line.rstrip("\n"))

    def read_errors(self):
        for line in self.popen.stderr:
            self.errors.append(line)

    def log(self):
        return "".join(self.errors)

    def wait_line(self, is_wanted, what):
        """The next line that is wanted; those before it are dropped."""
        end = time.monotonic() + LIMIT
        while time.monotonic() < end:
            try:
                line = self.lines.get(timeout=0.2)
            except queue.Empty:
                if self.popen.poll() is not None and self.lines.empty():
                    raise AssertionError(f"ended with {self.popen.returncode} before {what}: {self.log()}")
                continue
            if is_wanted(line):
                return line
        raise AssertionError(f"waited in vain for {what}: {self.log()}")

    def wait_event(self, event_type, **fields):
        def is_wanted(line):
            event = json.loads(line)
            return event["eventType"] == event_type and all(event.get(key) == value for key, value in fields.items())
        return json.loads(self.wait_line(is_wanted, f"{event_type} {fields}"))

    def wait_state(self, trunk, state):
        return self.wait_event("telephony.trunks.stateChange", entityId=trunk, state=state)

    def wait_log(self, words):
        wait_until(lambda: words in self.log(), f"\"{words}\" in the log: {self.log()}")

    def signal(self, number):
        self.popen.send_signal(number)

    def wait_end(self):
        status = self.popen.wait(LIMIT)
        for thread in self.threads:
            thread.join(LIMIT)
        return status

    def end(self):
        if self.popen.poll() is None:
            self.popen.kill()
        self.wait_end()
        self.popen.stdout.close()
        self.popen.stderr.close()


class Daemon(Process):
    def __init__(self, path, *arguments, view=None, env=None):
        self.view = view
        super().__init__("run", path, "--events", "jsonl", *(["--view", view] if view else []), *arguments, env=env)

    def end(self):
        super().end()
        if self.view:
            remove_view(self.view)


class TestCase(unittest.TestCase):
    def carrier(self, *arguments, **options):
        carrier = Carrier(*arguments, **options)
        self.addCleanup(carrier.close)
        return carrier

    def start(self, *arguments, env=None):
        process = Process(*arguments, env=env)
        self.addCleanup(process.end)
        return process

    def daemon(self, path, *arguments, view=None, env=None):
        daemon = Daemon(path, *arguments, view=view, env=env)
        self.addCleanup(daemon.end)
        return daemon

    def silent(self):
        silent, address = silent_address()
        self.addCleanup(silent.close)
        return address

    def check_exit(self, result, status):
        self.assertEqual(result.returncode, status, f"\n{result.stdout}\n{result.stderr}")


def main():
    """Runs the tests of the calling script; the last line is a summary."""
    program = unittest.main(exit=False, module="__main__")
    result = program.result
    bad = len(result.failures) + len(result.errors) + len(result.unexpectedSuccesses)
    name = os.path.basename(sys.argv[0])
    sys.stderr.flush()
    print(f"{name}: {result.testsRun - bad - len(result.skipped)} passed, {bad} failed, {len(result.skipped)} skipped")
    sys.exit(0 if result.testsRun and not bad else 1)

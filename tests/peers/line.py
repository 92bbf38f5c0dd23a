"""Two networks of our own and a line between them, on which packets are lost, late, or come to nothing.

We are in the one, 192.0.2.1; carriers are in the other, 192.0.2.2 and 192.0.2.3. What leaves at one end comes to us as
the owner of a TUN device, and we hand it to the other end, or not."""

import ctypes
import fcntl
import heapq
import itertools
import os
import random
import select
import struct
import subprocess
import sys
import threading
import time

from peers import LIFE, Process, skip, wait_until

OURS, THEIRS, ALSO_THEIRS, NOBODY = "192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.9"
DEVICE = "line"
TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 0x0001, 0x1000
CLONE_NEWNET = 0x40000000
MTU = 1500


def enter_own_network():
    """Begins again as the only process of a new network namespace; or says why that is not possible."""
    if os.environ.get("PEERS_NETWORK"):
        return
    unshare = ["unshare", "-n"] if os.geteuid() == 0 else ["unshare", "-rn"]
    try:
        done = subprocess.run([*unshare, "ip", "tuntap", "add", "dev", DEVICE, "mode", "tun"], capture_output=True, text=True,
                              check=False)
    except OSError as error:
        skip(f"no network namespaces: {error}")
    if done.returncode:
        skip(f"no network namespaces: {done.stderr.strip()}")
    os.environ["PEERS_NETWORK"] = "own"
    os.execvp(unshare[0], [*unshare, sys.executable, *sys.argv])


def open_tun(network):
    """The descriptor of a new TUN device in the network of that process; a thread goes there and does not come back."""
    result = []

    def run():
        namespace = os.open(f"/proc/{network}/ns/net", os.O_RDONLY)
        if ctypes.CDLL(None, use_errno=True).setns(namespace, CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), "setns")
        os.close(namespace)
        result.append(os.open("/dev/net/tun", os.O_RDWR | os.O_CLOEXEC))
        fcntl.ioctl(result[0], TUNSETIFF, struct.pack("16sH22x", DEVICE.encode(), IFF_TUN | IFF_NO_PI))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return result[0]


class Line:
    """Up in `with`. Packets are lost and delayed by ourselves, the same ones each time."""

    def __init__(self):
        self.loss = self.delay = 0
        self.is_cut = False
        self.random = random.Random(5060)
        self.order = itertools.count()
        self.waiting = []  # (when, order, descriptor to write to, packet)

    def __enter__(self):
        self.other = Process("unshare", "-n", "sleep", LIFE)
        self.network = self.other.process.pid
        own = os.readlink("/proc/self/ns/net")
        wait_until(lambda: os.readlink(f"/proc/{self.network}/ns/net") != own, "the other network")
        self.ends = {OURS: open_tun(os.getpid()), THEIRS: open_tun(self.network)}
        for address in self.ends:
            self.ip(address, "link", "set", "lo", "up")
            self.ip(address, "addr", "add", f"{address}/24", "dev", DEVICE)
            self.ip(address, "link", "set", DEVICE, "up")
        self.ip(THEIRS, "addr", "add", f"{ALSO_THEIRS}/24", "dev", DEVICE)
        self.stopper = os.pipe()
        self.thread = threading.Thread(target=self.carry, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_):
        os.close(self.stopper[1])
        self.thread.join()
        for descriptor in (self.stopper[0], *self.ends.values()):
            os.close(descriptor)
        self.other.end()

    def at(self, end, *command):
        """Runs a command in one of the networks."""
        where = ["nsenter", "-t", str(self.network), "-n"] if end == THEIRS else []
        subprocess.run([*where, *command], check=True, capture_output=True)

    def ip(self, end, *arguments):
        self.at(end, "ip", *arguments)

    def impair(self, loss, delay):
        """Loss from 0 to 1 and seconds of delay, for each way."""
        self.loss, self.delay = loss, delay

    def carry(self):
        across = {self.ends[OURS]: self.ends[THEIRS], self.ends[THEIRS]: self.ends[OURS]}
        while True:
            timeout = max(0, self.waiting[0][0] - time.monotonic()) if self.waiting else None
            readable = select.select([self.stopper[0], *across], [], [], timeout)[0]
            if self.stopper[0] in readable:
                return
            for descriptor in readable:
                self.take(os.read(descriptor, MTU), across[descriptor])
            while self.waiting and self.waiting[0][0] <= time.monotonic():
                _, _, descriptor, packet = heapq.heappop(self.waiting)
                os.write(descriptor, packet)

    def take(self, packet, descriptor):
        if self.is_cut or self.random.random() < self.loss:
            return
        heapq.heappush(self.waiting, (time.monotonic() + self.delay, next(self.order), descriptor, packet))


class NetemLine(Line):
    """Packets are lost and delayed by the kernel, if it can."""

    def kernel_has_netem(self):
        try:
            self.impair(0, 0)
        except (OSError, subprocess.CalledProcessError):
            return False
        return True

    def impair(self, loss, delay):
        for end in (OURS, THEIRS):
            self.at(end, "tc", "qdisc", "replace", "dev", DEVICE, "root", "netem", "loss", f"{loss * 100}%",
                    "delay", f"{delay * 1000}ms")

"""Where calls arrive: a carrier's port, with an account of every call, played by a thread of ours.

A Gate stands before a real carrier and plays its faults. A LateCarrier is one itself, which answers when it is too late.
"""

import heapq
import itertools
import selectors
import socket
import threading
import time

from sip import Message

TICK = 0.02  # seconds: how late a fault may begin
T1 = 0.5  # seconds, RFC 3261 section 17.1.1.1
HEADERS = 28  # bytes of IPv4 and UDP before what a raw socket hears


def bound_socket(port=0):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(("127.0.0.1", port))
    return sock


class Leg:
    """What one carrier saw of one call; times are Unix seconds, None = not so far."""

    def __init__(self, arrived, fault):
        self.arrived = arrived
        self.fault = fault  # that the carrier had when the call arrived, None = it was well
        self.answered = self.confirmed = self.ended = None


class Door(threading.Thread):
    """Everything arrives in the thread; `legs` is for others when it has ended."""

    def __init__(self):
        super().__init__(daemon=True)
        self.selector = selectors.DefaultSelector()
        self.front = bound_socket()
        self.port = self.front.getsockname()[1]
        self.selector.register(self.front, selectors.EVENT_READ, self.hear)
        self.legs = {}  # by Call-ID
        self.fault = None
        self.is_open = True

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.is_open = False
        self.join()
        for key in list(self.selector.get_map().values()):
            key.fileobj.close()
        self.selector.close()

    def run(self):
        while self.is_open:
            for key, _ in self.selector.select(TICK):
                key.data(key.fileobj)
            self.tick(time.time())

    def tick(self, now):
        """Is called at least every TICK seconds."""

    def hear(self, sock):
        try:
            data, source = sock.recvfrom(65535)
        except ConnectionRefusedError:  # of something sent before
            return
        message = Message(data)
        self.note_request(message)
        self.take_request(message, source)

    def note_request(self, message):
        leg = self.legs.get(message.call_id)
        if message.method == b"INVITE" and not leg:
            self.legs[message.call_id] = Leg(time.time(), self.fault)
        elif leg and message.method == b"ACK" and leg.answered:
            leg.confirmed = leg.confirmed or time.time()
        elif leg and message.method == b"BYE":
            leg.ended = leg.ended or time.time()

    def note_answer(self, message):
        leg = self.legs.get(message.call_id)
        if leg and message.method == b"INVITE" and 200 <= message.code < 300:
            leg.answered = leg.answered or time.time()


class Gate(Door):
    """Passes everything on to a carrier and back, but at times does what `faults` say: (from, to, fault), in seconds after
    the first call. A fault begins when nobody's phone rings: such a call has been passed on to its caller, and is not to be
    saved by any other carrier. Faults:
        silent     everything is dropped, both ways
        refused    nobody has the port
        503        calls and probes are answered 503
        503-calls  calls are answered 503, probes pass
        only-100   calls and probes are answered 100 and nothing else
    """

    ANSWERS = {"503": (503, (b"INVITE", b"OPTIONS")), "503-calls": (503, (b"INVITE",)),
               "only-100": (100, (b"INVITE", b"OPTIONS"))}

    def __init__(self, carrier_port, faults=()):
        super().__init__()
        self.carrier = ("127.0.0.1", carrier_port)
        self.faults = faults
        self.began = None  # when the first call arrived
        self.ringing = set()  # calls that the carrier has and has not answered
        self.kept = set()  # branches of what was answered here: more of them goes nowhere
        self.paths = {}  # the socket towards the carrier for everybody who sends to us
        self.listener = None  # hears the port although nobody has it
        self.can_hear_refused = True

    def tick(self, now):
        age = now - self.began if self.began else -1
        fault = next((fault for start, end, fault in self.faults if start <= age < end), None)
        if self.ringing and not self.fault:
            return
        if (fault == "refused") != (self.fault == "refused"):
            self.shut() if fault == "refused" else self.open_again()
        self.fault = fault

    def shut(self):
        self.selector.unregister(self.front)
        self.front.close()
        try:
            self.listener = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_UDP)
            self.selector.register(self.listener, selectors.EVENT_READ, self.overhear)
        except PermissionError:
            self.can_hear_refused = False

    def open_again(self):
        if self.listener:
            self.selector.unregister(self.listener)
            self.listener.close()
        self.front = bound_socket(self.port)
        self.selector.register(self.front, selectors.EVENT_READ, self.hear)

    def overhear(self, sock):
        packet = sock.recv(65535)
        if int.from_bytes(packet[22:24], "big") == self.port:
            self.note_request(Message(packet[HEADERS:]))

    def take_request(self, message, source):
        self.began = self.began or (time.time() if message.method == b"INVITE" else None)
        code, methods = self.ANSWERS.get(self.fault, (0, ()))
        if self.fault == "silent" or (message.branch in self.kept and message.method not in methods):
            return
        if message.method in methods:
            self.kept.add(message.branch)
            self.front.sendto(message.answer(code, tag=b"gate" if code > 100 else b""), source)
        else:
            if message.method == b"INVITE" and not self.legs[message.call_id].answered:
                self.ringing.add(message.call_id)
            self.path_of(source).send(message.data)

    def path_of(self, source):
        if source not in self.paths:
            path = bound_socket()
            path.connect(self.carrier)
            self.selector.register(path, selectors.EVENT_READ, lambda path: self.pass_back(path, source))
            self.paths[source] = path
        return self.paths[source]

    def pass_back(self, path, source):
        try:
            data = path.recv(65535)
        except ConnectionRefusedError:
            return
        if self.fault not in ("silent", "refused"):
            message = Message(data)
            self.note_answer(message)
            if message.method == b"INVITE" and message.code >= 200:
                self.ringing.discard(message.call_id)
            self.front.sendto(data, source)


class LateCarrier(Door):
    """Answers every other call at once. The others are late: with `is_crossing` they are answered 100, and 200 when the
    CANCEL arrives, just as if both had been on their way at the same time; else nothing is said until 200 after `delay()`
    seconds."""

    def __init__(self, is_crossing, delay):
        super().__init__()
        self.is_crossing = is_crossing
        self.delay = delay
        self.due = []  # (time, number, what is then to be done): a heap
        self.numbers = itertools.count()
        self.answers = {}  # by Call-ID: what the INVITE was last answered
        self.late = 0

    def tick(self, now):
        while self.due and self.due[0][0] <= now:
            heapq.heappop(self.due)[2]()

    def after(self, seconds, action):
        heapq.heappush(self.due, (time.time() + seconds, next(self.numbers), action))

    def say(self, message, source, code, *headers):
        data = message.answer(code, *headers, tag=b"late")
        self.front.sendto(data, source)
        return data

    def answer_call(self, message, source):
        """200, again and again until the ACK: RFC 3261 section 13.3.1.4."""
        leg = self.legs[message.call_id]
        leg.answered = leg.answered or time.time()
        self.answers[message.call_id] = self.say(message, source, 200, b"Contact: <sip:callee@127.0.0.1:%d>" % self.port)
        if not leg.confirmed and time.time() < leg.answered + 64 * T1:
            self.after(T1, lambda: None if leg.confirmed else self.answer_call(message, source))

    def take_request(self, message, source):
        if message.method == b"INVITE":
            self.take_invite(message, source)
        elif message.method == b"CANCEL":
            self.take_cancel(message, source)
        elif message.method != b"ACK":
            self.say(message, source, 200)

    def take_invite(self, message, source):
        if message.call_id in self.answers:
            if self.answers[message.call_id]:
                self.front.sendto(self.answers[message.call_id], source)
        elif len(self.answers) % 2:
            self.answer_call(message, source)
        elif self.is_crossing:
            self.answers[message.call_id] = self.say(message, source, 100)
            self.legs[message.call_id].invite = message
        else:
            self.late += 1
            self.answers[message.call_id] = None
            self.after(self.delay(), lambda: self.answer_call(message, source))

    def take_cancel(self, message, source):
        """The answer to the call leaves before that to the CANCEL, or after it."""
        leg = self.legs.get(message.call_id)
        if not leg or leg.answered:
            self.say(message, source, 200)
            return
        self.late += 1
        steps = [lambda: self.answer_call(leg.invite, source), lambda: self.say(message, source, 200)]
        for step in steps if self.late % 2 else reversed(steps):
            step()

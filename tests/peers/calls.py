"""Calls through trunkha-proxy: sipp at both ends, each playing a script of a few words.

A script says what is received ("<") and sent (">") in turn:

    "<INVITE"  "<200"      wait for a request, a response; "<100?" if it comes
    ">180"  ">503 Text"    answer the last request
    ">INVITE"  ">ACK" ...  send a request; "!ACK" and "!CANCEL" belong to the INVITE's transaction
    "pause 500"            milliseconds

A sipp ends with 0 when exactly that has happened, and fails the call at the first message out of turn.
"""

import json
import pathlib
import socket
import subprocess
import tempfile

from peers import LIFE, PATIENCE, SIPP, Process, config, free_port, is_bound, program, wait_until

PROXY = program("TRUNKHA_PROXY", "trunkha-proxy")
PHRASES = {100: "Trying", 180: "Ringing", 183: "Session Progress", 200: "OK", 486: "Busy Here", 487: "Request Terminated",
           500: "Server Internal Error", 503: "Service Unavailable"}
SDP = """Content-Type: application/sdp
Content-Length: [len]

v=0
o=- 1 1 IN IP4 [local_ip]
s=-
c=IN IP4 [local_ip]
t=0 0
m=audio 9 RTP/AVP 8
"""
NO_BODY = "Content-Length: 0\n\n"
CALLER = ("<sip:caller@[local_ip]:[local_port]>;tag=[pid]-[call_number]",
          "<sip:+4930123@[remote_ip]:[remote_port]>[peer_tag_param]")
CALLEE = ("[$to];tag=[pid]-[call_number]", "[$from]")
REMEMBER = """<action>
  <ereg regexp=".*" search_in="hdr" header="To:" assign_to="to"/>
  <ereg regexp=".*" search_in="hdr" header="From:" assign_to="from"/>
</action>"""


def message(text, attributes=""):
    return f"<send {attributes}><![CDATA[\n{text}\n]]></send>"


def receive(what, is_first):
    """The first INVITE and every answer to one carry the route."""
    optional = 'optional="true"' if what.endswith("?") else ""
    what = what.rstrip("?")
    if what.isdigit():
        return f'<recv response="{what}" rrs="true" {optional}/>'
    if what == "INVITE" and is_first:
        return f'<recv request="INVITE" rrs="true" {optional}>{REMEMBER}</recv>'
    return f'<recv request="{what}" {optional}/>'


def answer(what, request, is_callee):
    code, phrase = int(what[:3]), what[4:] or PHRASES[int(what[:3])]
    tag = ";tag=[pid]-[call_number]" if is_callee and request in ("INVITE", "CANCEL") else ""
    cseq = "[last_CSeq:]" if request != "CANCEL" or code == 200 and phrase == "OK" else "CSeq: 1 INVITE"
    has_body = code == 200 and (request == "INVITE" or "INVITE" in cseq)
    return message(f"SIP/2.0 {code} {phrase}\n[last_Via:]\n[last_From:]\n[last_To:]{tag}\n[last_Call-ID:]\n{cseq}\n"
                   "[last_Record-Route:]\nContact: <sip:phone@[local_ip]:[local_port]>\n" + (SDP if has_body else NO_BODY),
                   'retrans="500"' if has_body else "")


def request(method, index, cseq, is_first, is_hop, is_callee):
    from_, to = CALLEE if is_callee else CALLER
    uri = "sip:+4930123@[remote_ip]:[remote_port];user=phone" if is_first or is_hop else "[next_url]"
    route = "" if is_first or is_hop else "[routes]\n"
    branch = f"[branch-{index}]" if is_hop else "[branch]"
    return message(f"{method} {uri} SIP/2.0\nVia: SIP/2.0/[transport] [local_ip]:[local_port];branch={branch};rport\n"
                   f"{route}Max-Forwards: 70\nFrom: {from_}\nTo: {to}\nCall-ID: [call_id]\nCSeq: {cseq} {method}\n"
                   "Contact: <sip:phone@[local_ip]:[local_port]>\n" + (SDP if method == "INVITE" else NO_BODY),
                   "" if method == "ACK" else 'retrans="500"')


def scenario(steps):
    """The steps in sipp's language."""
    is_callee = steps[0].startswith("<")
    parts, heard, cseq = [], None, 0
    for index, step in enumerate(steps):
        kind, what = step[0], step[1:]
        is_first = "INVITE" not in "".join(steps[:index])
        if step.startswith("pause "):
            parts.append(f'<pause milliseconds="{step[6:]}"/>')
        elif kind == "<":
            parts.append(receive(what, is_first))
            heard = what if what.isalpha() else heard
        elif what[0].isdigit():
            parts.append(answer(what, heard, is_callee))
            heard = "INVITE" if heard == "CANCEL" and not what.endswith("200") else heard
        else:
            cseq += what not in ("ACK", "CANCEL")
            parts.append(request(what, index, cseq, is_first, kind == "!", is_callee))
    remembered = '<Reference variables="to,from"/>' if is_callee else ""
    return '<?xml version="1.0" encoding="ISO-8859-1"?>\n<scenario name="script">\n%s\n%s</scenario>\n' % (
        "\n".join(parts), remembered)


class Sipp(Process):
    """One sipp playing a script: a callee when it begins with a message to wait for."""

    def __init__(self, *steps, to=None, calls=1, port=None, transport="udp"):
        self.port = port or free_port()
        self.directory = tempfile.TemporaryDirectory(prefix="peers-sipp-")
        directory = pathlib.Path(self.directory.name)
        self.messages = directory / "messages"
        (directory / "script.xml").write_text(scenario(steps), encoding="ascii")
        command = [SIPP, "-sf", directory / "script.xml", "-i", "127.0.0.1", "-p", self.port, "-nostdin", "-m", calls,
                   "-deadcall_wait", 0, "-timeout", f"{LIFE}s", "-timeout_error", "-trace_msg", "-message_file",
                   self.messages, "-trace_err", "-error_file", directory / "errors",
                   "-t", f"{transport[0]}1"]
        super().__init__(*command, *([f"127.0.0.1:{to}"] if to else []), stdout=subprocess.DEVNULL,
                         stderr=subprocess.DEVNULL, cwd=directory)
        if not to:
            wait_until(lambda: self.has_ended() or is_bound(self.port, transport), f"sipp on port {self.port}")

    def end(self):
        code = super().end()
        self.directory.cleanup()
        return code

    def wait(self):
        """Waits for its end; AssertionError when it went otherwise than the script says."""
        code = self.process.wait(2 * PATIENCE)
        if code:
            errors = pathlib.Path(self.directory.name) / "errors"
            raise AssertionError(f"sipp ended with {code}\n" + (errors.read_text() if errors.exists() else "") + self.log())

    def log(self):
        return self.messages.read_text(encoding="utf-8", errors="replace") if self.messages.exists() else ""


class Phone:
    """A socket for what sipp cannot play: any bytes to a port, and what has come from there."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.peer = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, port, data):
        self.socket.sendto(data if isinstance(data, bytes) else data.replace("\n", "\r\n").encode(), ("127.0.0.1", port))

    def send_back(self, data):
        """To where the last message has come from."""
        self.send(self.peer[1], data)

    def receive(self):
        self.socket.settimeout(PATIENCE)
        data, self.peer = self.socket.recvfrom(65536)
        return data.decode("utf-8", errors="replace")

    def has_received(self):
        """Something waits; says nothing of the future."""
        self.socket.setblocking(False)
        try:
            return bool(self.socket.recv(65536, socket.MSG_PEEK))
        except BlockingIOError:
            return False

    def request(self, method, call_id="call-1", branch="z9hG4bKone", to_tag="", uri="sip:+4930123@127.0.0.1", more="",
                hops=70, cseq=1):
        return (f"{method} {uri} SIP/2.0\nVia: SIP/2.0/UDP 127.0.0.1:{self.port};branch={branch}\nMax-Forwards: {hops}\n"
                f"From: <sip:caller@127.0.0.1>;tag=caller\nTo: <sip:+4930123@127.0.0.1>{to_tag and ';tag=' + to_tag}\n"
                f"Call-ID: {call_id}\nCSeq: {cseq} {method}\nContact: <sip:caller@127.0.0.1:{self.port}>\n{more}"
                "Content-Length: 0\n\n")


def reply_to(request_text, code, phrase, tag="callee", above=(), more=()):
    """A trunk's answer to a request, by hand; lines above the copied ones, and further ones below."""
    lines = request_text.split("\r\n")
    kept = [line for line in lines if line.startswith(("Via:", "From:", "Call-ID:", "CSeq:", "Record-Route:"))]
    to = next(line for line in lines if line.startswith("To:"))
    return "\r\n".join([f"SIP/2.0 {code} {phrase}", *above, *kept, to + (f";tag={tag}" if ";tag=" not in to else ""), *more,
                        "Content-Length: 0", "", ""]).encode()


class Proxy(Process):
    """trunkha-proxy with one group for each trunk port, failing over from each to the next; no probes.

    `trunks`: for each of them, what its configuration has besides; `more`: the same for the whole configuration.
    """

    def __init__(self, *ports, arguments=(), trunks=(), more=None, **call):
        self.directory = tempfile.TemporaryDirectory(prefix="peers-proxy-")
        self.path = pathlib.Path(self.directory.name) / "trunks.json"
        configuration = {**config(*ports, enabled=False), **(more or {})}
        for group, changes in zip(configuration["trunkGroups"], trunks):
            group["trunks"][0].update(changes)
        configuration["routingProfiles"] = [{
            "id": "calls", "primaryTrunkGroup": "g0",
            "call": {"noResponseTimeout": 0.5, "noRingTimeout": 2, "totalTimeout": 20, **call}}]
        self.path.write_text(json.dumps(configuration), encoding="utf-8")
        self.port = free_port()
        super().__init__(PROXY, self.path, "--listen", f"127.0.0.1:{self.port}", *arguments, stdout=subprocess.PIPE,
                         text=True)
        self.ready = self.process.stdout.readline()

    def end(self):
        code = super().end()
        self.process.stdout.close()
        self.directory.cleanup()
        return code

"""SIP as far as one who stands between a proxy and a carrier needs it."""

import re

COPIED = (b"via", b"v", b"from", b"f", b"to", b"t", b"call-id", b"i", b"cseq")
REASONS = {100: b"Trying", 180: b"Ringing", 200: b"OK", 481: b"Call Does Not Exist", 487: b"Request Terminated",
           503: b"Service Unavailable"}
CALL_ID = re.compile(rb"^(?:call-id|i)[ \t]*:[ \t]*(\S+)", re.IGNORECASE | re.MULTILINE)
CSEQ = re.compile(rb"^cseq[ \t]*:[ \t]*(\d+)[ \t]+(\w+)", re.IGNORECASE | re.MULTILINE)
BRANCH = re.compile(rb"^(?:via|v)[ \t]*:.*?;branch=([^\s;,]+)", re.IGNORECASE | re.MULTILINE)


class Message:
    """What a datagram says; `code` is 0 for a request."""

    def __init__(self, data):
        self.data = data
        self.head = data.split(b"\r\n\r\n", 1)[0]
        start = self.head.split(b"\r\n", 1)[0].split(b" ", 2)
        call_id, cseq, branch = CALL_ID.search(self.head), CSEQ.search(self.head), BRANCH.search(self.head)
        self.code = int(start[1]) if start[0] == b"SIP/2.0" else 0
        self.call_id = call_id.group(1) if call_id else b""
        self.method = cseq.group(2) if cseq and self.code else start[0]
        self.branch = branch.group(1) if branch else b""

    def answer(self, code, *headers, tag=b""):
        """The response to this request; `tag` is added to a To that has none."""
        lines = [b"SIP/2.0 %d %s" % (code, REASONS[code])]
        for line in self.head.split(b"\r\n")[1:]:
            name = line.split(b":", 1)[0].strip().lower()
            if name in (b"to", b"t") and tag and b";tag=" not in line:
                line += b";tag=" + tag
            if name in COPIED or name == b"record-route" and code < 300:
                lines.append(line)
        return b"\r\n".join([*lines, *headers, b"Content-Length: 0", b"", b""])

"""Carriers that have names, or are reached over TCP and TLS: a scripted name server, certificates, stream carriers."""

import hashlib
import os
import pathlib
import re
import socket
import ssl
import subprocess
import tempfile
import threading

from cli import LIMIT, Carrier

MOCK_DNS = os.environ.get("MOCK_DNS")
CERTIFICATES = pathlib.Path(__file__).parent.parent / "mock" / "certificates.sh"


class Names:
    """The scripted name server of tests/mock: each line is answered by a line."""

    def __init__(self, *lines):
        self.popen = subprocess.Popen([MOCK_DNS], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.address = f"127.0.0.1:{self.popen.stdout.readline().split()[1]}"
        for line in lines:
            self.say(line)

    def say(self, line):
        self.popen.stdin.write(line + "\n")
        self.popen.stdin.flush()
        answer = self.popen.stdout.readline().strip()
        assert answer.startswith(("ok", "count")), f"{line}: {answer}"
        return answer

    def close(self):
        self.popen.stdin.close()
        self.popen.wait(LIMIT)
        self.popen.stdout.close()


class Certificates:
    """Those of tests/mock/certificates.sh, made once."""

    _directory = None

    @classmethod
    def path(cls, name):
        if not cls._directory:
            cls._directory = tempfile.TemporaryDirectory(prefix="trunkha-certificates-")
            subprocess.run(["sh", CERTIFICATES, cls._directory.name], check=True, timeout=LIMIT)
        return f"{cls._directory.name}/{name}"


class StreamCarrier:
    """A SIP peer on 127.0.0.1 over TCP, or with the name of a certificate over TLS, that answers each request."""

    def __init__(self, certificate=None, headers=(), body="", client_ca=None):
        self.headers, self.body = headers, body
        self.requests = []
        self.context = None
        if certificate:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(Certificates.path(certificate + ".pem"), Certificates.path(certificate + ".key"))
        if client_ca:
            self.context.load_verify_locations(Certificates.path(client_ca + ".pem"))
            self.context.verify_mode = ssl.CERT_REQUIRED
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.address = f"127.0.0.1:{self.port}"
        self.thread = threading.Thread(target=self.accept, daemon=True)
        self.thread.start()

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        try:
            connection.settimeout(LIMIT)
            if self.context:
                connection = self.context.wrap_socket(connection, server_side=True)
            with connection:
                text = b""
                while data := connection.recv(65536):
                    text += data
                    while b"\r\n\r\n" in text:
                        head, text = text.split(b"\r\n\r\n", 1)
                        if head.startswith(b"OPTIONS"):
                            self.requests.append(head.decode())
                            connection.sendall(self.answer(head.decode()))
        except OSError:
            pass

    def answer(self, request):
        lines = [line for line in request.split("\r\n")[1:] if line.split(":")[0].strip().lower() in Carrier.COPIED]
        lines = [line + ";tag=carrier" if line.lower().startswith("to:") else line for line in lines]
        return "\r\n".join(["SIP/2.0 200 OK", *lines, *self.headers, f"Content-Length: {len(self.body)}", "",
                            self.body]).encode()

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join(LIMIT)


class ChallengingCarrier(Carrier):
    """Wants the password "secret" of "user", by MD5 without qop; anything else is 401."""

    def answer(self, request):
        given = dict(re.findall(r'(\w+)="([^"]*)"', next(
            (line for line in request.split("\r\n") if line.startswith("Authorization:")), "")))
        is_right = given.get("response") == self.expected(given.get("uri", ""))
        self.status = "200 OK" if is_right else "401 Unauthorized"
        self.headers = [] if is_right else ['WWW-Authenticate: Digest realm="carrier", nonce="abc", algorithm=MD5']
        return super().answer(request)

    @staticmethod
    def expected(uri):
        def md5(text):
            return hashlib.md5(text.encode()).hexdigest()
        return md5(f"{md5('user:carrier:secret')}:abc:{md5('OPTIONS:' + uri)}")

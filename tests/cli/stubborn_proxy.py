"""Stands in for trunkha-proxy and both carriers: stubborn_proxy.py STATUS FILE --listen HOST:PORT --events jsonl

It loses each request once, but for ACK, gives every INVITE the final answer STATUS, and does the failover only in its events.
On standard error it complains of requests in a call that do not follow its Record-Routes, and of a BYE before the ACK.
"""

import json
import socket
import sys

COPIED = ("Via:", "From:", "To:", "Call-ID:", "CSeq:")
ROUTES = ["Route: <sip:first;lr>", "Route: <sip:last;lr>"]
MORE = ["Record-Route: <sip:last;lr>", "Record-Route: <sip:first;lr>", "Contact: <sip:standby@127.0.0.1:9>",
        "Content-Length: 0", "", ""]
CALLS_AWAY = 50  # the primary is back after these


def tell(kind, entity, metadata, **more):
    print(json.dumps({"eventType": "telephony." + kind, "entityId": entity, "metadata": metadata, **more}), flush=True)


def tell_active(trunk):
    tell("trunkGroups.activeChange", "demo", {"trunkId": trunk, "detail": f"new calls go to {trunk}"})


def answer(status, lines):
    copied = [line for line in lines if line.startswith(COPIED)]
    copied = [line + ";tag=stubborn" if line.startswith("To:") and "tag=" not in line else line for line in copied]
    return "\r\n".join(["SIP/2.0 " + status, *copied, *MORE]).encode()


def check(method, lines, is_in_dialog, is_acknowledged):
    routes = [line for line in lines if line.startswith("Route:")]
    if is_in_dialog and (routes != ROUTES or "standby@" not in lines[0]):
        print("astray:", lines, file=sys.stderr)
    if method == "BYE" and not is_acknowledged:
        print("no ACK before:", lines, file=sys.stderr)


def serve(proxy, status):
    lost, acknowledged = set(), set()
    while True:
        request, caller = proxy.recvfrom(65535)
        lines = request.decode().split("\r\n")
        method = lines[0].split()[0]
        call = next(line for line in lines if line.startswith("Call-ID:"))
        check(method, lines, method == "BYE" or (method == "ACK" and status == "200 OK"), call in acknowledged)
        if method == "ACK":
            acknowledged.add(call)
            if len(acknowledged) == CALLS_AWAY:
                tell_active("primary")
        elif (method, call) not in lost:
            lost.add((method, call))
        else:
            proxy.sendto(answer(status if method == "INVITE" else "200 OK", lines), caller)


def main():
    host, port = sys.argv[sys.argv.index("--listen") + 1].split(":")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as proxy:
        proxy.bind((host, int(port)))
        tell("instance.ready", "demo", {})
        for trunk in ("primary", "standby"):
            tell("trunks.stateChange", trunk, {"detail": "answered 200"}, state="AVAILABLE", reasonCode="STARTUP")
        tell_active("standby")
        serve(proxy, sys.argv[1])


main()

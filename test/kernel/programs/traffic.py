"""Clients and servers of any protocol, in one process within a network namespace. It does what it is told on standard
input, a JSON object to the line, and answers each with a line of JSON. What it opens stays open until it ends."""

import json
import socket
import struct
import sys
import threading

KINDS = {
    "tcp": (socket.SOCK_STREAM, socket.IPPROTO_TCP),
    "udp": (socket.SOCK_DGRAM, socket.IPPROTO_UDP),
    "sctp": (socket.SOCK_STREAM, 132),
}
IP_PKTINFO = 8
SO_MARK = 36
held = []


def make(protocol, address):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    made = socket.socket(family, *KINDS[protocol])
    held.append(made)
    return made


def echo_datagrams(server):
    while True:
        data, client = server.recvfrom(65536)
        server.sendto(data, client)


def echo_stream(stream):
    while data := stream.recv(65536):
        stream.sendall(data)
    stream.close()


def accept(server):
    while True:
        stream, _ = server.accept()
        threading.Thread(target=echo_stream, args=(stream,), daemon=True).start()


def listen(protocol, address, port):
    """A server that answers with what it is sent."""
    server = make(protocol, address)
    server.bind((address, port))
    if protocol != "udp":
        server.listen(64)
    serve = echo_datagrams if protocol == "udp" else accept
    threading.Thread(target=serve, args=(server,), daemon=True).start()


def connect(protocol, to, source=None, mark=None, data=None, wait=True, end=False):
    """A client: connects, sends `data`, a byte for each character, and awaits the echo if there is one."""
    client = make(protocol, to[0])
    if mark is not None:
        client.setsockopt(socket.SOL_SOCKET, SO_MARK, struct.pack("=I", mark))
    if source is not None:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        client.bind(tuple(source))
    client.settimeout(10 if wait else 0)
    try:
        client.connect(tuple(to))
        if data is not None:
            client.sendall(data.encode("latin1"))
            if wait:
                client.recv(65536)
    except BlockingIOError:
        pass
    if end:
        client.close()


def flood(to, count, first=0, port=0):
    """Sends a datagram from each of `count` addresses of 10.0.0.0/8, which must be local."""
    client = make("udp", to[0])
    client.bind(("", port))
    base = (10 << 24) + first + 1
    to = tuple(to)
    for number in range(base, base + count):
        info = struct.pack("=i4s4s", 0, number.to_bytes(4, "big"), bytes(4))
        client.sendmsg([b"?"], [(socket.IPPROTO_IP, IP_PKTINFO, info)], 0, to)


ACTIONS = {"listen": listen, "connect": connect, "flood": flood}

for line in sys.stdin:
    command = json.loads(line)
    action = ACTIONS[command.pop("action")]
    try:
        action(**command)
        answer = "done"
    except OSError as error:
        answer = str(error)
    print(json.dumps(answer), flush=True)

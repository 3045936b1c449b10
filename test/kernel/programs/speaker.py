"""One socket in a network namespace. It does what it is told on standard input, a JSON object to the line, and answers each
with a line of JSON: null, what was received, or the name of an error."""

import errno
import json
import socket
import sys

KINDS = {"tcp": socket.SOCK_STREAM, "udp": socket.SOCK_DGRAM}
spoken = None
peer = None


def make(protocol):
    global spoken, peer
    if spoken is not None:
        spoken.close()
    peer = None
    spoken = socket.socket(socket.AF_INET, KINDS[protocol])
    return spoken


def listen(protocol, address, port):
    server = make(protocol)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind((address, port))
    if protocol == "tcp":
        server.listen(1)


def accept():
    """Of TCP: goes on with the connection of the first client."""
    global spoken
    server = spoken
    server.settimeout(20)
    spoken, _ = server.accept()
    server.close()


def connect(protocol, address, port):
    client = make(protocol)
    client.settimeout(20)
    client.connect((address, port))


def say(data):
    """To the other side; of UDP, to whom it heard last."""
    if peer is None:
        spoken.send(data.encode())
    else:
        spoken.sendto(data.encode(), peer)


def finish():
    """Of TCP: says nothing more, and still hears."""
    spoken.shutdown(socket.SHUT_WR)


def hear(seconds):
    """What comes within that time, or null."""
    global peer
    spoken.settimeout(seconds)
    try:
        data, source = spoken.recvfrom(65536)
    except socket.timeout:
        return None
    if spoken.type == socket.SOCK_DGRAM:
        peer = source
    return data.decode()


ACTIONS = {
    "listen": listen,
    "accept": accept,
    "connect": connect,
    "say": say,
    "finish": finish,
    "hear": hear,
}

for line in sys.stdin:
    command = json.loads(line)
    action = ACTIONS[command.pop("action")]
    try:
        answer = action(**command)
    except OSError as error:
        answer = errno.errorcode.get(error.errno, str(error))
    print(json.dumps(answer), flush=True)

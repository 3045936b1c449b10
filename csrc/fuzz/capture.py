"""Captures replies of the kernel for the corpus of the fuzzers: `capture.py FOLDER KERNEL`.

Creates services, destinations, daemons, links and connections in its network namespace, and writes
each datagram, and each file of connections, to FOLDER/TARGET/KERNEL-NAME. scripts/fuzz-corpus calls
it on each kernel."""

import pathlib
import socket
import struct
import subprocess
import sys
import threading

REQUEST, ACK, DUMP = 0x1, 0x4, 0x300
SOL_NETLINK, CAP_ACK, EXT_ACK = 270, 10, 11
NETLINK_ROUTE, NETLINK_GENERIC = 0, 16
GENL_CONTROL, GET_FAMILY, FAMILY_NAME, FAMILY_ID = 0x10, 3, 2, 1
NEST = 0x8000

# Fixed, so that runs differ as little as possible.
PORT, SEQUENCE = 4242, 1

SETUP = """
ip link add director type dummy
ip link set director up multicast on mtu 1400 alias director
ip link set director txqueuelen 77
ip address add 10.96.0.1/32 dev director label director:vip
ip address add 192.168.255.1/24 broadcast 192.168.255.255 dev director \
    valid_lft 600 preferred_lft 300
ip address add 10.98.0.1 peer 10.98.0.2/32 dev director noprefixroute
ip address add fd96::1/128 dev director nodad
ip address add fd97::1/64 dev director nodad valid_lft 600 preferred_lft 0
ip link add near type veth peer name far
ip route add local 10.0.0.0/8 dev lo
ipvsadm -A -t 10.96.0.1:80 -s wrr
ipvsadm -A -t 10.96.0.1:443 -s wlc -p 600 -M 255.255.255.0
ipvsadm -A -u 10.96.0.1:5060 -s rr -o
ipvsadm -A -u 10.96.0.1:5061 -s rr -p 60 --pe sip
ipvsadm -A -t 10.96.0.1:8081 -s sh -b sh-fallback,sh-port
ipvsadm -A -t 10.96.0.1:8082 -s mh -b mh-fallback
ipvsadm -A --sctp-service 10.96.0.1:9 -s lc
ipvsadm -A -f 7 -s nq -p 90
ipvsadm -A -f 8 -6 -s sed
ipvsadm -A -t [fd96::1]:80 -s lblcr -p 120 -M 64
ipvsadm -a -t 10.96.0.1:80 -r 10.0.0.2:8080 -m -w 3
ipvsadm -a -t 10.96.0.1:80 -r 10.0.0.3:80 -g -w 0 -x 100 -y 50
ipvsadm -a -t 10.96.0.1:80 -r 10.0.0.4:80 -i
ipvsadm -a -t 10.96.0.1:80 -r 10.0.0.5:80 -i --tun-type gue --tun-port 6080 --tun-remcsum
ipvsadm -a -t 10.96.0.1:80 -r 10.0.0.6:80 -i --tun-type gre --tun-csum
ipvsadm -a -t 10.96.0.1:443 -r 10.0.0.2:8080 -m
ipvsadm -a -u 10.96.0.1:5060 -r 10.0.0.2:8080 -m
ipvsadm -a -u 10.96.0.1:5061 -r 10.0.0.2:8080 -m
ipvsadm -a -f 7 -r 10.0.0.2:0 -m
ipvsadm -a -t [fd96::1]:80 -r [fd97::1]:8080 -m -w 65535
ipvsadm --set 900 120 300
"""

# Started before destinations of another family than their service, which the kernel refuses after.
START_DAEMONS = """
ipvsadm --start-daemon master --mcast-interface director --syncid 7
ipvsadm --start-daemon backup --mcast-interface director \
    --mcast-group ff02::81 --mcast-port 8850 --mcast-ttl 3
"""
MIXED_FAMILIES = """
ipvsadm --stop-daemon master
ipvsadm --stop-daemon backup
ipvsadm -a -t [fd96::1]:80 -r 10.0.0.7:80 -i
"""


def run(commands):
    for line in commands.strip().splitlines():
        if subprocess.run(line.split(), check=False).returncode != 0:
            print(f"capture: not on this kernel: {line}", file=sys.stderr)


def align(data):
    return data + bytes(-len(data) % 4)


def attribute(kind, data):
    return align(struct.pack("=HH", 4 + len(data), kind) + data)


def service(port, address="10.96.0.1", protocol=6):
    inside = attribute(1, struct.pack("=H", 2)) + attribute(2, struct.pack("=H", protocol))
    inside += attribute(3, socket.inet_aton(address) + bytes(12))
    inside += attribute(4, struct.pack(">H", port))
    return attribute(1 | NEST, inside)


class Netlink:
    def __init__(self, protocol):
        self.socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, protocol)
        self.socket.bind((PORT, 0))
        self.socket.setsockopt(SOL_NETLINK, CAP_ACK, 1)
        self.socket.setsockopt(SOL_NETLINK, EXT_ACK, 1)
        self.socket.settimeout(5)

    def request(self, kind, flags, body):
        """Returns the datagrams of the reply, up to DONE or an error."""
        header = struct.pack("=IHHII", 16 + len(body), kind, REQUEST | ACK | flags, SEQUENCE, 0)
        self.socket.send(header + body)
        replies = []
        while True:
            # Not larger than an input of the fuzzer: a dump comes in chunks that fit.
            replies.append(self.socket.recv(4096))
            at = 0
            while at < len(replies[-1]):
                length, kind = struct.unpack_from("=IH", replies[-1], at)
                if kind in (2, 3):
                    return replies
                at += (length + 3) & ~3


def family_id(netlink, name):
    body = struct.pack("=BBH", GET_FAMILY, 1, 0) + attribute(FAMILY_NAME, name.encode() + b"\0")
    data = netlink.request(GENL_CONTROL, 0, body)[0]
    at = 20
    while at < len(data):
        length, kind = struct.unpack_from("=HH", data, at)
        if kind == FAMILY_ID:
            return struct.unpack_from("=H", data, at + 4)[0], data
        at += (length + 3) & ~3
    raise RuntimeError(f"{name}: no id")


def echo(kind, port):
    server = socket.socket(socket.AF_INET, kind)
    server.bind(("0.0.0.0", port))
    if kind == socket.SOCK_STREAM:
        server.listen(16)

    def serve_stream():
        while True:
            server.accept()[0].send(b"there")

    def serve_datagrams():
        while True:
            data, client = server.recvfrom(4096)
            server.sendto(data, client)

    serve = serve_stream if kind == socket.SOCK_STREAM else serve_datagrams
    threading.Thread(target=serve, daemon=True).start()


def connect(kind, port, data=None):
    client = socket.socket(socket.AF_INET, kind)
    client.settimeout(2)
    client.bind(("10.0.0.9", 0))
    try:
        client.connect(("10.96.0.1", port))
        if data is not None:
            client.send(data)
        client.recv(100)
    except OSError as error:
        print(f"capture: port {port}: {error}", file=sys.stderr)
    return client


def make_connections():
    for port in (80, 8080):
        echo(socket.SOCK_STREAM, port)
    call = b"INVITE sip:a@b SIP/2.0\r\nCall-ID: %b\r\nContent-Length: 0\r\n\r\n"
    clients = [connect(socket.SOCK_STREAM, port) for port in (80, 80, 443)]
    clients[0].close()
    first, second = call % b"first@10.0.0.9", call % b"second@10.0.0.9"
    for port, data in ((5060, b"one"), (5061, first), (5061, second)):
        client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        client.bind(("10.0.0.9", 0))
        client.sendto(data, ("10.96.0.1", port))
        clients.append(client)
    return clients


def ipvs_replies():
    netlink = Netlink(NETLINK_GENERIC)
    number, reply = family_id(netlink, "IPVS")
    yield "family", reply

    def request(command, body=b"", flags=0):
        return netlink.request(number, flags, struct.pack("=BBH", command, 1, 0) + body)

    run(START_DAEMONS)
    daemons = request(11, flags=DUMP)
    run(MIXED_FAMILIES)
    web = service(80)
    web6 = attribute(1 | NEST, attribute(1, struct.pack("=H", 10)) + attribute(2, b"\6\0")
                     + attribute(3, socket.inet_pton(socket.AF_INET6, "fd96::1"))
                     + attribute(4, b"\0\x50"))
    for name, replies in {
        "services": request(4, flags=DUMP),
        "service": request(4, web),
        "destinations": request(8, web, DUMP),
        "destinations6": request(8, web6, DUMP),
        "daemons": daemons,
        "config": request(13),
        "info": request(15),
        "exists": request(1, web),
        "missing": request(4, service(81)),
        "refused": request(12, attribute(4, b"\2")),
        "unknown": request(200),
    }.items():
        for index, data in enumerate(replies):
            yield f"{name}-{index}", data


def rtnetlink_replies():
    netlink = Netlink(NETLINK_ROUTE)
    link = struct.pack("=BBHiII", 0, 0, 0, 0, 0, 0)
    address = struct.pack("=BBBBI", 0, 0, 0, 0, 0)
    for name, replies in {
        "links": netlink.request(18, DUMP, link),
        "link": netlink.request(18, 0, link + attribute(3, b"director\0")),
        "no-link": netlink.request(18, 0, link + attribute(3, b"nowhere\0")),
        "addresses": netlink.request(22, DUMP, address),
        "exists": netlink.request(16, 0x600, link + attribute(3, b"director\0")),
        "refused": netlink.request(18, 0, link + attribute(4, b"\1")),
    }.items():
        for index, data in enumerate(replies):
            yield f"{name}-{index}", data


def main(folder, kernel):
    run(SETUP)
    clients = make_connections()

    def save(target, name, data):
        path = pathlib.Path(folder, target, f"{kernel}-{name}")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)

    for name, data in ipvs_replies():
        save("message", f"ipvs-{name}", data)
        save("ipvs", name, data)
    for name, data in rtnetlink_replies():
        save("message", f"rtnl-{name}", data)
        save("rtnl", name, data)
    for name in ("ip_vs_conn", "ip_vs_conn_sync"):
        save("connections", name, pathlib.Path("/proc/net", name).read_bytes())
    return clients


main(*sys.argv[1:])

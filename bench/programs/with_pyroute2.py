"""The workloads of pyroute2, an alternative for users of Python. Debian's pyroute2 has no IPVS
messages, so they are declared here, in the way that pyroute2 declares its own. Adds and reads the
same objects as library.ts.

with_pyroute2.py load|list SERVICES DESTINATIONS"""

import json
import socket
import sys
import time

from pyroute2.netlink import NLM_F_ACK, NLM_F_DUMP, NLM_F_REQUEST, genlmsg, nla
from pyroute2.netlink.generic import GenericNetlinkSocket

NEW_SERVICE, GET_SERVICE, NEW_DEST, GET_DEST = 1, 4, 5, 8
VIRTUAL = 0x0A600001
REAL = 0x0A800001


class Message(genlmsg):
    prefix = "IPVS_CMD_ATTR_"
    nla_map = (
        ("IPVS_CMD_ATTR_UNSPEC", "none"),
        ("IPVS_CMD_ATTR_SERVICE", "service"),
        ("IPVS_CMD_ATTR_DEST", "dest"),
    )

    class service(nla):
        nla_flags = 0x8000
        nla_map = (
            ("UNSPEC", "none"),
            ("AF", "uint16"),
            ("PROTOCOL", "uint16"),
            ("ADDR", "cdata"),
            ("PORT", "be16"),
            ("FWMARK", "uint32"),
            ("SCHED_NAME", "asciiz"),
            ("FLAGS", "cdata"),
            ("TIMEOUT", "uint32"),
            ("NETMASK", "uint32"),
            ("STATS", "hex"),
            ("PE_NAME", "asciiz"),
            ("STATS64", "hex"),
        )

    class dest(nla):
        nla_flags = 0x8000
        nla_map = (
            ("UNSPEC", "none"),
            ("ADDR", "cdata"),
            ("PORT", "be16"),
            ("FWD_METHOD", "uint32"),
            ("WEIGHT", "uint32"),
            ("U_THRESH", "uint32"),
            ("L_THRESH", "uint32"),
            ("ACTIVE_CONNS", "uint32"),
            ("INACT_CONNS", "uint32"),
            ("PERSIST_CONNS", "uint32"),
            ("STATS", "hex"),
            ("ADDR_FAMILY", "uint16"),
            ("STATS64", "hex"),
        )


def address(number):
    return number.to_bytes(4, "big") + bytes(12)


def service_key(number):
    return [
        ("AF", socket.AF_INET),
        ("PROTOCOL", socket.IPPROTO_TCP),
        ("ADDR", address(VIRTUAL + number)),
        ("PORT", 80),
    ]


SETTINGS = [
    ("SCHED_NAME", "rr"),
    ("FLAGS", bytes(4) + b"\xff" * 4),
    ("TIMEOUT", 0),
    ("NETMASK", 0xFFFFFFFF),
]


def destination(number):
    return [
        ("ADDR", address(REAL + number)),
        ("PORT", 8080),
        ("FWD_METHOD", 0),
        ("WEIGHT", 1),
        ("U_THRESH", 0),
        ("L_THRESH", 0),
        ("ADDR_FAMILY", socket.AF_INET),
    ]


def request(netlink, command, flags, **objects):
    message = Message()
    message["cmd"] = command
    message["version"] = 1
    message["attrs"] = [
        (f"IPVS_CMD_ATTR_{name.upper()}", {"attrs": attrs}) for name, attrs in objects.items()
    ]
    return netlink.nlm_request(message, msg_type=netlink.prid, msg_flags=NLM_F_REQUEST | flags)


def load(netlink, services, destinations):
    for i in range(services):
        request(netlink, NEW_SERVICE, NLM_F_ACK, service=service_key(i) + SETTINGS)
        for j in range(destinations):
            dest = destination(i * destinations + j)
            request(netlink, NEW_DEST, NLM_F_ACK, service=service_key(i), dest=dest)
    return services * (1 + destinations)


def read(netlink, _services, _destinations):
    count = 0
    for message in request(netlink, GET_SERVICE, NLM_F_DUMP):
        found = message.get_attr("IPVS_CMD_ATTR_SERVICE")
        key = [(name, found.get_attr(name)) for name in ("AF", "PROTOCOL", "ADDR", "PORT")]
        count += 1 + len(request(netlink, GET_DEST, NLM_F_DUMP, service=key))
    return count


action, *size = sys.argv[1:]
with GenericNetlinkSocket() as generic:
    generic.bind("IPVS", Message)
    begin = time.perf_counter()
    operations = {"load": load, "list": read}[action](generic, *map(int, size))
    elapsed = (time.perf_counter() - begin) * 1e3
print(json.dumps({"operations": operations, "milliseconds": elapsed}))

"""Runs a program under a seccomp filter that forbids netlink sockets: ERRNO PROGRAM [ARGUMENT...]"""
import ctypes
import errno
import os
import platform
import struct
import sys

PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2
LOAD, EQUALS, RETURN = 0x20, 0x15, 0x06
ALLOW, REFUSE = 0x7FFF0000, 0x00050000
NUMBER, FIRST_ARGUMENT = 0, 16
SOCKET = {"x86_64": 41, "aarch64": 198}[platform.machine()]
AF_NETLINK = 16

code = getattr(errno, sys.argv[1])
rules = [
    (LOAD, 0, 0, NUMBER),
    (EQUALS, 0, 3, SOCKET),
    (LOAD, 0, 0, FIRST_ARGUMENT),
    (EQUALS, 0, 1, AF_NETLINK),
    (RETURN, 0, 0, REFUSE | code),
    (RETURN, 0, 0, ALLOW),
]
text = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *rule) for rule in rules))


class Filter(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("rules", ctypes.c_void_p)]


libc = ctypes.CDLL(None, use_errno=True)
program = Filter(len(rules), ctypes.addressof(text))
if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
    raise OSError(ctypes.get_errno(), "prctl")
if libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0) != 0:
    raise OSError(ctypes.get_errno(), "prctl")
os.execvp(sys.argv[2], sys.argv[2:])

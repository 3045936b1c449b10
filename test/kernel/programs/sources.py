"""Shows from which address a connection arrives.

    sources.py serve PORT             answers each connection with the address of its client
    sources.py ask ADDRESS PORT [SOURCE [SECONDS]]
                                      prints the answer, or why there is none
"""
import socket
import sys


def serve(port):
    server = socket.create_server(("", int(port)), backlog=64)
    print("ready", flush=True)
    while True:
        connection, (address, _) = server.accept()
        connection.sendall(address.encode())
        connection.close()


def ask(address, port, source="0.0.0.0", seconds="20"):
    try:
        with socket.create_connection((address, int(port)), float(seconds), (source, 0)) as client:
            print(client.recv(100).decode())
    except ConnectionRefusedError:
        print("refused")
    except TimeoutError:
        print("timed out")


{"serve": serve, "ask": ask}[sys.argv[1]](*sys.argv[2:])

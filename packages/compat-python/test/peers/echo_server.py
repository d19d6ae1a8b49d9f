"""CPython's end of an echo pair: serves one client on the first address that works. Usage: echo_server.py port [host]"""

import socket
import sys


def serve(host, port):
    answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    for family, kind, protocol, _, address in answers:
        listener = socket.socket(family, kind, protocol)
        try:
            listener.bind(address)
            listener.listen()
            return listener
        except OSError:
            listener.close()
    sys.exit(f"nothing to listen on: {host} {port}")


with serve(sys.argv[2] if len(sys.argv) > 2 else None, int(sys.argv[1])) as listener:
    connection, peer = listener.accept()
    print("Connected by", peer)
    with connection:
        while received := connection.recv(1024):
            connection.sendall(received)

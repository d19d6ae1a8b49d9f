import socket

from turns import turns

a, b = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
message = b"x" * 64
buffer = bytearray(64)


def run(n):
    for _ in range(n):
        if a.send(message) != 64 or b.recv_into(buffer) != 64:
            raise OSError("a part only")


turns(run)

import socket

from turns import turns

a = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
b = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
a.bind(("127.0.0.1", 0))
b.bind(("127.0.0.1", 0))
to = b.getsockname()
message = b"x" * 64
buffer = bytearray(64)


def run(n):
    for _ in range(n):
        if a.sendto(message, to) != 64 or b.recvfrom_into(buffer)[0] != 64:
            raise OSError("a part only")


turns(run)

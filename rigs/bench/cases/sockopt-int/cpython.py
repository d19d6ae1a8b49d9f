import socket

from turns import turns

s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_PRIORITY, 3)
level, name = socket.SOL_SOCKET, socket.SO_PRIORITY


def run(n):
    for _ in range(n):
        value = s.getsockopt(level, name)
        if value != 3:
            raise OSError("another value")
        s.setsockopt(level, name, value)


turns(run)

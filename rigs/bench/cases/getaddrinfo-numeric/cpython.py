import socket

from turns import turns


def run(n):
    for _ in range(n):
        socket.getaddrinfo("192.0.2.1", 80, type=socket.SOCK_STREAM)


turns(run)

import socket

from turns import turns


def run(n):
    for _ in range(n):
        socket.getaddrinfo("localhost", 80, socket.AF_INET, socket.SOCK_STREAM)


turns(run)

import socket

from turns import turns


def run(n):
    for _ in range(n):
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM).close()


turns(run)

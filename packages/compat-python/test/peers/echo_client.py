"""CPython's end of an echo pair: says something and prints what comes back. Usage: echo_client.py port host"""

import socket
import sys

with socket.create_connection((sys.argv[2], int(sys.argv[1])), timeout=10) as connection:
    connection.sendall(b"Hello, world")
    print("Received", connection.recv(1024).decode())

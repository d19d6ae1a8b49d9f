"""The far end of a socket, in a process that can be stopped and killed: its descriptor 3.

  peer.py sink BYTES KIND   receives so many bytes, and answers with their MD5 in hexadecimal: of a "stream", or of
                            "messages", each after its length
  peer.py say COUNT         sends so many messages of 32 bytes, each of its number, and holds the socket
  peer.py hold              holds it

Says "ready" when it has the socket, and with say when it has sent. Modules of C only: this starts often.
"""
import _socket
import os
import sys

work = sys.argv[1]
end = _socket.socket(fileno=3)
end.setblocking(True)


def sink(due, messages):
    try:
        from _md5 import md5
    except ImportError:
        from hashlib import md5
    digest = md5()
    while due > 0:
        data = end.recv(65536 if messages else min(due, 65536))
        if not data:
            raise SystemExit("the end came early")
        if messages:
            digest.update(b"%d:" % len(data))
        digest.update(data)
        due -= len(data)
    end.send(digest.hexdigest().encode())


if work == "say":
    for number in range(int(sys.argv[2])):
        end.send(bytes([number]) * 32)
os.write(1, b"ready\n")
if work == "sink":
    sink(int(sys.argv[2]), sys.argv[3] == "messages")
# Until its standard input ends, which its parent's end does too.
os.read(0, 1)

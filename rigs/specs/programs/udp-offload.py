"""Another implementation of what @sockeye/core/udp does: `send port length size` or `receive count`, on 127.0.0.1.

`receive` prints its port, then for each system call the datagrams' lengths, and at the end all their bytes' SHA-256."""

import hashlib
import socket
import struct
import sys

SOL_UDP, UDP_SEGMENT, UDP_GRO = 17, 103, 104

s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(5)
if sys.argv[1] == "send":
    port, length, size = map(int, sys.argv[2:])
    data = bytes(i * 7 & 0xFF for i in range(length))
    control = [(SOL_UDP, UDP_SEGMENT, struct.pack("H", size))]
    print(s.sendmsg([data], control, 0, ("127.0.0.1", port)))
else:
    due = int(sys.argv[2])
    s.setsockopt(SOL_UDP, UDP_GRO, 1)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    s.bind(("127.0.0.1", 0))
    print(s.getsockname()[1], flush=True)
    digest = hashlib.sha256()
    while due > 0:
        data, ancillary, _, _ = s.recvmsg(65535, 256)
        size = len(data)
        for level, kind, value in ancillary:
            if (level, kind) == (SOL_UDP, UDP_GRO):
                (size,) = struct.unpack("i", value)
        lengths = [len(data[at : at + size]) for at in range(0, len(data), size)]
        print(*lengths, flush=True)
        digest.update(data)
        due -= len(lengths)
    print(digest.hexdigest())

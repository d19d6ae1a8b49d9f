import socket
import struct

from turns import missing, turns

SOL_UDP, UDP_SEGMENT, UDP_GRO = 17, 103, 104
SIZE, WINDOW = 1200, 50

a = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
b = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
a.bind(("127.0.0.1", 0))
b.bind(("127.0.0.1", 0))
try:
    b.setsockopt(SOL_UDP, UDP_GRO, 1)
except OSError as error:
    missing(f"this kernel has no UDP_GRO: {error}")
b.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
to = b.getsockname()
message = [b"x" * (SIZE * WINDOW)]
control = [(SOL_UDP, UDP_SEGMENT, struct.pack("H", SIZE))]
buffer = bytearray(65535)
buffers = [buffer]
surplus = 0  # what an earlier batch received beyond its operations


def run(n):
    global surplus
    left = n - surplus
    while left > 0:
        if a.sendmsg(message, control, 0, to) != SIZE * WINDOW:
            raise OSError("a part only")
        due = WINDOW
        while due > 0:
            length, ancillary, _, _ = b.recvmsg_into(buffers, 256)
            segment = length
            for level, kind, value in ancillary:
                if (level, kind) == (SOL_UDP, UDP_GRO):
                    (segment,) = struct.unpack("i", value)
            for at in range(0, length, segment):
                if min(segment, length - at) != SIZE or buffer[at] != 120:
                    raise OSError("not what was sent")
                due -= 1
        left -= WINDOW
    surplus = -left


turns(run)

import socket
import struct

from turns import turns
from vcan import make_bus

FRAME = struct.Struct("=IB3x8s")

bus = make_bus()
out, into = (socket.socket(socket.AF_CAN, socket.SOCK_RAW, socket.CAN_RAW) for _ in range(2))
out.setsockopt(socket.SOL_CAN_RAW, socket.CAN_RAW_FILTER, b"")
for one in (out, into):
    one.bind((bus,))

frames = [FRAME.pack(n, 8, bytes([n] * 8)) for n in range(64)]
buffer = bytearray(72)


def run(n):
    for at in range(n):
        out.send(frames[at % 64])
        into.recv_into(buffer)
        can_id, _, data = FRAME.unpack_from(buffer)
        if data[0] != can_id:
            raise ValueError("another frame")


turns(run)

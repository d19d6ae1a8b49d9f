import atexit
import os
import socket
import struct
import subprocess

from turns import missing, turns

FRAME = struct.Struct("=IB3x8s")

# A bus of its own: on one that others are on, they would receive too.
bus = f"sky{os.getpid()}"
made = f"ip link add {bus} type vcan 2>/dev/null && ip link set {bus} up"
if subprocess.run(made, shell=True).returncode != 0:
    missing("no vcan")
atexit.register(lambda: subprocess.run(["ip", "link", "del", bus]))

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

import os
import sys

from turns import missing, turns

DEBIANS = "/usr/bin/python3"

try:
    import can
except ImportError:
    if sys.executable == DEBIANS or not os.path.exists(DEBIANS):
        missing("no python-can (python3-can)")
    os.execv(DEBIANS, [DEBIANS, *sys.argv])

from vcan import make_bus

name = make_bus()
out = can.Bus(interface="socketcan", channel=name, can_filters=[{"can_id": 0x7FF, "can_mask": 0x7FF}])
into = can.Bus(interface="socketcan", channel=name)
frames = [can.Message(arbitration_id=n, data=bytes([n] * 8), is_extended_id=False) for n in range(64)]


def run(n):
    for at in range(n):
        out.send(frames[at % 64])
        message = into.recv(1)
        if message is None or message.data[0] != message.arbitration_id:
            raise ValueError("another frame")


turns(run)

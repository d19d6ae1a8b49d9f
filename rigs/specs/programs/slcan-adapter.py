"""A CAN adapter on a serial line, by a pseudo-terminal: the kernel's slcan driver is at the other end.

Says the name of its interface, then each command that the driver gives it, a line each; what it reads from its standard
input, a line each, it tells the driver. The language is Lawicel's: "t1232DEAD" is a frame, "sb000000" a state.
"""

import fcntl
import os
import select
import struct
import sys
import tty

N_SLCAN = 17  # linux/tty.h
TIOCSETD = 0x5423
SIOCGIFNAME = 0x8910

line, port = os.openpty()
tty.setraw(port)
fcntl.ioctl(port, TIOCSETD, struct.pack("i", N_SLCAN))
name = fcntl.ioctl(port, SIOCGIFNAME, bytes(40)).split(b"\0")[0].decode()
print(name, flush=True)

left = b""
while True:
    ready, _, _ = select.select([line, 0], [], [])
    if line in ready:
        *commands, left = (left + os.read(line, 4096)).split(b"\r")
        for command in commands:
            print(command.decode(), flush=True)
    if 0 in ready:
        told = os.read(0, 4096)
        if not told:
            sys.exit()
        os.write(line, told.replace(b"\n", b"\r"))

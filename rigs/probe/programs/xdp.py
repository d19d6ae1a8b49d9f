"""Sends one Ethernet frame of type 0x88b5 by an AF_XDP socket: xdp.py <interface index> <payload in hex>; linux/if_xdp.h."""
import ctypes
import mmap
import os
import socket
import struct
import sys

AF_XDP, SOL_XDP = 44, 283
XDP_MMAP_OFFSETS, XDP_TX_RING, XDP_UMEM_REG, XDP_UMEM_FILL_RING, XDP_UMEM_COMPLETION_RING = 1, 3, 4, 5, 6
XDP_PGOFF_TX_RING = 0x80000000
XDP_COPY = 1 << 1
ENTRIES, CHUNK, CHUNKS = 4, 4096, 4

libc = ctypes.CDLL(None, use_errno=True)


def done(result, call):
    if result < 0:
        sys.exit(f'{call}: {os.strerror(ctypes.get_errno())}')


xsk = socket.socket(AF_XDP, socket.SOCK_RAW)
memory = mmap.mmap(-1, CHUNK * CHUNKS)
start = ctypes.addressof(ctypes.c_char.from_buffer(memory))
xsk.setsockopt(SOL_XDP, XDP_UMEM_REG, struct.pack('QQII', start, CHUNK * CHUNKS, CHUNK, 0))
for ring in (XDP_UMEM_FILL_RING, XDP_UMEM_COMPLETION_RING, XDP_TX_RING):
    xsk.setsockopt(SOL_XDP, ring, ENTRIES)
# Four rings (rx, tx, fill, completion), each with the offsets of producer, consumer, descriptors and flags.
offsets = struct.unpack('16Q', xsk.getsockopt(SOL_XDP, XDP_MMAP_OFFSETS, 128))
producer, _, descriptors, _ = offsets[4:8]
ring = mmap.mmap(xsk.fileno(), descriptors + ENTRIES * 16, mmap.MAP_SHARED | mmap.MAP_POPULATE, offset=XDP_PGOFF_TX_RING)
address = struct.pack('HHIII', AF_XDP, XDP_COPY, int(sys.argv[1]), 0, 0)
done(libc.bind(xsk.fileno(), address, len(address)), 'bind')

frame = b'\xff' * 6 + b'\x02\0\0\0\0\x01' + b'\x88\xb5' + bytes.fromhex(sys.argv[2])
memory[: len(frame)] = frame
ring[descriptors : descriptors + 16] = struct.pack('QII', 0, len(frame), 0)
ring[producer : producer + 4] = struct.pack('I', 1)
done(libc.sendto(xsk.fileno(), None, 0, socket.MSG_DONTWAIT, None, 0), 'sendto')

"""A tun interface with an address: a datagram that is sent into it comes out of the descriptor. Run it in a namespace of its own."""
import fcntl
import os
import socket
import struct
import subprocess
import sys

TUNSETIFF = 0x400454CA
IFF_TUN, IFF_NO_PI = 0x0001, 0x1000

try:
    descriptor = os.open('/dev/net/tun', os.O_RDWR)
    fcntl.ioctl(descriptor, TUNSETIFF, struct.pack('16sH22x', b'tun0', IFF_TUN | IFF_NO_PI))
except OSError as error:
    sys.exit(f'/dev/net/tun: {error.strerror}')
subprocess.run(['ip', 'addr', 'add', '192.0.2.1/24', 'dev', 'tun0'], check=True)
subprocess.run(['ip', 'link', 'set', 'tun0', 'up'], check=True)
socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'sockeye', ('192.0.2.2', 9))
while True:
    packet = os.read(descriptor, 2048)
    # IPv6 sends of its own accord.
    if packet[0] >> 4 == 4 and packet.endswith(b'sockeye'):
        break
print(f'an IP packet of {len(packet)} bytes came out of the descriptor')

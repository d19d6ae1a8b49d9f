"""Runs a program in a network namespace whose only interface, sk0 (10.77.0.1/24), holds four packets that nobody takes.

A TUN interface without a queueing discipline: when its ring is full, the sender is told ENOBUFS. For each line "drain" that
the program prints, the ring is emptied, and "took" with the last byte of each packet printed; other lines pass. Exit status 77: this machine has no such interface.
"""
import fcntl, os, struct, subprocess, sys

TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 1, 0x1000
try:
    tun = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(tun, TUNSETIFF, struct.pack("16sH22x", b"sk0", IFF_TUN | IFF_NO_PI))
    # No router solicitations of the kernel's in the ring.
    with open("/proc/sys/net/ipv6/conf/sk0/disable_ipv6", "w") as file:
        file.write("1")
except FileNotFoundError:
    if "tun" not in dir():
        sys.exit(77)
except OSError:
    sys.exit(77)
for command in (
    "ip link set sk0 txqueuelen 4 up",
    "ip addr add 10.77.0.1/24 dev sk0",
    "tc qdisc replace dev sk0 root noqueue",
):
    if subprocess.run(command.split(), stderr=subprocess.DEVNULL).returncode != 0:
        sys.exit(77)
with subprocess.Popen(sys.argv[1:], stdout=subprocess.PIPE, text=True) as child:
    for line in child.stdout:
        if line != "drain\n":
            print(line, end="", flush=True)
            continue
        try:
            while True:
                print("took", os.read(tun, 2048)[-1], flush=True)
        except BlockingIOError:
            pass
sys.exit(child.returncode)

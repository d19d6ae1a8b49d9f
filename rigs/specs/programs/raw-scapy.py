"""The argument is packets, a JSON array of {name, linkType, hex}: on stdout those and Scapy's own, with the layers that Scapy sees."""
import json
import sys

from scapy.all import (ARP, BOOTP, DHCP, DNS, DNSQR, DNSRR, GRE, ICMP, IP, LLC, SCTP, SNAP, TCP, UDP, CookedLinux, Dot1Q, Ether,
                       Raw, load_contrib)
from scapy.layers.inet6 import (ICMPv6EchoRequest, ICMPv6ND_NA, ICMPv6ND_NS, ICMPv6ND_RA, ICMPv6NDOptSrcLLAddr, IPv6,
                                IPv6ExtHdrDestOpt, IPv6ExtHdrFragment, IPv6ExtHdrHopByHop, PadN)
from scapy.layers.ipsec import ESP
from scapy.layers.ppp import PPP, PPPoE
from scapy.layers.sctp import SCTPChunkCookieAck, SCTPChunkData
from scapy.layers.vxlan import VXLAN

load_contrib("geneve")
load_contrib("mpls")
load_contrib("igmpv3")
load_contrib("igmp")
from scapy.contrib.geneve import GENEVE, GeneveOptions  # noqa: E402
from scapy.contrib.igmp import IGMP  # noqa: E402
from scapy.contrib.igmpv3 import IGMPv3, IGMPv3gr, IGMPv3mr  # noqa: E402
from scapy.contrib.mpls import MPLS  # noqa: E402

FIRST = {1: Ether, 101: IP, 113: CookedLinux, 228: IP, 229: IPv6}
A, B = "10.1.2.3", "10.4.5.6"
X, Y = "fd00::1", "fd00::2"
ETHER = Ether(src="02:00:00:00:00:0a", dst="02:00:00:00:00:0b")

OWN = {
    "arp": ETHER / ARP(op=1, psrc=A, pdst=B),
    "tcp, three tags": ETHER / Dot1Q(vlan=1, prio=3) / Dot1Q(vlan=2) / Dot1Q(vlan=4095, id=1) / IP(src=A, dst=B, tos=3)
    / TCP(sport=1, dport=2, seq=0xFFFFFFFF, flags="FPU", urgptr=7, options=[("MSS", 9), ("WScale", 3), ("Timestamp", (1, 2))]) / b"x",
    "ip with options": IP(src=A, dst=B, options=b"\x94\x04\x00\x00", flags="DF", id=9, ttl=1) / UDP(sport=5, dport=6) / b"xyz",
    "fragment": IP(src=A, dst=B, flags="MF", frag=185, proto=17) / Raw(b"12345678"),
    "icmp": IP(src=A, dst=B) / ICMP(type=8, id=5, seq=6) / b"data",
    "icmp unreachable": IP(src=A, dst=B) / ICMP(type=3, code=4, nexthopmtu=1400) / IP(src=B, dst=A) / UDP(sport=1, dport=2),
    "ipv6 with extension headers": ETHER / IPv6(src=X, dst=Y, tc=7, fl=9, hlim=3)
    / IPv6ExtHdrHopByHop(options=[PadN(optdata=b"\0\0")]) / IPv6ExtHdrDestOpt() / UDP(sport=1, dport=9),
    "ipv6 fragment": ETHER / IPv6(src=X, dst=Y) / IPv6ExtHdrFragment(offset=3, m=1, id=0x12345678, nh=17) / Raw(b"12345678"),
    "echo over ipv6": ETHER / IPv6(src=X, dst=Y) / ICMPv6EchoRequest(id=1, seq=2, data=b"abc"),
    "solicitation": ETHER / IPv6(src=X, dst=Y) / ICMPv6ND_NS(tgt=Y) / ICMPv6NDOptSrcLLAddr(lladdr="02:00:00:00:00:0a"),
    "advertisement": ETHER / IPv6(src=X, dst=Y) / ICMPv6ND_NA(tgt=Y, R=1, O=1),
    "router": ETHER / IPv6(src=X, dst=Y) / ICMPv6ND_RA(chlim=9, routerlifetime=77, reachabletime=5, retranstimer=6),
    "dns": ETHER / IP(src=A, dst=B) / UDP(sport=53, dport=1025)
    / DNS(id=7, qr=1, rd=1, qd=DNSQR(qname="example.org"), an=DNSRR(rrname="example.org", rdata=B, ttl=9)),
    "dhcp": ETHER / IP(src="0.0.0.0", dst="255.255.255.255") / UDP(sport=68, dport=67)
    / BOOTP(xid=0x1234, flags=0x8000, yiaddr=A, chaddr=b"\2\0\0\0\0\x0a") / DHCP(options=[("message-type", "discover"), "end"]),
    "sctp": IP(src=A, dst=B) / SCTP(sport=1, dport=2, tag=0xFEDCBA98) / SCTPChunkData(data=b"abcde", beginning=1) / SCTPChunkCookieAck(),
    "gre": IP(src=A, dst=B) / GRE(key_present=1, seqnum_present=1, chksum_present=1, key=1, sequence_number=2) / IP(src=B, dst=A) / ICMP(),
    "vxlan": IP(src=A, dst=B) / UDP(sport=9, dport=4789) / VXLAN(vni=0x123456, flags="Instance") / ETHER / IP(src=B, dst=A) / ICMP(),
    "geneve": IP(src=A, dst=B) / UDP(sport=9, dport=6081)
    / GENEVE(vni=0x123456, oam=1, proto=0x6558, options=[GeneveOptions(classid=0x102, type=3, data=b"four")]) / ETHER / IP(src=B, dst=A) / ICMP(),
    "esp": IP(src=A, dst=B) / ESP(spi=0x89ABCDEF, seq=7, data=b"unreadable"),
    "mpls": ETHER / MPLS(label=5, cos=2, s=0, ttl=9) / MPLS(label=6, s=1, ttl=8) / IP(src=A, dst=B) / ICMP(),
    "pppoe": ETHER / PPPoE(sessionid=0xABCD) / PPP(proto=0x0021) / IP(src=A, dst=B) / ICMP(),
    "snap": Ether(src="02:00:00:00:00:0a", dst="02:00:00:00:00:0b", type=8 + 5) / LLC() / SNAP(OUI=0x123456, code=0x1111) / Raw(b"abcde"),
    "cooked": CookedLinux(pkttype=4, lladdrtype=1, lladdrlen=6, src=b"\2\0\0\0\0\x0a", proto=0x800) / IP(src=A, dst=B) / ICMP(),
    "igmp": IP(src=A, dst="224.0.0.22", options=b"\x94\x04\x00\x00") / IGMPv3(type=0x22)
    / IGMPv3mr(records=[IGMPv3gr(rtype=4, maddr="239.9.9.9", srcaddrs=[A, B])]),
    "igmp of version 2": IP(src=A, dst="239.1.1.1", options=b"\x94\x04\x00\x00") / IGMP(type=0x16, gaddr="239.1.1.1"),
}
LINK = {Ether: 1, IP: 101, CookedLinux: 113}


def plain(value):
    """A field's value as JSON has it."""
    if value is None or isinstance(value, (bool, str)):
        return value
    try:
        return int(value)
    except (TypeError, ValueError):
        pass
    return value.hex() if isinstance(value, bytes) else str(value)


def layers(packet):
    found = []
    while packet and packet.__class__.__name__ != "NoPayload":
        found.append([packet.__class__.__name__, {name: plain(packet.getfieldval(name)) for name in packet.fields}])
        packet = packet.payload
    return found


def main():
    packets = json.loads(sys.argv[1])
    for name, packet in OWN.items():
        packets.append({"name": "scapy: " + name, "linkType": LINK[packet.__class__], "hex": bytes(packet).hex()})
    for packet in packets:
        packet["layers"] = layers(FIRST[packet["linkType"]](bytes.fromhex(packet["hex"])))
    json.dump(packets, sys.stdout)


main()

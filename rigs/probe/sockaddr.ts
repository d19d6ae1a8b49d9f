/**
 * Addresses as the kernel's headers lay them out, by hand: the probe must not depend on the packages that it is asked
 * about. Numbers are in the machine's order, little-endian on all that Node.js runs on, but ports and IP addresses.
 */

/** Address families; linux/socket.h. */
export const AF = {
  UNIX: 1,
  INET: 2,
  INET6: 10,
  NETLINK: 16,
  PACKET: 17,
  RDS: 21,
  CAN: 29,
  TIPC: 30,
  BLUETOOTH: 31,
  ALG: 38,
  VSOCK: 40,
  QIPCRTR: 42,
  SMC: 43,
  XDP: 44,
} as const;

function bytes(size: number, family: number, fill: (view: DataView, all: Uint8Array) => void): Uint8Array {
  const all = new Uint8Array(size);
  const view = new DataView(all.buffer);
  view.setUint16(0, family, true);
  fill(view, all);
  return all;
}

/** 127.0.0.1; struct sockaddr_in of linux/in.h. RDS and SMC use it too. */
export function loopback4(port = 0): Uint8Array {
  return bytes(16, AF.INET, (view) => {
    view.setUint16(2, port);
    view.setUint32(4, 0x7f000001);
  });
}

/** ::1; struct sockaddr_in6 of linux/in6.h. */
export function loopback6(port = 0): Uint8Array {
  return bytes(28, AF.INET6, (view, all) => {
    view.setUint16(2, port);
    all[23] = 1;
  });
}

/** A path, or an abstract name when it starts with NUL; struct sockaddr_un of linux/un.h. */
export function unix(path: string): Uint8Array {
  const name = Buffer.from(path);
  const end = path.startsWith('\0') ? 0 : 1;
  return bytes(2 + name.length + end, AF.UNIX, (_, all) => all.set(name, 2));
}

/** struct sockaddr_nl of linux/netlink.h: the kernel. */
export function netlink(): Uint8Array {
  return bytes(12, AF.NETLINK, () => {});
}

/** struct sockaddr_ll of linux/if_packet.h. */
export function packet(protocol: number, index: number, destination?: Uint8Array): Uint8Array {
  return bytes(20, AF.PACKET, (view, all) => {
    view.setUint16(2, protocol);
    view.setInt32(4, index, true);
    if (destination === undefined) return;
    all[11] = destination.length;
    all.set(destination, 12);
  });
}

/** struct sockaddr_can of linux/can.h. */
export function can(index: number): Uint8Array {
  return bytes(24, AF.CAN, (view) => view.setInt32(4, index, true));
}

/** The same for ISO-TP: rx_id, tx_id. */
export function isotp(index: number, receive: number, transmit: number): Uint8Array {
  return bytes(24, AF.CAN, (view) => {
    view.setInt32(4, index, true);
    view.setUint32(8, receive, true);
    view.setUint32(12, transmit, true);
  });
}

/** The same for J1939, without a name: pgn, addr. */
export function j1939(index: number, pgn: number, address: number): Uint8Array {
  return bytes(24, AF.CAN, (view) => {
    view.setInt32(4, index, true);
    view.setUint32(16, pgn, true);
    view.setUint8(20, address);
  });
}

const TIPC_SERVICE_RANGE = 1;
const TIPC_SERVICE_ADDR = 2;
const TIPC_NODE_SCOPE = 3;

/** struct sockaddr_tipc of linux/tipc.h: the range of one instance, to bind to. */
export function tipcRange(type: number, instance: number): Uint8Array {
  return bytes(16, AF.TIPC, (view) => {
    view.setUint8(2, TIPC_SERVICE_RANGE);
    view.setInt8(3, TIPC_NODE_SCOPE);
    view.setUint32(4, type, true);
    view.setUint32(8, instance, true);
    view.setUint32(12, instance, true);
  });
}

/** The same: a service, to send to. */
export function tipcService(type: number, instance: number): Uint8Array {
  return bytes(16, AF.TIPC, (view) => {
    view.setUint8(2, TIPC_SERVICE_ADDR);
    view.setUint32(4, type, true);
    view.setUint32(8, instance, true);
  });
}

/** struct sockaddr_alg of linux/if_alg.h: type at 2, name at 24. */
export function alg(type: string, name: string): Uint8Array {
  return bytes(88, AF.ALG, (_, all) => {
    all.set(Buffer.from(type), 2);
    all.set(Buffer.from(name), 24);
  });
}

/** struct sockaddr_vm of linux/vm_sockets.h. */
export function vsock(cid: number, port: number): Uint8Array {
  return bytes(16, AF.VSOCK, (view) => {
    view.setUint32(4, port, true);
    view.setUint32(8, cid, true);
  });
}

/** struct sockaddr_qrtr of linux/qrtr.h. */
export function qrtr(node: number, port: number): Uint8Array {
  return bytes(12, AF.QIPCRTR, (view) => {
    view.setUint32(4, node, true);
    view.setUint32(8, port, true);
  });
}

/** struct sockaddr_rc of net/bluetooth/rfcomm.h: bdaddr at 2, channel at 8. */
export function rfcomm(address: Uint8Array, channel: number): Uint8Array {
  return bytes(10, AF.BLUETOOTH, (_, all) => {
    all.set(address, 2);
    all[8] = channel;
  });
}

/** struct sockaddr_l2 of net/bluetooth/l2cap.h: psm at 2, bdaddr at 4, cid at 10, type of address at 12. */
export function l2cap(address: Uint8Array, psm: number): Uint8Array {
  return bytes(14, AF.BLUETOOTH, (view, all) => {
    view.setUint16(2, psm, true);
    all.set(address, 4);
  });
}

/** Typed options on the kernel of this machine: set, and read back. */
import { constants as c, ifNameToIndex, Socket } from '@sockeye/core';
import * as options from '@sockeye/core/options';
import { afterEach, describe, expect, it, type TestContext } from 'vitest';
import { streams } from './support.ts';

const sockets: Socket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.close();
});
const kept = (socket: Socket): Socket => {
  sockets.push(socket);
  return socket;
};
const open = (family: number, type: number, protocol?: number) => (): Socket =>
  kept(Socket.create(family, type, protocol));
const tcp = open(c.AF_INET, c.SOCK_STREAM);
const udp = open(c.AF_INET, c.SOCK_DGRAM);
const udp6 = open(c.AF_INET6, c.SOCK_DGRAM);
const raw = open(c.AF_INET, c.SOCK_RAW, c.IPPROTO_UDP);
const raw6 = open(c.AF_INET6, c.SOCK_RAW, c.IPPROTO_UDP);
const udplite = open(c.AF_INET, c.SOCK_DGRAM, c.IPPROTO_UDPLITE);
const packet = open(c.AF_PACKET, c.SOCK_RAW);
const vsock = open(c.AF_VSOCK, c.SOCK_STREAM);
const unix = (): Socket => {
  const [one, other] = streams();
  kept(other);
  return kept(one);
};
/** Whether an error means that this kernel, or this user, cannot do it; then the test is skipped with its words. */
function cannot(context: TestContext, error: unknown, info?: options.OptionInfo): void {
  const { code, message } = error as { code?: string; message: string };
  const older = info?.since !== undefined && (code === 'ENOPROTOOPT' || code === 'EOPNOTSUPP');
  const may = code === 'EPERM' && info?.capability !== undefined;
  const none = code === 'EAFNOSUPPORT' || code === 'EPROTONOSUPPORT' || code === 'ESOCKTNOSUPPORT';
  if (older || may || none || (code === 'EPERM' && info === undefined)) context.skip(message);
  throw error;
}

function trips<T, S>(
  name: string,
  make: () => Socket,
  option: options.Option<T, S>,
  ...values: { set: S; reads: T }[]
): void {
  it(name, (context) => {
    let socket: Socket;
    try {
      socket = make();
    } catch (error) {
      return cannot(context, error);
    }
    for (const { set, reads } of values) {
      try {
        option.set(socket, set);
      } catch (error) {
        cannot(context, error, option);
      }
      expect([set, option.get(socket)]).toEqual([set, reads]);
    }
  });
}
/** Options that read as they were set. */
function same<T>(name: string, make: () => Socket, option: options.Option<T>, ...values: T[]): void {
  trips(name, make, option, ...values.map((value) => ({ set: value, reads: value })));
}
const flags = (make: () => Socket, table: { [name: string]: options.Option<boolean> }): void => {
  for (const [name, option] of Object.entries(table)) same(name, make, option, true, false);
};

describe('options of sockets read as they were set', () => {
  const o = options;
  flags(tcp, {
    keepAlive: o.keepAlive,
    reuseAddress: o.reuseAddress,
    reusePort: o.reusePort,
    dontRoute: o.dontRoute,
    outOfBandInline: o.outOfBandInline,
    debug: o.debug,
    zeroCopy: o.zeroCopy,
    tcpNoDelay: o.tcpNoDelay,
    tcpCork: o.tcpCork,
    tcpQuickAck: o.tcpQuickAck,
    tcpFastOpenConnect: o.tcpFastOpenConnect,
    tcpFastOpenNoCookie: o.tcpFastOpenNoCookie,
    tcpReceiveQueued: o.tcpReceiveQueued,
    tcpThinLinearTimeouts: o.tcpThinLinearTimeouts,
    ipBindAddressNoPort: o.ipBindAddressNoPort,
  });
  flags(udp, {
    broadcast: o.broadcast,
    receiveMark: o.receiveMark,
    receivePriority: o.receivePriority,
    preferBusyPoll: o.preferBusyPoll,
    receiveOverflow: o.receiveOverflow,
    selectErrorQueue: o.selectErrorQueue,
    noChecksum: o.noChecksum,
    noFrameCheck: o.noFrameCheck,
    wifiStatus: o.wifiStatus,
    timestamp: o.timestamp,
    timestampNanoseconds: o.timestampNanoseconds,
    ipFreeBind: o.ipFreeBind,
    ipTransparent: o.ipTransparent,
    ipReceivePacketInfo: o.ipReceivePacketInfo,
    ipReceiveTtl: o.ipReceiveTtl,
    ipReceiveTos: o.ipReceiveTos,
    ipReceiveOptions: o.ipReceiveOptions,
    ipReceiveErrors: o.ipReceiveErrors,
    ipReceiveErrorsRfc4884: o.ipReceiveErrorsRfc4884,
    ipReceiveOriginalDestination: o.ipReceiveOriginalDestination,
    ipReceiveFragmentSize: o.ipReceiveFragmentSize,
    ipReceiveChecksum: o.ipReceiveChecksum,
    ipMulticastAll: o.ipMulticastAll,
    ipMulticastLoop: o.ipMulticastLoop,
    udpCork: o.udpCork,
    udpCoalesce: o.udpCoalesce,
    udpNoChecksum6Send: o.udpNoChecksum6Send,
    udpNoChecksum6Receive: o.udpNoChecksum6Receive,
  });
  flags(udp6, {
    ipv6Only: o.ipv6Only,
    ipv6FreeBind: o.ipv6FreeBind,
    ipv6Transparent: o.ipv6Transparent,
    ipv6DontFragment: o.ipv6DontFragment,
    ipv6AutoFlowLabel: o.ipv6AutoFlowLabel,
    ipv6FlowInfoSend: o.ipv6FlowInfoSend,
    ipv6ReceivePacketInfo: o.ipv6ReceivePacketInfo,
    ipv6ReceiveHopLimit: o.ipv6ReceiveHopLimit,
    ipv6ReceiveTrafficClass: o.ipv6ReceiveTrafficClass,
    ipv6ReceiveFlowInfo: o.ipv6ReceiveFlowInfo,
    ipv6ReceiveHopOptions: o.ipv6ReceiveHopOptions,
    ipv6ReceiveDestinationOptions: o.ipv6ReceiveDestinationOptions,
    ipv6ReceiveRoutingHeader: o.ipv6ReceiveRoutingHeader,
    ipv6ReceiveErrors: o.ipv6ReceiveErrors,
    ipv6ReceiveErrorsRfc4884: o.ipv6ReceiveErrorsRfc4884,
    ipv6ReceivePathMtu: o.ipv6ReceivePathMtu,
    ipv6ReceiveOriginalDestination: o.ipv6ReceiveOriginalDestination,
    ipv6ReceiveFragmentSize: o.ipv6ReceiveFragmentSize,
    ipv6MulticastAll: o.ipv6MulticastAll,
    ipv6MulticastLoop: o.ipv6MulticastLoop,
  });
  flags(unix, {
    passCredentials: o.passCredentials,
    passProcess: o.passProcess,
    passSecurity: o.passSecurity,
    passRights: o.passRights,
  });
  flags(raw, { ipHeaderIncluded: o.ipHeaderIncluded, ipNoDefragment: o.ipNoDefragment });
  flags(raw6, { ipv6HeaderIncluded: o.ipv6HeaderIncluded });
  flags(packet, {
    packetAuxiliaryData: o.packetAuxiliaryData,
    packetOriginalDevice: o.packetOriginalDevice,
    packetIgnoreOutgoing: o.packetIgnoreOutgoing,
    packetBypassQueue: o.packetBypassQueue,
    packetVnetHeader: o.packetVnetHeader,
    packetLoss: o.packetLoss,
  });

  trips('receiveBuffer', udp, o.receiveBuffer, { set: 16_384, reads: 32_768 });
  trips('sendBuffer', udp, o.sendBuffer, { set: 16_384, reads: 32_768 });
  same('bufferLock', udp, o.bufferLock, { send: true, receive: false }, { send: false, receive: true });
  same('receiveLowWater', tcp, o.receiveLowWater, 100, 1);
  same(
    'linger',
    tcp,
    o.linger,
    { on: true, seconds: 0 },
    { on: true, seconds: 7 },
    { on: false, seconds: 7 },
  );
  trips(
    'receiveTimeout',
    tcp,
    o.receiveTimeout,
    { set: 0, reads: 0 },
    { set: 1500, reads: 1500 },
    // Whole ticks of the kernel's clock, at least one.
    { set: 86_400_000, reads: 86_400_000 },
  );
  same('sendTimeout', tcp, o.sendTimeout, 250_000, 0);
  same('mark', udp, o.mark, 0xffffffff, 7);
  same('priority', udp, o.priority, 6, 0, 7);
  same('busyPoll', udp, o.busyPoll, 50, 0);
  same('incomingCpu', udp, o.incomingCpu, 1, 0);
  same('maxPacingRate', tcp, o.maxPacingRate as options.Option<bigint>, 125_000n, 2n ** 40n, 2n ** 64n - 1n);
  trips('maxPacingRate of a number', tcp, o.maxPacingRate, { set: 1e9, reads: 1_000_000_000n });
  same(
    'transmitTimes',
    udp,
    o.transmitTimes,
    { clock: 'monotonic', deadline: false, reportErrors: true },
    { clock: 'tai', deadline: true, reportErrors: false },
  );
  same('peekOffset', unix, o.peekOffset, 4, 0, -1);
  same('transmitRehash', tcp, o.transmitRehash, 0, 1);
  same(
    'timestamping',
    udp,
    o.timestamping,
    { flags: [] },
    { flags: ['rxSoftware', 'software', 'optTsonly'] },
    { flags: ['txSoftware', 'software', 'optId', 'txSched'] },
  );
  same('bindToDevice', udp, o.bindToDevice, 'lo', '');
  same('bindToInterface', udp, o.bindToInterface, ifNameToIndex('lo'), 0);
  same('ipTos', udp, o.ipTos, 0xb8, 1, 0);
  trips('ipTtl', udp, o.ipTtl, { set: 5, reads: 5 }, { set: -1, reads: 64 });
  same('ipMinimumTtl', udp, o.ipMinimumTtl, 255, 0);
  same('ipLocalPortRange', udp, o.ipLocalPortRange, { low: 40_000, high: 65_535 }, { low: 0, high: 0 });
  same('ipMtuDiscover', udp, o.ipMtuDiscover, 'dont', 'want', 'do', 'probe', 'interface', 'omit');
  same('ipOptions', udp, o.ipOptions, Buffer.from([0x94, 4, 0, 0]), Buffer.alloc(0));
  same('ipUnicastInterface', udp, o.ipUnicastInterface, ifNameToIndex('lo'), 0);
  trips('ipMulticastTtl', udp, o.ipMulticastTtl, { set: 9, reads: 9 }, { set: -1, reads: 1 });
  same('ipMulticastAddress', udp, o.ipMulticastAddress, Buffer.from([127, 0, 0, 1]));
  trips('ipv6UnicastHops', udp6, o.ipv6UnicastHops, { set: 5, reads: 5 }, { set: -1, reads: 64 });
  trips('ipv6TrafficClass', udp6, o.ipv6TrafficClass, { set: 0xb8, reads: 0xb8 }, { set: -1, reads: 0 });
  same('ipv6MinimumHopCount', udp6, o.ipv6MinimumHopCount, 255, 0);
  same('ipv6MtuDiscover', udp6, o.ipv6MtuDiscover, 'dont', 'want', 'do', 'probe', 'interface', 'omit');
  same('ipv6Checksum', raw6, o.ipv6Checksum, 6, -1);
  same('ipv6UnicastInterface', udp6, o.ipv6UnicastInterface, ifNameToIndex('lo'), 0);
  trips('ipv6AddressPreferences', udp6, o.ipv6AddressPreferences, {
    set: c.IPV6_PREFER_SRC_PUBLIC,
    reads: c.IPV6_PREFER_SRC_PUBLIC | c.IPV6_PREFER_SRC_HOME,
  });
  trips('ipv6MulticastHops', udp6, o.ipv6MulticastHops, { set: 9, reads: 9 }, { set: -1, reads: 1 });
  same('ipv6MulticastInterface', udp6, o.ipv6MulticastInterface, ifNameToIndex('lo'), 0);
  same('tcpKeepIdle', tcp, o.tcpKeepIdle, 1, 32_767);
  same('tcpKeepInterval', tcp, o.tcpKeepInterval, 1, 32_767);
  same('tcpKeepCount', tcp, o.tcpKeepCount, 1, 127);
  same('tcpUserTimeout', tcp, o.tcpUserTimeout, 30_000, 0);
  same('tcpSynCount', tcp, o.tcpSynCount, 1, 127);
  same('tcpLinger2', tcp, o.tcpLinger2, 5, -1);
  trips(
    'tcpDeferAccept',
    tcp,
    o.tcpDeferAccept,
    { set: 1, reads: 1 },
    { set: 2, reads: 3 },
    { set: 0, reads: 0 },
  );
  same('tcpWindowClamp', tcp, o.tcpWindowClamp, 20_000);
  same('tcpNotSentLowWater', tcp, o.tcpNotSentLowWater, 16_384, 0xffffffff);
  same('tcpFastOpenKey', tcp, o.tcpFastOpenKey, Buffer.alloc(16, 7), Buffer.alloc(32, 9));
  same('tcpCongestion', tcp, o.tcpCongestion, 'reno');
  same('tcpSaveSyn', tcp, o.tcpSaveSyn, 1, 2, 0);
  same('tcpTransmitDelay', tcp, o.tcpTransmitDelay, 1000, 0);
  same('tcpMaxRetransmitTimeout', tcp, o.tcpMaxRetransmitTimeout, 5000);
  same('tcpMinRetransmitTimeout', tcp, o.tcpMinRetransmitTimeout, 100_000);
  same('tcpMaxDelayedAck', tcp, o.tcpMaxDelayedAck, 100_000);
  same('tcpRepair', tcp, o.tcpRepair, 1, 0);
  same('udpEncapsulation', udp, o.udpEncapsulation, 2, 0);
  same('udpSegmentSize', udp, o.udpSegmentSize, 1200, 0);
  same('udpliteSendCoverage', udplite, o.udpliteSendCoverage, 20);
  same('udpliteReceiveCoverage', udplite, o.udpliteReceiveCoverage, 20);
  same('packetReserve', packet, o.packetReserve, 16, 0);
  same('packetTimestamp', packet, o.packetTimestamp, c.SOF_TIMESTAMPING_RAW_HARDWARE, 0);
  same('packetVersion', packet, o.packetVersion, 'v2', 'v3', 'v1');
  const size = o.vsockBufferSize as options.Option<bigint>;
  same('vsockBufferSize', vsock, size, 100_000n);
  same('vsockBufferMinSize', vsock, o.vsockBufferMinSize as options.Option<bigint>, 1000n);
  same('vsockBufferMaxSize', vsock, o.vsockBufferMaxSize as options.Option<bigint>, 2n ** 33n);
  same('vsockConnectTimeout', vsock, o.vsockConnectTimeout, 3000, 1000);
});

/** How two processes, each with a network of its own, come to the two ends of a medium. */
import { inet, inet6, packet } from '@sockeye/addr';
import { constants as c, type Socket } from '@sockeye/core';
import { soon } from '../../contracts/forms.ts';
import { create, type Kind } from '../../contracts/media/link.ts';
import type { End, Keep } from '../../contracts/medium.ts';
import type { Description, Line } from './line.ts';

type Part = 'leads' | 'follows';

/** Who meets whom. */
export interface Meeting {
  line: Line;
  part: Part;
  mine: Description;
  theirs: Description;
}

type Meet = (keep: Keep, meeting: Meeting) => Promise<End>;

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const bytes = (text: unknown): Buffer => Buffer.from(String(text), 'hex');

/** Both tell where they are, and hear where the other is. */
async function exchange({ line }: Meeting, socket: Socket): Promise<Buffer> {
  await line.tell('here', hex(socket.getsockname()));
  return bytes(await line.hear('here'));
}

const address = (family: number, side: Description): Uint8Array =>
  (family === c.AF_INET6 ? inet6(side.inet6, 0) : inet(side.inet, 0)).toSockaddr('linux');

/** Who follows listens, and who leads connects. */
const connected =
  (kind: Kind): Meet =>
  async (keep, { line, part, mine }) => {
    const socket = create(keep, kind);
    if (part === 'leads') {
      await socket.connect(bytes(await line.hear('here')), soon());
      return { socket };
    }
    socket.bind(address(kind.family, mine));
    socket.listen(1);
    await line.tell('here', hex(socket.getsockname()));
    const accepted = keep(await socket.accept(soon()));
    socket.close();
    return { socket: accepted };
  };

/** Each is bound, and connected to the other. */
const mutual =
  (kind: Kind): Meet =>
  async (keep, meeting) => {
    const socket = create(keep, kind);
    socket.bind(address(kind.family, meeting.mine));
    await socket.connect(await exchange(meeting, socket), soon());
    return { socket };
  };

/** Of nobody's. */
const ETHERTYPE = 0x9f00;
const EXPERIMENT = 253;

/** Each receives a protocol of its own, and sends the other's to its station. */
const stations: Meet = async (keep, { part, mine, theirs }) => {
  const protocol = (leads: boolean): number => ETHERTYPE + (leads ? 0 : 1);
  const leads = part === 'leads';
  const { ifindex } = mine;
  const socket = create(keep, { family: c.AF_PACKET, type: c.SOCK_DGRAM });
  socket.bind(packet({ ifindex, protocol: protocol(leads), address: mine.mac }));
  const to = packet({ ifindex, protocol: protocol(!leads), address: theirs.mac }).toSockaddr('linux');
  return { socket, to };
};

const internet = (name: string, family: number): Record<string, Meet> => ({
  [`${name} stream`]: connected({ family, type: c.SOCK_STREAM }),
  [`${name} mptcp`]: connected({ family, type: c.SOCK_STREAM, protocol: c.IPPROTO_MPTCP }),
  [`${name} dgram`]: mutual({ family, type: c.SOCK_DGRAM }),
  [`${name} udp-lite`]: mutual({ family, type: c.SOCK_DGRAM, protocol: c.IPPROTO_UDPLITE }),
});

/** Media that two processes can meet on, by the names that the contracts know them by. */
export const MEETS: Readonly<Record<string, Meet>> = {
  ...internet('inet', c.AF_INET),
  ...internet('inet6', c.AF_INET6),
  'inet raw': mutual({ family: c.AF_INET, type: c.SOCK_RAW, protocol: EXPERIMENT }),
  'packet dgram': stations,
};

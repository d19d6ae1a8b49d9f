/** Bluetooth: the management channel, and L2CAP between two emulated controllers where btvirt makes them. */
import { startAir } from '../../air/index.ts';
import { Management, MGMT } from '../../air/management.ts';
import { MESSAGE, PATIENCE, same, withSockets } from '../exchange.ts';
import type { Facility } from '../finding.ts';
import { AF, l2cap } from '../sockaddr.ts';

const SEQPACKET = 5;
const BTPROTO_L2CAP = 0;
const wait = { timeout: PATIENCE };

const management: Facility = {
  name: 'bluetooth',
  place: 'machine',
  modules: ['bluetooth'],
  async attempt() {
    using kernel = new Management(PATIENCE);
    const version = await kernel.ask(MGMT.READ_VERSION);
    return `the kernel answered over HCI: management interface ${version[0]}.${version.readUInt16LE(1)}`;
  },
};

/** A dynamic PSM, which no service has; Bluetooth Core, volume 3, part A, section 4.2. */
const PSM = 0x1001;

const peers: Facility = {
  name: 'bluetooth-l2cap',
  place: 'machine',
  modules: ['bluetooth', 'hci_vhci', 'ecb', 'cmac', 'algif_skcipher'],
  packages: ['bluez-test-tools'],
  attempt: () =>
    withSockets(async (make) => {
      const server = make(AF.BLUETOOTH, SEQPACKET, BTPROTO_L2CAP);
      const client = make(AF.BLUETOOTH, SEQPACKET, BTPROTO_L2CAP);
      const air = await startAir({ timeout: PATIENCE });
      const [one, other] = air.controllers;
      try {
        server.bind(l2cap(other.address, PSM));
        server.listen();
        client.bind(l2cap(one.address, 0));
        const [connection] = await Promise.all([
          server.accept(wait),
          client.connect(l2cap(other.address, PSM), wait),
        ]);
        try {
          await client.send(MESSAGE, wait);
          const got = await connection.recv(64, wait);
          same(got, MESSAGE);
          await connection.send(got, wait);
          same(await client.recv(64, wait), MESSAGE);
          return `a message of ${got.length} bytes went over the air of btvirt from hci${one.index} to hci${other.index} and back`;
        } finally {
          connection.close();
        }
      } finally {
        await air.close();
      }
    }),
};

export const bluetooth: readonly Facility[] = [management, peers];

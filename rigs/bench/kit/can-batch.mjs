/** A batch of CAN frames as a bus gives it: 256, standard and extended identifiers in turns, eight bytes each. */
import { ext, std, VirtualCan } from '@sockeye/can';

const wire = new VirtualCan({ xl: false });
const [sender, receiver] = [wire.open(), wire.open()];
for (let i = 0; i < 256; i++) {
  const id = i % 2 === 0 ? std(i) : ext(0x18fe0000 + 7 * i);
  await sender.send({ id, data: new Uint8Array(8).fill(i) });
}
const { value } = await receiver.batches({ max: 256 }).next();

export const batch = value;

/** A file or a folder of an archive; a folder has no content. */
export interface Entry {
  path: string;
  content?: Uint8Array;
  /** May be executed. */
  program?: boolean;
}

const pad = (bytes: Buffer): Buffer => Buffer.concat([bytes, Buffer.alloc(-bytes.length & 3)]);

function entry(number: number, mode: number, path: string, content: Uint8Array): Buffer {
  const name = Buffer.from(`${path}\0`);
  const [owner, links, modified, device] = [0, 1, 0, 0];
  const fields = [number, mode, owner, owner, links, modified, content.length];
  fields.push(device, device, device, device, name.length, 0);
  const header = `070701${fields.map((field) => field.toString(16).padStart(8, '0')).join('')}`;
  return Buffer.concat([pad(Buffer.concat([Buffer.from(header), name])), pad(Buffer.from(content))]);
}

/** An initramfs: the "newc" archive of cpio(5), as Documentation/driver-api/early-userspace/buffer-format.rst has it. */
export function cpio(entries: readonly Entry[]): Buffer {
  const parts = entries.map(({ path, content, program }, index) => {
    const mode = content === undefined ? 0o040755 : program === true ? 0o100755 : 0o100644;
    return entry(index + 1, mode, path, content ?? new Uint8Array());
  });
  return Buffer.concat([...parts, entry(0, 0, 'TRAILER!!!', new Uint8Array())]);
}

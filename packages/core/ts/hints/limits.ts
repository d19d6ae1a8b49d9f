/** Limits of the process and of the system; getrlimit(2), proc(5). */
import { native } from '../binding.ts';
import type { Failure } from './failure.ts';
import { proc } from './proc.ts';

/** EMFILE, ENFILE. With no descriptor left nothing can be read, so the limit is asked of the kernel. */
export function limitHint({ code }: Pick<Failure, 'code'>): string | undefined {
  if (code === 'EMFILE') {
    const { soft, hard } = native.openFilesLimit();
    const more = soft < hard ? `"ulimit -n ${hard}" raises it` : 'only root can raise it (limits.conf(5))';
    return `this process may have ${soft} descriptors open (RLIMIT_NOFILE): ${more}, unless some were to be closed`;
  }
  if (code === 'ENFILE') {
    const [used, , most] = proc('/proc/sys/fs/file-nr')?.trim().split(/\s+/) ?? [];
    const words = used === undefined ? '' : ` (${used} of ${most})`;
    return `the system has no more files to open${words}: "sudo sysctl fs.file-max=…" gives more`;
  }
  return undefined;
}

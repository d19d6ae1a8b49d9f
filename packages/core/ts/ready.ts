/** What `wait` is asked for and answers, in terms of poll(2). */
import { checkOptions, wrongType, wrongValue } from './check.ts';
import { constants } from './constants.ts';

/** What to wait for: at least one of them. */
export interface Directions {
  /** A receive or an accept would not wait: data, a connection, the end of a stream, an error. POLLIN. */
  read?: boolean | undefined;
  /** A send would not wait: room, or an error. POLLOUT. */
  write?: boolean | undefined;
  /** select(2)'s exceptional condition: urgent data, a filled error queue, an error. POLLPRI. */
  exceptional?: boolean | undefined;
}

/** What stands of that which was asked for. */
export interface Ready {
  readable: boolean;
  writable: boolean;
  exceptional: boolean;
  /** Whether nothing can be sent any more, nor received beyond what is there: POLLHUP. Told without being asked for. */
  hungUp: boolean;
}

/** poll(2)'s events for these directions. */
export function pollEvents(options: Directions): number {
  const { read = false, write = false, exceptional = false } = checkOptions(options);
  for (const [name, value] of Object.entries({ read, write, exceptional })) {
    if (typeof value !== 'boolean') throw wrongType(name, 'a boolean', value);
  }
  if (!read && !write && !exceptional) {
    throw wrongValue('options', 'with read, write or exceptional true', options);
  }
  return (
    (read ? constants.POLLIN : 0) | (write ? constants.POLLOUT : 0) | (exceptional ? constants.POLLPRI : 0)
  );
}

/** What poll(2) answered, in words. An error lets no call wait. */
export function ready(stands: number, events: number): Ready {
  const failed = (stands & constants.POLLERR) !== 0;
  const hungUp = (stands & constants.POLLHUP) !== 0;
  const asked = (bit: number): boolean => (events & bit) !== 0;
  const has = (bit: number): boolean => (stands & bit) !== 0;
  return {
    readable: asked(constants.POLLIN) && (has(constants.POLLIN) || failed || hungUp),
    writable: asked(constants.POLLOUT) && (has(constants.POLLOUT) || failed || hungUp),
    exceptional: asked(constants.POLLPRI) && (has(constants.POLLPRI) || failed),
    hungUp,
  };
}

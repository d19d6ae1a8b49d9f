/** Everything that the probe knows of, in the order of the doctor's table. */
import type { Facility } from '../finding.ts';
import { bluetooth } from './bluetooth.ts';
import { controllerArea } from './can.ts';
import { inet } from './inet.ts';
import { links } from './links.ts';
import { local } from './local.ts';
import { machine } from './machine.ts';
import { own } from './process.ts';

export const facilities: readonly Facility[] = [
  ...inet,
  ...local,
  ...controllerArea,
  ...bluetooth,
  ...links,
  ...machine,
  ...own,
];

/**
 * The facilities of these names, all of them when none is given.
 *
 * @throws TypeError with `code` ERR_INVALID_ARG_VALUE for a name that is none
 */
export function named(names: readonly string[] | undefined): readonly Facility[] {
  if (names === undefined || names.length === 0) return facilities;
  for (const name of names) {
    if (facilities.some((facility) => facility.name === name)) continue;
    const known = facilities.map((facility) => facility.name).join(' ');
    const error = new TypeError(`the probe knows no facility '${name}'; it knows ${known}`);
    throw Object.assign(error, { code: 'ERR_INVALID_ARG_VALUE' });
  }
  return facilities.filter((facility) => names.includes(facility.name));
}

/** A rig that a spec asked for is not to be had; the message says why, and what would make it so. */
export class Unavailable extends Error {
  readonly code = 'ERR_RIG_UNAVAILABLE';
  /** What was asked for. */
  readonly facilities: readonly string[];

  constructor(facilities: readonly string[], reason: string, options?: ErrorOptions) {
    super(`${facilities.join(', ')} not to be had: ${reason}`, options);
    this.name = 'Unavailable';
    this.facilities = facilities;
  }
}

import type { CanFrame } from './frame.ts';

/**
 * Where a frame came from. `rx`: another node of the bus; `tx`: this host, by another socket; `own`: this bus object itself, heard
 * only by who asked for it.
 */
export type CanDirection = 'rx' | 'tx' | 'own';

/** What is known of a frame beside itself. */
export interface Reception {
  /** Index of the interface; 0 where there is none. */
  readonly ifindex: number;
  readonly direction: CanDirection;
  /** When it was received: nanoseconds since 1970; 0 where nobody says. */
  readonly timestampNs: bigint;
  /** The controller's own time in nanoseconds, where one was asked for and gives it. */
  readonly hardwareTimestampNs?: bigint | undefined;
}

/** A frame that was received, to keep. */
export type ReceivedFrame = CanFrame & Reception;

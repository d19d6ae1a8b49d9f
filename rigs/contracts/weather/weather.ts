/** What a medium over a link can be put through, or why not. */
import type { Keep, Medium, Pair } from '../medium.ts';
import type { Link } from './sky.ts';

/** True, or the reason why it cannot be. */
type Can = true | string;

/** What contracts of the weather need of a medium. */
export interface Weathers {
  /** The link loses, delays, reorders and doubles: tc-netem(8), which the kernel must have. */
  readonly netem: Can;
  /** Whoever does not get through is repeated: all bytes or messages come, once and in order. */
  readonly reliable: Can;
  /** Messages may be lost, doubled and change places, each is whole. */
  readonly unreliable: Can;
  /** A connection outlives a link that is down for a moment. */
  readonly outlives: Can;
  /** A connection ends at once with its link, and both ends are told. */
  readonly endsWithLink: Can;
  /** TCP_USER_TIMEOUT. */
  readonly userTimeout: Can;
  /** Whoever reads an interface is told that it went down. */
  readonly told: Can;
  /** A socket can be bound to an interface, and goes on without it when that is removed. */
  readonly removed: Can;
  /** What a full receiver drops is counted: SO_RXQ_OVFL, socket(7). */
  readonly overflow: Can;
  /** An interface with a full queue refuses with ENOBUFS. */
  readonly noBuffers: Can;
  /** An end can be another process's, which is stopped. */
  readonly stopped: Can;
  /** An end can be another process's, which is killed: the other's waiting sends are told. */
  readonly killed: Can;
  /** A send that begins when nobody is there any more is told so soon. */
  readonly refused: Can;
  /** And its receives. */
  readonly ended: Can;
}

/** What makes a medium one for the weather. */
export interface UnderTheSky {
  readonly can: Weathers;
  /** The link that a contract may do what it likes with; undefined where there is none. */
  link(): Promise<Link | undefined>;
  /** A link of the contract's own, which it may remove. */
  spare(): Promise<Link>;
  /** As makePair of the medium, over another link. */
  pairOver(keep: Keep, link: Link): Promise<Pair>;
}

/** A medium under the sky. */
export type WeatherMedium = Medium & { readonly sky: UnderTheSky };

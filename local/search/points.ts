/** What a schedule can strike: a command that a controller is sent, a call of AWS, a state that is entered. */
export type PointKind = 'command' | 'call' | 'state';

/** A moment of a run at which something can go wrong. Points of a kind are numbered from 1, in the order in which they come. */
export interface Point {
  readonly at: PointKind;
  readonly number: number;
  /** `node-1 pcs resource enable p_haproxy`, `lambda:invoke Disable HAProxy`, `Disable HAProxy`. */
  readonly what: string;
  /** Whether it has anything on standard input. */
  readonly input?: boolean;
  /** When it came, in milliseconds after the execution began. */
  readonly after: number;
}

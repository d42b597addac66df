import type { HistoryEvent, HistoryEventType } from '@aws-sdk/client-sfn';
import { StatesError } from './errors';

/** The service's limit; the event that reports that it is reached is the last one it allows. */
export const MAX_EVENTS = 25_000;

/** The `…EventDetails` of an event. */
export type EventDetails = Omit<HistoryEvent, 'timestamp' | 'type' | 'id' | 'previousEventId'>;

/** The events of one execution, numbered from 1. */
export class History {
  readonly events: HistoryEvent[] = [];

  constructor(
    private readonly now: () => Date,
    private readonly onEvent: (event: HistoryEvent) => void = () => undefined,
    private readonly most = MAX_EVENTS,
  ) {}

  /**
   * Appends an event that names `after` as its previous one.
   * @returns its id
   * @throws StatesError States.Runtime, when only the event that ends the execution still has a place
   */
  append(type: HistoryEventType, details: EventDetails, after: number): number {
    if (this.events.length >= this.most - 1) {
      const cause = `The execution reached the maximum number of history events (${this.most}).`;
      throw new StatesError('States.Runtime', cause);
    }
    return this.push(type, details, after).id;
  }

  /** Appends the event that ends the execution, for which there is always a place; gives its time. */
  end(type: HistoryEventType, details: EventDetails, after: number): Date {
    const full = this.events.length >= this.most - 1;
    return this.push(type, details, full ? this.events.length : after).timestamp;
  }

  private push(type: HistoryEventType, details: EventDetails, after: number): { id: number; timestamp: Date } {
    const event = { timestamp: this.now(), type, id: this.events.length + 1, previousEventId: after, ...details };
    this.events.push(event);
    this.onEvent(event);
    return event;
  }
}

/** One line of events in a history, along which `previousEventId` leads back; each branch and iteration has its own. */
export class Trail {
  /** @param previous the event that the next one follows; 0 at the start of an execution */
  constructor(
    readonly history: History,
    public previous: number,
  ) {}

  /** Appends an event that the next one on this trail follows. */
  add(type: HistoryEventType, details: EventDetails = {}, after = this.previous): number {
    this.previous = this.history.append(type, details, after);
    return this.previous;
  }

  /** Appends an event that the next one does not follow. */
  note(type: HistoryEventType, details: EventDetails = {}, after = this.previous): number {
    return this.history.append(type, details, after);
  }

  fork(): Trail {
    return new Trail(this.history, this.previous);
  }
}

/** What the service says of every input and output: it never cuts one in a history. */
export const whole = { truncated: false };

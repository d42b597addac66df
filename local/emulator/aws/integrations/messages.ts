import { StatesError } from '../../asl';
import type { EventBus } from '../event-bus';
import { ACCOUNT, REGION } from '../intrinsics';
import type { Topics } from '../sns';
import type { Action, ServiceNames } from './service';

export const SNS: ServiceNames = {
  prefix: 'SNS',
  generic: 'AmazonSNSException',
  modelled: ['NotFound'],
  sdk: { version: 1, name: 'AmazonSNS' },
};

export const EVENTS: ServiceNames = {
  prefix: 'EventBridge',
  generic: 'AmazonEventBridgeException',
  modelled: [],
  sdk: { version: 1, name: 'AmazonEventBridge' },
};

interface Publish {
  readonly TopicArn: string;
  /** A value that is not text is sent as JSON. */
  readonly Message: unknown;
  readonly Subject?: string;
  readonly MessageAttributes?: Readonly<Record<string, unknown>>;
}

/** `sns:publish`. */
export function publish(topics: Topics): Action<Publish> {
  return {
    needs: ({ TopicArn }) => [{ action: 'sns:Publish', resource: TopicArn }],
    run: ({ TopicArn, Message, Subject, MessageAttributes }) => ({
      MessageId: topics.publish({
        topicArn: TopicArn,
        message: typeof Message === 'string' ? Message : JSON.stringify(Message),
        subject: Subject,
        messageAttributes: MessageAttributes,
      }),
    }),
  };
}

interface PutEvents {
  readonly Entries: readonly {
    readonly Source: string;
    readonly DetailType: string;
    /** An object, or its JSON. */
    readonly Detail: unknown;
    readonly Resources?: readonly string[];
  }[];
}

/** `events:putEvents`, to the default bus. An entry that is not taken fails the task. */
export function putEvents(bus: EventBus): Action<PutEvents> {
  return {
    needs: () => [{ action: 'events:PutEvents', resource: `arn:aws:events:${REGION}:${ACCOUNT}:event-bus/default` }],
    run: ({ Entries }, { stateMachineArn, executionArn }) => {
      const results = Entries.map(({ Source, DetailType, Detail, Resources = [] }) => {
        const detail = detailOf(Detail);
        if (!detail) return { ErrorCode: 'MalformedDetail', ErrorMessage: 'Detail is malformed.' };
        const resources = [...Resources, stateMachineArn, executionArn];
        return { EventId: bus.put({ source: Source, detailType: DetailType, detail, resources }) };
      });
      const failed = results.filter((one) => 'ErrorCode' in one).length;
      const answer = { Entries: results, FailedEntryCount: failed };
      if (failed > 0) throw new StatesError('EventBridge.FailedEntry', JSON.stringify(answer));
      return answer;
    },
  };
}

function detailOf(detail: unknown): object | undefined {
  const value = typeof detail === 'string' ? parsed(detail) : detail;
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

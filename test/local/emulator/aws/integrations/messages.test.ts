import type { Rule } from '../../../../../local/emulator/aws/event-bus';
import { ALL, arnOf, definition, deployed } from '../stack';

const TOPIC = 'arn:aws:sns:us-east-1:123456789012:alarms';
const call = (resource: string, Arguments: object) =>
  definition({ Call: { Type: 'Task', Resource: `arn:aws:states:::${resource}`, Arguments, End: true } });

// AWS recorded the events of it: test_publish_base, test_publish_message_attributes.
describe('a message', () => {
  it.each([
    ['HelloWorld', 'HelloWorld'],
    [{ Message: 'HelloWorld!' }, '{"Message":"HelloWorld!"}'],
  ])('of %j is published as %s', async (Message, message) => {
    const MessageAttributes = { site: { DataType: 'String', StringValue: 'golden' } };
    const publishing = call('sns:publish', { TopicArn: TOPIC, Message, Subject: 'Hello', MessageAttributes });
    const { deployment, clock } = await deployed({ machines: { publishing }, topics: [TOPIC] });

    const { output } = await clock.drive(deployment.start('publishing', {}).result);

    const [published] = deployment.topics.messages;
    expect(published).toMatchObject({
      topicArn: TOPIC,
      message,
      subject: 'Hello',
      messageAttributes: MessageAttributes,
      publishedAt: new Date('2030-01-01T00:00:00Z'),
    });
    expect(output).toEqual({ MessageId: published?.messageId });
  });
});

// AWS recorded it: test_put_events_base, test_put_events_malformed_detail.
describe('events', () => {
  const rule: Rule = {
    name: 'All',
    pattern: { source: ['some.source'] },
    targets: [{ Arn: arnOf('echo'), statements: ALL }],
  };
  const echo = definition({ Echo: { Type: 'Succeed' } });
  const entry = (Detail: unknown, rest: object = {}) => ({
    Source: 'some.source',
    DetailType: 'type',
    Detail,
    ...rest,
  });

  it('are put, with the execution and its machine among their resources', async () => {
    const Entries = [entry('{"n":0}'), entry({ n: 1 }, { Resources: ['queue'] })];
    const putting = call('events:putEvents', { Entries });
    const { deployment, clock } = await deployed({ machines: { putting, echo }, rules: [rule] });
    const execution = deployment.start('putting', { name: 'one' });

    const { output } = await clock.drive(execution.result);
    await clock.drive(clock.sleep(1000));

    const seen = deployment
      .listExecutions({ machine: 'echo' })
      .reverse()
      .map(({ input }) => JSON.parse(input ?? '') as { detail: unknown; resources: string[]; id: string });
    expect(seen.map(({ detail }) => detail)).toEqual([{ n: 0 }, { n: 1 }]);
    expect(seen[1]?.resources).toEqual(['queue', arnOf('putting'), execution.executionArn]);
    expect(output).toEqual({ Entries: seen.map(({ id }) => ({ EventId: id })), FailedEntryCount: 0 });
  });

  it.each(['"a text"', 'no JSON', [1]])('with the detail %j fail the task, and tell which it was', async (Detail) => {
    const putting = call('events:putEvents', { Entries: [entry(Detail)] });
    const { deployment, clock } = await deployed({ machines: { putting } });

    const { error, cause } = await clock.drive(deployment.start('putting', {}).result);

    expect(error).toBe('EventBridge.FailedEntry');
    expect(JSON.parse(cause ?? '')).toEqual({
      Entries: [{ ErrorCode: 'MalformedDetail', ErrorMessage: 'Detail is malformed.' }],
      FailedEntryCount: 1,
    });
  });
});

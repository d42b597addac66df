import { Topics } from '../../../../local/emulator/aws/sns';
import { virtualClock } from '../../../../local/virtual-clock';
import { counting, START } from './stack';

test('messages are kept in the order in which they were published', () => {
  const topics = new Topics(['arn:one', 'arn:two'], virtualClock(START), counting());

  const ids = [
    topics.publish({ topicArn: 'arn:two', message: 'first', subject: 'S' }),
    topics.publish({ topicArn: 'arn:one', message: 'second' }),
  ];

  expect(topics.messages).toMatchObject([
    { topicArn: 'arn:two', message: 'first', subject: 'S', messageId: ids[0], publishedAt: new Date(START) },
    { topicArn: 'arn:one', message: 'second', messageId: ids[1] },
  ]);
  expect(ids[0]).not.toBe(ids[1]);
});

test('a topic that is not there takes none', () => {
  const topics = new Topics([], virtualClock(START), counting());

  const publish = () => topics.publish({ topicArn: 'arn:none', message: '' });

  expect(publish).toThrow(expect.objectContaining({ code: 'NotFound', status: 404 }) as Error);
});

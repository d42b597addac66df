import { SFNClient, TestStateCommand } from '@aws-sdk/client-sfn';
import { messageOf } from '../../lib/states/failure';
import { variable } from '../../lib/states/expression';
import { type LocalStack, startLocalStack } from '../../lab/aws/localstack';
import { prerequisites } from '../../lab/aws/prerequisites';

// What a state machine makes of a cause, on a Java JSONata, whose stack a long text may overflow.

const found = prerequisites();
if (typeof found === 'string') console.log(`Left out: ${found}`);

/** What of it is said in a cause of 256 KB at most, as AWS's states may have. */
const MESSAGES = {
  'a long text': 'x'.repeat(200_000),
  escapes: 'a "quoted" C:\\new\\table, a tab\tand\na line. '.repeat(4000),
  'what a regular expression would go back for': '","errorMessage"'.replaceAll('"', "'").repeat(12_000),
};

(typeof found === 'string' ? describe.skip : describe)('the message of a cause', () => {
  let localStack: LocalStack;
  let client: SFNClient;
  beforeAll(async () => {
    if (typeof found === 'string') throw new Error(found);
    localStack = await startLocalStack(found);
    client = localStack.client(SFNClient);
  });
  afterAll(async () => {
    client.destroy();
    await localStack.close();
  });

  test.each(Object.entries(MESSAGES))('%s', async (_, message) => {
    const cause = JSON.stringify({ errorType: 'SomeError', errorMessage: message, trace: ['at somewhere'] });
    const definition = {
      ...{ Type: 'Pass', QueryLanguage: 'JSONata', End: true },
      Output: { message: messageOf(variable('states.input.cause')).template },
    };
    const {
      status,
      output = '',
      error,
    } = await client.send(
      new TestStateCommand({
        definition: JSON.stringify(definition),
        roleArn: 'arn:aws:iam::000000000000:role/any',
        input: JSON.stringify({ cause }),
      }),
    );

    expect([status, error]).toEqual(['SUCCEEDED', undefined]);
    expect(JSON.parse(output)).toEqual({ message });
  });
});

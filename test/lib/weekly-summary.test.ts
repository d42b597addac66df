import { StatesError } from '../../local/emulator/asl';
import type { StateMachine } from '../../local/emulator/asl/definition';
import { virtualClock } from '../../local/virtual-clock';
import { run, START } from '../local/emulator/asl/run';
import { type Synthesized, synthesizedStack } from '../synthesized';

let stack: Synthesized;
beforeAll(async () => {
  stack = await synthesizedStack();
}, 120_000);

const machine = () => stack.machines.get('magnum-ha-weekly')?.definition as StateMachine;

async function weekly(summarize: (attempt: number) => unknown) {
  const asked: unknown[] = [];
  const told: unknown[] = [];
  const result = await run(machine(), {
    clock: virtualClock(START),
    input: {},
    integrations: {
      'arn:aws:states:::lambda:invoke': async (args) => {
        asked.push((args as { Payload: unknown }).Payload);
        await Promise.resolve();
        return { StatusCode: 200, Payload: summarize(asked.length) };
      },
      'arn:aws:states:::sns:publish': (args) => {
        told.push(args);
        return Promise.resolve({});
      },
    },
  });
  return { ...result, asked, told };
}

test('what the function makes of the week is told in one message, also if it fails at first', async () => {
  const { status, asked, told } = await weekly((attempt) => {
    if (attempt === 1) throw new StatesError('Lambda.TooManyRequestsException', 'slow down');
    return { subject: 'the subject', text: 'the text' };
  });

  expect(status).toBe('SUCCEEDED');
  expect(asked.at(-1)).toEqual({ until: new Date(START).toISOString() });
  expect(told).toMatchObject([{ Subject: 'the subject', Message: 'the text' }]);
});

import { createHash } from 'node:crypto';
import type { Command } from '../../../domain/ssh/command';
import { commandLine } from '../../../domain/ssh/command-line';
import type { Link } from '../../../domain/world';
import type { Template } from '../../../local/emulator/aws/template';
import type { Tampering } from '../../../local/search/world';

/** A state of a definition, as far as tests change one. */
export interface ChangeableState {
  Catch?: { Next: string }[];
  Retry?: object[];
  Choices?: { Condition: string }[];
  Default?: string;
  Arguments?: Record<string, unknown>;
}

/** The same stack with a state of the site machine changed. @throws Error if there is no such state */
export function withState(name: string, change: (state: ChangeableState) => void): Tampering {
  return {
    template: ({ machines, ...stack }: Template) => ({
      ...stack,
      machines: new Map(
        [...machines].map(([machine, deployed]) => {
          if (machine !== 'magnum-ha') return [machine, deployed];
          const definition = structuredClone(deployed.definition) as { States: Record<string, ChangeableState> };
          const state = definition.States[name];
          if (!state) throw new Error(`There is no state ${name}`);
          change(state);
          return [machine, { ...deployed, definition }];
        }),
      ),
    }),
  };
}

/** The same without what follows an execution that failed, or was stopped: it would make good what a guard has missed. */
export function unfollowed({ template = (stack) => stack, ...others }: Tampering = {}): Tampering {
  return { ...others, template: (stack) => ({ ...template(stack), rules: [] }) };
}

/** A lock that anybody takes, whoever has it. */
export function withoutLock(): Tampering {
  return withState('Take site lock', (state) => {
    for (const name of ['ConditionExpression', 'ExpressionAttributeNames', 'ExpressionAttributeValues']) {
      delete state.Arguments?.[name];
    }
  });
}

/** A controller on which every staged file seems to be what was sent. */
export function believingDigests(): Tampering {
  const sent = new Map<string, string>();
  return {
    link: (link: Link, host: string): Link => ({
      ...link,
      execute: async (line, command) => {
        const outcome = await link.execute(line, command);
        const [program, operand = ''] = command.argv;
        if (program === 'dd') sent.set(`${host} ${operand.replace('of=', '')}`, command.stdin ?? '');
        const content = sent.get(`${host} ${operand}`);
        if (program !== 'sha256sum' || content === undefined) return outcome;
        return { ...outcome, stdout: `${createHash('sha256').update(content).digest('hex')}  ${operand}\n` };
      },
    }),
  };
}

/** A function that sends other words to the controllers. */
export function instead(found: RegExp, other: string): Tampering {
  return {
    link: (link: Link): Link => ({
      ...link,
      execute: (_, command) => {
        const changed = { ...command, argv: command.argv.map((word) => word.replace(found, other)) };
        return link.execute(commandLine(changed, false), changed);
      },
    }),
  };
}

/** As Magnum is restarted on the second controller, somebody writes a magnum.conf there. @returns whether it was there in the end */
export function writingByHand(): { readonly tampering: Tampering; readonly survived: () => boolean } {
  const path = '/etc/magnum/magnum.conf';
  const argv = ['dd', `of=${path}`, 'conv=fsync', 'status=none'];
  const write: Command = { argv, root: true, timeoutSeconds: 20, stdin: '[DEFAULT]\n# by hand\n' };
  let written = false;
  let last = '';
  return {
    survived: () => last.includes('# by hand'),
    tampering: {
      link: (link: Link, host: string): Link => ({
        ...link,
        execute: async (line, command) => {
          if (host !== 'node-2') return link.execute(line, command);
          if (!written && command.argv[0] === 'service') {
            written = true;
            await link.execute(commandLine(write, false), write);
          }
          const outcome = await link.execute(line, command);
          // The next apply reads it, and puts it right.
          if (written && last === '' && command.argv[1] === `if=${path}`) last = outcome.stdout;
          return outcome;
        },
      }),
    },
  };
}

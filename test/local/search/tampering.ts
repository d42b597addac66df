import { createHash } from 'node:crypto';
import { commandLine } from '../../../domain/ssh/command-line';
import type { Link } from '../../../domain/world';
import type { Template } from '../../../local/emulator/aws/template';
import type { Tampering } from '../../../local/search/world';

/** A state of a definition, as far as tests change one. */
export interface ChangeableState {
  Catch?: { Next: string }[];
  Retry?: object[];
  Choices?: { Condition: string }[];
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

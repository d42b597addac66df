import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

// A stranger follows "How to add …" of CONTRIBUTING.md, in a copy of this tree: changes the files that it names, besides the
// code that nobody can name beforehand, runs the commands that it names, and then types and tests hold.

const ROOT = join(__dirname, '..');
const CONTRIBUTING = readFileSync(join(ROOT, 'CONTRIBUTING.md'), 'utf8');

/** What is added. */
interface Recipe {
  /** The section's first words. */
  readonly section: string;
  /** Files of the contributor's own, which no guide can name. */
  readonly own?: readonly string[];
  /** A new file by its content, a file that exists by what is inserted before which text. */
  readonly edits: Readonly<Record<string, string | readonly (readonly [before: string, inserted: string])[]>>;
}

const RECIPES: readonly Recipe[] = [
  {
    section: 'a finding',
    edits: {
      'domain/findings/catalogue/controllers.ts': [
        ['} as const satisfies', "  MagnumBroken: entry(WARNING, 'Magnum 15.0.0 is installed.', 'Install 15.0.1.'),\n"],
      ],
      'domain/findings/controllers.ts': [
        ['      ...driver(site, software', '      ...broken(versions),\n'],
        [
          '/** Before Ussuri Magnum may run',
          `function broken(versions: readonly string[]): Finding[] {
  if (!versions.includes('15.0.0')) return [];
  return [{ name: 'MagnumBroken', severity: 'warning', evidence: 'It is 15.0.0', remedy: 'Install 15.0.1.' }];
}

`,
        ],
      ],
      'test/domain/findings/causes.test.ts': [
        [
          "    {\n      what: 'different versions of Magnum'",
          `    {
      what: 'a version that is broken',
      truth: zed,
      site: everywhere((one) => (one.magnumVersion = '15.0.0')),
      found: ['warning MagnumBroken'],
    },
`,
        ],
      ],
    },
  },
  {
    section: 'an error',
    own: ['domain/site/load.ts'],
    edits: {
      'domain/site/load.ts': [
        [
          '/**\n * `check` finds drift',
          `/** A site is asleep. */
export class SiteAsleep extends MagnumHaError {
  override readonly name = 'SiteAsleep';
}

`,
        ],
        [
          '  const stored = await documents',
          "  if (name === 'asleep') throw new SiteAsleep('Site asleep is asleep. Wake it.');\n",
        ],
      ],
      'domain/error-catalogue.ts': [
        ['    SiteUnknown: entry(', "    SiteAsleep: entry('A site is asleep.', 'Wake it.'),\n"],
      ],
    },
  },
  {
    section: 'a command',
    own: ['domain/controller/kernel.ts'],
    edits: {
      'domain/commands/catalogue.ts': [
        [
          "    /** The controller's clock",
          "    /** The kernel's release. */\n    kernel: as(false, 4, 'uname', '-r'),\n",
        ],
      ],
      'domain/controller/kernel.ts': `import type { Node } from '../commands/node';

/** The release of a controller's kernel. */
export async function kernelOf({ commands, run }: Node): Promise<string> {
  return (await run(commands.kernel)).stdout.trim();
}
`,
      'local/simulated-site/programs/uname.ts': `import { failure, type Program } from './program';

/** uname -r */
export const uname: Program = ({ arguments: [option] }) =>
  option === '-r' ? { exit: 0, stdout: '6.1.0-18-amd64\\n' } : failure("Try 'uname --help' for more information.");
`,
      'local/simulated-site/programs/index.ts': [
        ['import type { Program }', "import { uname } from './uname';\n"],
        ['  pcs,\n  ps,\n', '  uname,\n'],
      ],
      'test/site-contract/commands.test.ts': [
        [
          "it('every program of the catalogue was run",
          `it('uname prints the release of the kernel', async () => {
  expect(await answer(c.kernel)).toEqual([0, expect.stringMatching(/^\\d+\\.\\d+.*\\n$/), '']);
});

`,
        ],
      ],
      'test/domain/commands/catalogue.test.ts': [["    'date +%s'", "    'uname -r',\n"]],
    },
  },
  {
    section: 'a task',
    edits: {
      'domain/tasks.ts': [
        ['  plan: Task<', '  listKernels: Task<{ site: Site }, readonly string[]>;\n'],
        ['  plan: computes', '  listKernels: connects(1),\n'],
      ],
      'lambdas/list-kernels.ts': `import { everywhere } from '../domain/commands/everywhere';
import { withSite } from '../domain/commands/site-connection';
import { kernelOf } from '../domain/controller/kernel';
import type { TaskFunction } from '../domain/tasks';
import { handlerOf } from './runtime/task';

/** List kernels: the release of each controller's kernel. */
export const run: TaskFunction<'listKernels'> = ({ site }, world) =>
  withSite(world, site, {}, ({ nodes }) => everywhere(nodes, kernelOf));

export const handler = handlerOf(run);
`,
      'local/tasks.ts': [
        ['import { run as loadSite }', "import { run as listKernels } from '../lambdas/list-kernels';\n"],
        ['  plan,\n', '  listKernels,\n'],
      ],
    },
  },
  {
    section: 'a state',
    edits: {
      'lib/machines/site/verify.ts': [
        [
          '/** Verify: ',
          `/** List kernels. */
export function listKernels({ kit, release }: PhaseContext): Phase {
  const { $ } = kit;
  return (next) => {
    const task = kit.invoke('List kernels', 'listKernels', {
      input: { site: $.site },
      assign: (result) => ({ kernels: result }),
    });
    kit.onFailure(task, release).next(next);
    return task;
  };
}

`,
        ],
      ],
      'lib/machines/site/index.ts': [
        ["verify } from './verify'", 'listKernels, '],
        ['reported);\n  const verified', 'listKernels(context)('],
        [';\n  const verified', ')'],
      ],
      'lib/machines/site/variables.ts': [
        ['  readonly plan: Plan', '  readonly kernels: readonly string[];\n'],
        ['  plan: null', '  kernels: [],\n'],
      ],
      'test/lib/machines/site/procedure.test.ts': [
        ['  stage: (', "  'list-kernels': () => NODES.map(() => '6.1.0'),\n"],
        ["'report'],\n    ]);", "'list-kernels', "],
        ["'report']);\n    }\n", "'list-kernels', "],
        ["'report']);\n    expect(output).toMatchObject({ verification", "'list-kernels', "],
        ["'report']],\n    ['differs'", "'list-kernels', "],
        ["'report']],\n    ['unchanged', 'missing'", "'list-kernels', "],
      ],
    },
  },
];

/** What is concerned. */
const CONCERNED = [
  'test/cli/reference',
  'test/domain/findings/causes',
  'test/domain/commands',
  'test/site-contract/commands',
  'test/lib/machines',
  'test/lib/contract',
];

/** What a section names in code: files and commands. */
function namedIn(section: string): string[] {
  const text = CONTRIBUTING.split(/^\*\*(?=an? )/m).find((one) => one.startsWith(`${section}.**`)) ?? '';
  return [...text.matchAll(/`([^`]+)`/g)].flatMap(([, code]) => code ?? []);
}

/** Whether a guide that says this means the file: names of directories end in a slash, `<task>` is any name. */
function means(said: string, file: string): boolean {
  const pattern = said.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/<\w+>/g, '[\\w-]+');
  return new RegExp(`^${pattern}${said.endsWith('/') ? '.*' : ''}$`).test(file);
}

let copy: string;
beforeAll(() => {
  copy = mkdtempSync(join(tmpdir(), 'magnum-ha-stranger-'));
  const { stdout } = spawnSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: ROOT });
  for (const file of stdout.toString().split('\0')) {
    if (file !== '' && existsSync(join(ROOT, file))) cpSync(join(ROOT, file), join(copy, file));
  }
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
  for (const { edits } of RECIPES) for (const [file, edit] of Object.entries(edits)) apply(file, edit);
});
afterAll(() => {
  rmSync(copy, { recursive: true, force: true });
});

function apply(file: string, edit: Recipe['edits'][string]): void {
  const path = join(copy, file);
  if (typeof edit === 'string') {
    writeFileSync(path, edit);
    return;
  }
  const edited = edit.reduce(
    (text, [before, inserted]) => {
      if (!text.includes(before)) throw new Error(`${file} has no longer the text ${before}: correct the recipe`);
      return text.replace(before, () => inserted + before);
    },
    readFileSync(path, 'utf8'),
  );
  writeFileSync(path, edited);
}

/** Runs a command in the copy. @returns its output if it failed */
function run(...[program = '', ...argv]: string[]): string {
  const { status, stdout, stderr } = spawnSync(program, argv, { cwd: copy, encoding: 'utf8' });
  return status === 0 ? '' : stdout + stderr;
}

test.each(RECIPES)('CONTRIBUTING names the files for $section', ({ section, own = [], edits }) => {
  const named = namedIn(section);

  expect(Object.keys(edits).filter((file) => !own.includes(file) && !named.some((said) => means(said, file)))).toEqual(
    [],
  );
});

test('with the commands that it names, types hold', () => {
  const commands = RECIPES.flatMap(({ section }) => namedIn(section)).filter((code) => code.startsWith('npx '));

  expect(commands.map((command) => run('sh', '-c', command))).toEqual(commands.map(() => ''));
  expect(run('npx', 'tsc', '--noEmit')).toBe('');
});

test('and the tests concerned pass', () => {
  expect(run('npx', 'jest', '--testTimeout=300000', ...CONCERNED)).toBe('');
});

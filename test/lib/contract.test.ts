import { join } from 'node:path';
import ts from 'typescript';

const ROOT = join(__dirname, '../..');
/** Where the fixture would lie. */
const FILE = join(__dirname, 'contract-fixture.ts');

const HEAD = [
  "import type { TaskFunction } from '../../domain/tasks';",
  "import { jsonata } from '../../lib/states/expression';",
  "import type { StateKit } from '../../lib/states/kit';",
  "import type { SiteVariables } from '../../lib/machines/site/variables';",
  'declare const kit: StateKit<SiteVariables>;',
  'const { $ } = kit;',
  'const input = { site: $.site, controllers: $.controllers, blastRadius: $.blastRadius.present };',
];

/** A line of code, and what the compiler says of it: nothing, or one error. */
interface Case {
  readonly what: string;
  readonly line: string;
  readonly error?: { readonly code: number; readonly says: RegExp };
}

const cases: readonly Case[] = [
  {
    what: 'a state that keeps to the contract compiles',
    line: "kit.invoke('a', 'plan', { input, assign: (result) => ({ plan: result }) });",
  },
  {
    what: 'so does one that gives a value as it is, and sets a variable to a field of the result',
    line: "kit.invoke('b', 'ensureCluster', { input: { site: $.site, mode: 'check', cluster: $.wanted.dot('name') }, assign: (result) => ({ leftDisabled: result.dot('done') }) });",
  },
  {
    what: 'and a handler that takes the input and gives the output',
    line: "export const c: TaskFunction<'reach'> = ({ site }, world) => Promise.resolve((world.log({ site: site.name }), null));",
  },
  {
    what: 'a field of the input with another name',
    line: "kit.invoke('d', 'plan', { input: { site: $.site, controlers: $.controllers, blastRadius: $.blastRadius.present } });",
    error: { code: 2561, says: /'controlers' does not exist in type.*Did you mean to write 'controllers'\?/s },
  },
  {
    what: 'a field of the input that is missing',
    line: "kit.invoke('e', 'plan', { input: { site: $.site, controllers: $.controllers } });",
    error: { code: 2741, says: /Property 'blastRadius' is missing/ },
  },
  {
    what: 'a variable of another type',
    line: "kit.invoke('f', 'plan', { input: { ...input, controllers: $.mode } });",
    error: {
      code: 2322,
      says: /'Expression<[^<>]*"check"[^<>]*>' is not assignable to type 'Expression<readonly ControllerState\[\]>'/,
    },
  },
  {
    what: 'a variable that may not be known yet',
    line: "kit.invoke('g', 'plan', { input: { ...input, blastRadius: $.blastRadius } });",
    error: {
      code: 2322,
      says: /'Expression<BlastRadius \| null>' is not assignable to type 'Expression<BlastRadius>'/,
    },
  },
  {
    what: 'a value of another type',
    line: "kit.invoke('h', 'stage', { input: { site: $.site, controller: 4 } });",
    error: { code: 2322, says: /'number' is not assignable to type 'string \| Expression<string>'/ },
  },
  {
    what: 'a variable that does not exist',
    line: "kit.invoke('i', 'preflight', { input: { site: $.sites } });",
    error: { code: 2551, says: /'sites' does not exist.*Did you mean 'site'\?/s },
  },
  {
    what: 'a field of the result that does not exist',
    line: "kit.invoke('j', 'plan', { input, assign: (result) => ({ leftDisabled: jsonata<boolean>`${result.dot('cycled')}` }) });",
    error: { code: 2345, says: /'"cycled"' is not assignable to parameter of type.*"cycle"/ },
  },
  {
    what: 'a result that is set as a variable of another type',
    line: "kit.invoke('k', 'plan', { input, assign: (result) => ({ mode: result }) });",
    error: {
      code: 2322,
      says: /The types of 'mode' are incompatible.*'Plan' is not assignable to type '[^']*"check"/s,
    },
  },
  {
    what: 'a task that does not exist',
    line: "kit.invoke('l', 'plans', { input });",
    error: { code: 2345, says: /'"plans"' is not assignable to parameter of type 'keyof Contract'/ },
  },
  {
    what: 'a handler that reads a field of another name',
    line: "export const m: TaskFunction<'reach'> = ({ sites }) => Promise.resolve(sites);",
    error: { code: 2339, says: /Property 'sites' does not exist/ },
  },
  {
    what: 'a handler that gives something else',
    line: "export const n: TaskFunction<'reach'> = () => Promise.resolve('done');",
    error: { code: 2322, says: /'Promise<string>' is not assignable to type 'Promise<null>'/ },
  },
];

let diagnostics: readonly ts.Diagnostic[];
beforeAll(() => {
  diagnostics = compiled([...HEAD, ...cases.map(({ line }) => line)].join('\n'));
});

test.each(cases)('$what', ({ line, error }) => {
  const found = diagnostics.flatMap(({ file, start, code, messageText }) =>
    file && start !== undefined && lineAt(file, start) === line
      ? [{ code, says: ts.flattenDiagnosticMessageText(messageText, '\n') }]
      : [],
  );

  const wanted = error ? [{ code: error.code, says: stringLike(error.says) }] : [];
  expect(found).toEqual(wanted);
});

test('nothing else of the fixture is wrong', () => {
  expect(diagnostics).toHaveLength(cases.filter(({ error }) => error).length);
});

function stringLike(pattern: RegExp): string {
  return expect.stringMatching(pattern) as string;
}

function lineAt(file: ts.SourceFile, position: number): string | undefined {
  return file.text.split('\n')[file.getLineAndCharacterOfPosition(position).line];
}

/** What the compiler says of a file that is not there, by the project's own settings. */
function compiled(text: string): readonly ts.Diagnostic[] {
  const { config } = ts.readConfigFile(join(ROOT, 'tsconfig.json'), (path) => ts.sys.readFile(path)) as {
    config: { compilerOptions: object };
  };
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, ROOT);
  const usual = ts.createCompilerHost(options);
  const host: ts.CompilerHost = {
    ...usual,
    fileExists: (path) => path === FILE || usual.fileExists(path),
    readFile: (path) => (path === FILE ? text : usual.readFile(path)),
    getSourceFile: (path, language) =>
      path === FILE ? ts.createSourceFile(path, text, language) : usual.getSourceFile(path, language),
    // The contract has no type of CDK's: without its declarations this takes a quarter of the time.
    resolveModuleNameLiterals: (names, from) =>
      names.map(({ text: name }) =>
        /^(aws-cdk-lib|constructs|esbuild)(\/|$)/.test(name)
          ? { resolvedModule: undefined }
          : ts.resolveModuleName(name, from, options, usual),
      ),
  };
  const program = ts.createProgram([FILE], options, host);
  return program.getSemanticDiagnostics(program.getSourceFile(FILE));
}

import eslint from '@eslint/js';
import jest from 'eslint-plugin-jest';
import tseslint from 'typescript-eslint';

/** Imports point one way. Each room uses only those before it. */
const ROOMS = ['domain', 'lambdas', 'lib', 'local', 'cli', 'lab'];
/** The folders of the domain, in the same order. */
const DOMAIN = [
  'site',
  'secrets',
  'config',
  'ssh',
  'commands',
  'pacemaker',
  'openstack',
  'controller',
  'findings',
  'bootstrap',
  'authorization',
  'rollback',
  'report',
  'audit',
];

/** What a room or a folder must not import: those that come after it. */
const after = (names, name) => names.slice(names.indexOf(name) + 1).map((later) => `**/${later}/**`);
const noImports = (files, patterns) => ({ files, rules: { 'no-restricted-imports': ['error', { patterns }] } });
const rooms = ROOMS.map((room) =>
  noImports(
    [`${room}/**/*.ts`],
    [...after(ROOMS, room), ...(room === 'lambdas' ? ['aws-cdk-lib*', 'constructs'] : [])],
  ),
);
const domain = DOMAIN.map((folder) =>
  noImports(
    [`domain/${folder}/**/*.ts`],
    // Lint takes the last rule that matches: what holds for the whole domain is repeated.
    [
      ...after(ROOMS, 'domain'),
      ...after(DOMAIN, folder).map((one) => one.replace('**/', '../')),
      'aws-cdk-lib*',
      'constructs',
    ],
  ),
);

/** Time and chance come from the world that one is given: on one machine they may be virtual. */
const CLOCKED = ['domain', 'lambdas', 'lib', 'local', 'cli'];
/** What makes a world, or stands between a virtual one and the real one. */
const ADAPTERS = [
  'domain/world.ts',
  'domain/ssh/pipelining.ts',
  'lambdas/runtime/task.ts',
  'local/virtual-clock.ts',
  'local/random.ts',
  'local/emulator/fast-forward.ts',
];
const NO_CLOCK = [
  ["MemberExpression[object.name='Date'][property.name='now']", 'Take the time from the Clock that is given.'],
  ["NewExpression[callee.name='Date'][arguments.length=0]", 'Take the time from the Clock that is given.'],
  ['CallExpression[callee.name=/^(setTimeout|setInterval|setImmediate)$/]', 'Wait by the Clock that is given.'],
  ['ImportDeclaration[source.value=/^(node:)?timers/]', 'Wait by the Clock that is given.'],
  ["MemberExpression[object.name='Math'][property.name='random']", 'Take chance from the Random that is given.'],
  ["MemberExpression[object.name='performance']", 'Take the time from the Clock that is given.'],
];

export default tseslint.config(
  { ignores: ['node_modules', 'cdk.out', '.cache', 'coverage'] },
  eslint.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/no-unused-vars': ['error', { ignoreRestSiblings: true, varsIgnorePattern: '^_' }],
      // Constructs act by being constructed.
      'no-new': 'off',
    },
  },
  ...rooms,
  noImports(['domain/*.ts'], [...after(ROOMS, 'domain'), 'aws-cdk-lib*', 'constructs']),
  ...domain,
  {
    files: CLOCKED.map((room) => `${room}/**/*.ts`),
    ignores: ADAPTERS,
    rules: { 'no-restricted-syntax': ['error', ...NO_CLOCK.map(([selector, message]) => ({ selector, message }))] },
  },
  { files: ['**/*.mjs'], languageOptions: { globals: { process: 'readonly', console: 'readonly' } } },
  { files: ['test/**/*.ts'], ...jest.configs['flat/recommended'] },
  {
    files: ['test/**/*.ts'],
    rules: { 'jest/expect-expect': ['warn', { assertFunctionNames: ['expect', 'expectToTakeLess'] }] },
  },
);

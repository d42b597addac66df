/** @type {import('jest').Config} */
export default {
  testEnvironment: 'node',
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  // These take longer, or need root, a browser, LocalStack or the lab: npm run test:long, test:root, test:page, test:emulator, test:lab.
  testPathIgnorePatterns: [
    '/node_modules/',
    '<rootDir>/test/faults/',
    '<rootDir>/test/scale/',
    '<rootDir>/test/contributing.test.ts',
    '<rootDir>/test/emulator/',
    '<rootDir>/test/firewall/',
    '<rootDir>/test/page/',
    '<rootDir>/test/lab-',
  ],
  transform: {
    '\\.ts$': [
      '@swc/jest',
      { jsc: { target: 'es2023', parser: { syntax: 'typescript' } }, module: { type: 'commonjs' } },
    ],
  },
  // Jest loads modules anew for every file, and Zod's 64 languages are a third of what most of ours load: English is enough.
  moduleNameMapper: { '^\\.\\./locales/index\\.cjs$': '<rootDir>/node_modules/zod/v4/locales/en.cjs' },
  // Tests that run the whole workflow share two cores with others, and with lint.
  testTimeout: 120_000,
  maxWorkers: '100%',
  modulePathIgnorePatterns: ['<rootDir>/cdk.out', '<rootDir>/.cache'],
};

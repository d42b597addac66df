/** @type {import('jest').Config} */
export default {
  testEnvironment: 'node',
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  // These take longer, or need root, a browser or the lab: npm run test:faults, test:root, test:page, test:lab.
  testPathIgnorePatterns: [
    '/node_modules/',
    '<rootDir>/test/faults/',
    '<rootDir>/test/contributing.test.ts',
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
  // Tests that run the whole workflow share two cores with others, and with lint.
  testTimeout: 120_000,
  maxWorkers: '100%',
  modulePathIgnorePatterns: ['<rootDir>/cdk.out', '<rootDir>/.cache'],
};

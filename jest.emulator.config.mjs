import base from './jest.config.mjs';

/** @type {import('jest').Config} */
export default {
  ...base,
  testMatch: ['<rootDir>/test/emulator/**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
  // Functions and polls take their real time; what LocalStack consists of is installed once, which takes minutes.
  testTimeout: 1_800_000,
  maxWorkers: 1,
};

import base from './jest.config.mjs';

// How many cases each test of fuzzing makes.
process.env.FUZZ_RUNS ??= '1000';

/** @type {import('jest').Config} */
export default {
  ...base,
  testMatch: [
    '<rootDir>/test/{faults,scale}/**/*.test.ts',
    '<rootDir>/test/contributing.test.ts',
    // What is fuzzed, more thoroughly.
    '<rootDir>/test/domain/{secrets/secrets,findings/logins}.test.ts',
  ],
  testPathIgnorePatterns: ['/node_modules/'],
  testTimeout: 900_000,
};

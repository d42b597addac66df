import base from './jest.config.mjs';

/** @type {import('jest').Config} */
export default {
  ...base,
  testMatch: ['<rootDir>/test/{faults,scale}/**/*.test.ts', '<rootDir>/test/contributing.test.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
  // In CI they run with what the other tests leave of the processors.
  testTimeout: 900_000,
};

import base from './jest.config.mjs';

/** @type {import('jest').Config} */
export default {
  ...base,
  testMatch: ['<rootDir>/test/faults/**/*.test.ts', '<rootDir>/test/contributing.test.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
};

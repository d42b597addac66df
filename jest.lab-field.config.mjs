import base from './jest.lab.config.mjs';

/** @type {import('jest').Config} */
export default {
  ...base,
  testMatch: ['<rootDir>/test/lab-field/**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
  // A lab a case, and with dead DNS every login takes its time.
  testTimeout: 600_000,
  setupFilesAfterEnv: [],
};

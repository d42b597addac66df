import base from './jest.lab.config.mjs';

/** @type {import('jest').Config} */
export default {
  ...base,
  testMatch: ['<rootDir>/test/lab-full/**/*.test.ts', '<rootDir>/test/site-contract/openstack*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
  // Clusters come in their real time.
  testTimeout: 600_000,
};

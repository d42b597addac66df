import base from './jest.config.mjs';

// Which site the suite runs against, see test/site-contract/site.ts.
process.env.MAGNUM_HA_SITE = 'lab';

/** @type {import('jest').Config} */
export default {
  ...base,
  testMatch: ['<rootDir>/test/{site-contract,lab-faults}/**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
  // Real daemons take their real time, and one lab at a time all of the machine.
  testTimeout: 180_000,
  maxWorkers: 1,
};

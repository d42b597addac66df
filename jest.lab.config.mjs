import base from './jest.config.mjs';

// Which site the suite runs against, see test/site-contract/site.ts.
process.env.MAGNUM_HA_SITE = 'lab';

/** @type {import('jest').Config} */
export default {
  ...base,
  testMatch: ['<rootDir>/test/{site-contract,lab-faults,lab-core}/**/*.test.ts'],
  // Its OpenStack is simulated behind real daemons here: npm run test:lab:full has the real one.
  testPathIgnorePatterns: ['/node_modules/', '<rootDir>/test/site-contract/openstack'],
  // Real daemons take their real time, also the roll-back and the recovery after a fault; and one lab at a time all of the machine.
  testTimeout: 420_000,
  maxWorkers: 1,
  setupFilesAfterEnv: ['<rootDir>/test/lab-faults/once-more.ts'],
  reporters: ['default', '<rootDir>/test/lab-faults/second-tries.mjs'],
};

import base from './jest.config.mjs';

/** @type {import('jest').Config} */
export default {
  ...base,
  testMatch: ['<rootDir>/test/firewall/**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
};

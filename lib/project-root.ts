import { dirname } from 'node:path';

/** The folder of package.json and cdk.json. */
export const projectRoot = dirname(__dirname);

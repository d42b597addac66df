import { enter } from './enter';
import { type Profile, PROFILES } from './openstack/real/profile';

// node --import tsx lab/in-lab.ts PROFILE PROGRAM ARGUMENTS...: runs a program that starts labs, once what labs of this
// profile, and of those below it, are made of is there.
const [first, ...argv] = process.argv.slice(2);
const profile = PROFILES.find((name) => name === first) as Profile;

enter(argv, console.error, { profile }).then(
  (code) => (process.exitCode = code),
  (error: unknown) => {
    console.error(error instanceof Error ? `${error.name}: ${error.message}` : error);
    process.exitCode = 1;
  },
);

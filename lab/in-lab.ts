import { enter } from './enter';

// node --import tsx lab/in-lab.ts PROGRAM ARGUMENTS...: runs a program that starts labs.
enter(process.argv.slice(2), console.error).then(
  (code) => (process.exitCode = code),
  (error: unknown) => {
    console.error(error instanceof Error ? `${error.name}: ${error.message}` : error);
    process.exitCode = 1;
  },
);

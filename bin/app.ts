import { createApp } from '../lib/app';
import { MagnumHaError } from '../domain/errors';

// The CDK app: `npx cdk synth`, `npx cdk deploy`.
try {
  createApp().synth();
} catch (error) {
  // A mistake in a setting: its message says everything, and a stack trace would bury it.
  if (!(error instanceof MagnumHaError)) throw error;
  console.error(`${error.name}: ${error.message}`);
  process.exitCode = 1;
}

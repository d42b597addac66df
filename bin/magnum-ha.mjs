#!/usr/bin/env node
// The command as a bin of the package: Node reads TypeScript through tsx, wherever it is called from.
import 'tsx';
await import('./magnum-ha.ts');

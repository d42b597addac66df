import type { Command } from '../domain/ssh/command';

/** As an operator disables HAProxy: for good. */
export const PCS_DISABLE: Command = {
  argv: ['pcs', 'resource', 'disable', 'p_haproxy'],
  root: true,
  timeoutSeconds: 20,
};

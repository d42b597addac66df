/** The state machine of a stack that starts checks, and nothing else. The site machine has the name of the stack. */
export function checkMachineOf(stack: string): string {
  return `${stack}-check`;
}

/** The state machine of a stack that looks at all sites. */
export function fleetMachineOf(stack: string): string {
  return `${stack}-fleet`;
}

/**
 * What ps prints of these processes, besides the first of all.
 *
 * @param lines of age in seconds and command line; all are of a system account
 */
export function processes(lines: readonly string[]): string {
  const rows = lines.map((line, index) => {
    const [, age = '', args = ''] = /^(\d+) (.*)$/.exec(line) ?? [];
    return `${100 + index} 1 110 110 ${age} Ss ${args}\n`;
  });
  return `    1 0 0 0 90000 Ss /sbin/init\n${rows.join('')}`;
}

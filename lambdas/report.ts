import { report, type ReportInput } from '../domain/report/report';

/** Report: the execution's output. */
export function handler(input: ReportInput) {
  return Promise.resolve(report(input));
}

/** How much a site document may ask for at most. The time limit of executions follows from these. */
export const LIMITS = {
  /** Of a document as it is stored. */
  documentBytes: 256 * 1024,
  controllers: 64,
  clusterTemplates: 40,
  clusters: 40,
  waivers: 100,
  /** Until a cluster has to be complete, in minutes. */
  deadlineMinutes: 24 * 60,
  /** Until HAProxy has to have stopped, or to serve again, in seconds. */
  haproxySeconds: 1800,
  /** Until an apply has to be approved, in minutes. */
  approvalMinutes: 7 * 24 * 60,
  /** Until a disable of HAProxy ends by itself, in seconds. */
  deadManSeconds: 3600,
} as const;

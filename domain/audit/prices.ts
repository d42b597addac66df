/**
 * Prices in dollars, without free tiers.
 *
 * @see https://aws.amazon.com/step-functions/pricing, /lambda/pricing, /kms/pricing, /dynamodb/pricing/on-demand, /s3/pricing,
 *   /cloudwatch/pricing, /xray/pricing
 */
export const PRICES = {
  asOf: '2026-05-01',
  region: 'us-east-1',
  transition: 0.025 / 1000,
  /** Of a function on Arm. */
  gigabyteSecond: 0.0000133334,
  /** An invocation of a function. */
  request: 0.2 / 1_000_000,
  keyRequest: 0.03 / 10_000,
  /** On demand: one item up to 1 KB. */
  tableWrite: 0.625 / 1_000_000,
  tableRead: 0.125 / 1_000_000,
  objectWrite: 0.005 / 1000,
  objectRead: 0.0004 / 1000,
  /** A month, as records are. */
  storedGigabyte: 0.023,
  loggedGigabyte: 0.5,
  /** A month. */
  keptLogGigabyte: 0.03,
  trace: 5 / 1_000_000,
  /** An Express execution, and a GB-second of one: the first tier, of 1,000 GB-hours a month, and no tier is dearer. */
  expressRequest: 1 / 1_000_000,
  expressGigabyteSecond: 0.06 / 3600,
  /** A month each. */
  metric: 0.3,
  alarm: 0.1,
  dashboard: 3,
} as const;

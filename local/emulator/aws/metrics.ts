/** A value of a metric, as CloudWatch takes it out of a line of a function's log. */
export interface Metric {
  readonly namespace: string;
  readonly name: string;
  readonly unit: string;
  readonly value: number;
  readonly dimensions: Readonly<Record<string, string>>;
  /** In milliseconds since 1970. */
  readonly timestamp: number;
}

/** A line in the embedded metric format. */
interface Embedded {
  readonly _aws: {
    readonly Timestamp: number;
    readonly CloudWatchMetrics: readonly {
      readonly Namespace: string;
      readonly Dimensions: readonly (readonly string[])[];
      readonly Metrics: readonly { readonly Name: string; readonly Unit?: string }[];
    }[];
  };
  readonly [target: string]: unknown;
}

/**
 * The metrics in a line of a log: those that it holds in CloudWatch's embedded metric format, one for each value and set
 * of dimensions. A member that a metric or a dimension names, and that the line does not have, is left out, as there.
 */
export function metricsIn(line: string): Metric[] {
  if (!line.includes('"_aws"')) return [];
  const embedded = parsed(line);
  if (!embedded) return [];
  const { Timestamp: timestamp, CloudWatchMetrics: directives } = embedded._aws;
  return directives.flatMap(({ Namespace: namespace, Dimensions, Metrics }) =>
    (Dimensions.length === 0 ? [[]] : Dimensions).flatMap((names: readonly string[]) => {
      const dimensions = Object.fromEntries(
        names.flatMap((name) => (name in embedded ? [[name, String(embedded[name])]] : [])),
      );
      return Metrics.flatMap(({ Name: name, Unit: unit = 'None' }) =>
        [embedded[name] ?? []].flat().map((value) => {
          return { namespace, name, unit, value: Number(value), dimensions, timestamp };
        }),
      );
    }),
  );
}

function parsed(line: string): Embedded | undefined {
  try {
    const value = JSON.parse(line) as Partial<Embedded> | null;
    return typeof value?._aws === 'object' ? (value as Embedded) : undefined;
  } catch {
    return undefined;
  }
}

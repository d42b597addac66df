import { metricsIn } from '../../../../local/emulator/aws/metrics';

const line = (rest: object, directive: object = {}) =>
  JSON.stringify({
    _aws: {
      Timestamp: 1_893_456_000_000,
      CloudWatchMetrics: [
        {
          Namespace: 'MagnumHa',
          Dimensions: [['site']],
          Metrics: [{ Name: 'OutageMs', Unit: 'Milliseconds' }],
          ...directive,
        },
      ],
    },
    ...rest,
  });
const metric = {
  namespace: 'MagnumHa',
  name: 'OutageMs',
  unit: 'Milliseconds',
  value: 812,
  dimensions: { site: 'golden' },
  timestamp: 1_893_456_000_000,
};

test('a line in the embedded metric format is a metric', () => {
  expect(metricsIn(line({ site: 'golden', OutageMs: 812, other: 1 }))).toEqual([metric]);
});

test('several values, metrics and sets of dimensions are several', () => {
  const directive = {
    Dimensions: [['site'], []],
    Metrics: [{ Name: 'OutageMs', Unit: 'Milliseconds' }, { Name: 'Drift' }],
  };

  const metrics = metricsIn(line({ site: 'golden', OutageMs: [812, 5], Drift: 0 }, directive));

  expect(metrics).toEqual([
    metric,
    { ...metric, value: 5 },
    { ...metric, name: 'Drift', unit: 'None', value: 0 },
    { ...metric, dimensions: {} },
    { ...metric, dimensions: {}, value: 5 },
    { ...metric, dimensions: {}, name: 'Drift', unit: 'None', value: 0 },
  ]);
});

test('without dimensions there is one', () => {
  expect(metricsIn(line({ OutageMs: 812 }, { Dimensions: [] }))).toEqual([{ ...metric, dimensions: {} }]);
});

test('what the line does not have is left out', () => {
  expect(metricsIn(line({ site: 'golden' }))).toEqual([]);
  expect(metricsIn(line({ OutageMs: 812 }))).toEqual([{ ...metric, dimensions: {} }]);
});

test.each(['plain text with "_aws" in it', '{"level":"info"}', '{"_aws":1}', 'null', ''])('%s has none', (text) => {
  expect(metricsIn(text)).toEqual([]);
});

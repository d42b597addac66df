import { S3Client } from '@aws-sdk/client-s3';
import { canonicalJson } from '../../../domain/canonical';
import { linesSince } from '../../../domain/audit/records-since';
import { recordAfter } from '../../../domain/audit/record';
import { realClock } from '../../../domain/world';
import { Bucket, Buckets } from '../../../local/emulator/aws/s3';
import { S3Endpoint } from '../../../local/emulator/aws/s3-endpoint';
import { counting } from '../../local/emulator/aws/stack';

const bucket = new Bucket('archive', true, realClock, counting());
const server = new S3Endpoint(new Buckets([bucket]), () => true);
let client: S3Client;
beforeAll(async () => {
  const credentials = { accessKeyId: 'summary', secretAccessKey: 'local' };
  client = new S3Client({ endpoint: await server.listen(), region: 'us-east-1', credentials, forcePathStyle: true });
});
afterAll(() => {
  client.destroy();
  server.close();
});

function put(site: string, at: number, change = (text: string) => text): string {
  const input = JSON.stringify({ site, mode: 'check' });
  const startDate = new Date(at);
  const execution = { status: 'SUCCEEDED', startDate, stopDate: startDate, name: 'one', input } as const;
  const events = [
    { id: 1, type: 'ExecutionStarted', timestamp: startDate, executionStartedEventDetails: { input } },
    { id: 2, type: 'ExecutionSucceeded', timestamp: startDate, executionSucceededEventDetails: { output: '{}' } },
  ] as const;
  const record = recordAfter(null, { execution, events: [...events], logs: null, page: '', retentionDays: 30 });
  bucket.put(record.key, change(canonicalJson(record)), { contentType: 'application/json' });
  bucket.put(record.key.replace('record.json', 'page.html'), 'a page', { contentType: 'text/html' });
  return record.key;
}

test('each execution of the time has its line; one that was altered has none, and is named', async () => {
  const since = Date.UTC(2026, 10, 23, 7);
  for (const site of ['a', 'b']) for (const days of [-1, 1, 3]) put(site, since + days * 86_400_000);
  const altered = put('c', since + 60_000, (text) => text.replace('SUCCEEDED', 'FAILED'));

  const found = await linesSince(client, 'archive', since);

  expect(found.lines.map(({ site, startedAt, outcome }) => [site, startedAt.slice(0, 10), outcome]).sort()).toEqual([
    ['a', '2026-11-24', 'unchanged'],
    ['a', '2026-11-26', 'unchanged'],
    ['b', '2026-11-24', 'unchanged'],
    ['b', '2026-11-26', 'unchanged'],
  ]);
  expect(found.altered).toEqual([altered]);
});

import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { childrenOf } from '../../bench/fleet-plan';
import { audit } from '../../domain/audit/audit';
import { fleetRunOf } from '../../domain/audit/fleet';
import { page as pageOf } from '../../domain/audit/page';
import { fleetPage } from '../../domain/audit/page/fleet';
import type { Site } from '../../domain/site/document';
import { document, run, withLocal } from '../workflow/local';

/** Debian's: apt-get install chromium. */
const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find((path) => existsSync(path));
const AXE = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
/** Bytes of the largest page. */
const LARGEST = 150 * 1024;

if (!CHROMIUM) console.warn('There is no chromium here, so that the page is not opened: apt-get install chromium');
const inBrowser = CHROMIUM ? describe : describe.skip;

/** As many controllers as fit into a document now: without clusters, and with short names. */
function siteOf(count: number): Site {
  const golden = document('golden');
  const [first] = golden.controllers;
  const controllers = Array.from({ length: count }, (_, index) => ({
    ...first,
    name: `node-${index + 1}`,
    address: `10.21.22.${10 + index}`,
    hostKey: `ssh-ed25519 ${'A'.repeat(40)}`,
  }));
  return { ...golden, clusters: [], clusterTemplates: [], controllers: controllers as unknown as Site['controllers'] };
}

const RUN = {
  ...{ execution: 'arn:aws:states:us-east-1:123456789012:execution:magnum-ha-fleet:one', asked: null },
  ...{ startedAt: '2026-01-01T00:00:00Z', endedAt: '2026-01-01T00:01:00Z' },
};

/** Pages of executions, by what happened. */
const pages = new Map<string, string>();
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'magnum-ha-page-'));
  const made = async (name: string, site: Site, mode: string, fault = false) => {
    await withLocal(site, async (local) => {
      if (fault)
        local.site.faults.onCommand((host, argv) =>
          argv[0] === 'service' && host === 'node-2' ? { exit: 1 } : undefined,
        );
      const { events } = await run(local, mode);
      pages.set(name, pageOf(audit({ events, logs: local.logs.map(({ text }) => text) })));
    });
  };
  await made('3 controllers, apply', document('golden'), 'apply');
  await made('3 controllers, check', document('golden'), 'check');
  await made('3 controllers, failed', document('golden'), 'apply', true);
  await made('48 controllers, apply', siteOf(48), 'apply');
  await made('48 controllers, check', siteOf(48), 'check');
  pages.set('fleet', fleetPage(fleetRunOf(RUN, childrenOf(40))));
  for (const [name, html] of pages) writeFileSync(fileOf(name), html);
}, 180_000);
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const fileOf = (name: string) => join(folder, `${name.replace(/\W+/g, '-')}.html`);
const NAMES = [
  '3 controllers, apply',
  '3 controllers, check',
  '3 controllers, failed',
  '48 controllers, apply',
  '48 controllers, check',
];

test.each(NAMES)('%s: the page has at most 150 KB, and names nothing outside of itself', (name) => {
  const html = pages.get(name) ?? '';

  expect(Buffer.byteLength(html)).toBeGreaterThan(5_000);
  expect(Buffer.byteLength(html)).toBeLessThanOrEqual(LARGEST);
  expect(html.match(/(src|href)="(?!#|data:,")[^"]*"/g)).toBeNull();
});

inBrowser('in Chromium', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: CHROMIUM ?? '', args: ['--no-sandbox'] });
  }, 60_000);
  afterAll(() => browser.close());

  /** Opens a page. @returns what it said and asked for */
  async function open(
    name: string,
    options: { width?: number; dark?: boolean } = {},
  ): Promise<{ page: Page; told: string[] }> {
    const page = await browser.newPage({
      viewport: { width: options.width ?? 1280, height: 900 },
      colorScheme: options.dark ? 'dark' : 'light',
    });
    const told: string[] = [];
    page.on('console', (message) => told.push(message.text()));
    page.on('pageerror', (error) => told.push(error.message));
    page.on('request', (request) => told.push(request.url()));
    await page.goto(`file://${fileOf(name)}`);
    return { page, told };
  }

  const EVERYWHERE = [...NAMES, 'fleet'].flatMap((name) => [1280, 390].map((width) => [name, width] as const));

  test.each(EVERYWHERE)(
    '%s at %i px: no overflow, no request, no message, and axe finds nothing, light and dark',
    async (name, width) => {
      // With 48 controllers axe takes half a minute for each.
      const schemes = name.startsWith('48') ? [width === 390] : [false, true];
      for (const dark of schemes) {
        const { page, told } = await open(name, { width, dark });
        const widest = await page.evaluate('document.documentElement.scrollWidth');
        await page.evaluate(`for (const one of document.querySelectorAll('details')) one.open = true`);
        // The page's own policy lets no other script in: this one comes through the debugger.
        await page.evaluate(AXE);
        const { violations } = await page.evaluate<{ violations: { id: string; nodes: { html: string }[] }[] }>(
          'axe.run()',
        );

        expect(violations.map(({ id, nodes }) => [id, nodes[0]?.html])).toEqual([]);
        expect(told).toEqual([`file://${fileOf(name)}`]);
        expect(widest).toBe(width);
        await page.close();
      }
    },
    120_000,
  );

  test('the timeline has a lane for each controller, the outage as one band, and its bars lead to their steps', async () => {
    const { page } = await open('3 controllers, apply');

    expect(await page.locator('svg text.name').allTextContents()).toEqual([
      'workflow',
      'node-1',
      'node-2',
      'node-3',
      'HAProxy, VIP',
      'Magnum',
    ]);
    expect(await page.locator('svg rect.outage').count()).toBe(1);
    const dead = await page.evaluate(
      `[...document.querySelectorAll('svg a')].filter((one) => !document.querySelector(one.getAttribute('href'))).length`,
    );
    expect(dead).toBe(0);
    await page.close();
  });

  test('labels of the axis differ, and do not overlap', async () => {
    for (const name of NAMES) {
      const { page } = await open(name);
      const labels = await page.locator('svg text.axis[y="14"]').all();
      const boxes = await Promise.all(labels.map((one) => one.boundingBox()));
      const texts = await Promise.all(labels.map((one) => one.textContent()));

      expect(new Set(texts).size).toBe(texts.length);
      const ends = boxes.map((box) => (box?.x ?? 0) + (box?.width ?? 0));
      expect(boxes.slice(1).every((box, index) => (box?.x ?? 0) > (ends[index] ?? 0))).toBe(true);
      await page.close();
    }
  });

  test('from 9 controllers on they are the rows of the matrix; a sign is never alone', async () => {
    const [few, many] = [await open('3 controllers, check'), await open('48 controllers, check')];

    expect(await few.page.locator('.matrix th[scope=col]').allTextContents()).toEqual([
      'managed',
      'node-1',
      'node-2',
      'node-3',
    ]);
    expect(await many.page.locator('.matrix th[scope=row]').count()).toBe(48);
    const cells = await few.page.locator('.matrix td').allTextContents();
    expect(cells.filter((cell) => !/^\s*\S \w+/.test(cell))).toEqual([]);
    await few.page.close();
    await many.page.close();
  });

  test('with the keyboard one gets to all that folds or leads somewhere, and the filter finds a step', async () => {
    const { page } = await open('3 controllers, failed');

    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.textContent')).toBe('To the content');
    await page.locator('#changes ~ details summary').first().focus();
    await page.keyboard.press('Enter');
    expect(
      await page
        .locator('#changes ~ details')
        .first()
        .evaluate((one) => (one as unknown as { open: boolean }).open),
    ).toBe(true);
    await page.locator('#filter').focus();
    await page.keyboard.type('failed');
    // The first one, and those of the roll-back that did not go well either.
    const shown = await page.locator('tr[id^=step-]:visible').allTextContents();
    expect(shown[0]).toMatch(/Restart Magnum\s*node-2/);
    expect(shown.filter((text) => !text.includes('failed'))).toEqual([]);
    expect(await page.locator('#shown').textContent()).toBe(shown.length === 1 ? '1 step' : `${shown.length} steps`);
    await page.close();
  });

  test('printed, it is a PDF in which what folds is open', async () => {
    const { page } = await open('3 controllers, apply');

    const pdf = await page.pdf({ format: 'A4' });

    expect(pdf.subarray(0, 5).toString()).toBe('%PDF-');
    // As paper has it, its folded parts take place too.
    await page.emulateMedia({ media: 'print' });
    await page.evaluate(`dispatchEvent(new Event('beforeprint'))`);
    expect(await page.locator('details:not([open])').count()).toBe(0);
    await page.close();
  });
});

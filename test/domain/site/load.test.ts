import { loadSite, parseInput } from '../../../domain/site/load';
import type { DocumentStore } from '../../../domain/world';
import { documentWith, shipped } from './documents';

const stored = (documents: Record<string, string>): DocumentStore => ({
  stack: 'magnum-ha',
  read: (name) => {
    const text = documents[name];
    return Promise.resolve(
      text === undefined ? undefined : { text, etag: '', version: 'v1', sha256: `digest of ${name}` },
    );
  },
  names: () => Promise.resolve(Object.keys(documents)),
});
const two = stored({ golden: shipped('golden'), guide: shipped('guide') });

describe('the input of an execution', () => {
  test.each(['check', 'apply'])('names a site and the mode %s', async (mode) => {
    expect(await parseInput({ site: 'golden', mode }, two)).toEqual({
      ...{ site: 'golden', mode },
      ...{ outsideWindow: null, startedBy: null, unattended: false },
    });
  });

  test('may say who started it', async () => {
    const says = { startedBy: 'alice', AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID: 'arn:aws:states:::fleet' };

    expect(await parseInput({ site: 'golden', mode: 'check', ...says }, two)).toMatchObject({ site: 'golden' });
  });

  test.each<[string, unknown, string]>([
    ['a starter of several lines', { site: 'golden', mode: 'check', startedBy: 'a\nb' }, 'InputInvalid'],
    ['a starter that is no text', { site: 'golden', mode: 'check', startedBy: { name: 'a' } }, 'InputInvalid'],
    ['no object', 'golden', 'InputInvalid'],
    ['nothing', null, 'InputInvalid'],
    ['a list', ['golden', 'apply'], 'InputInvalid'],
    ['no site', { mode: 'apply' }, 'InputInvalid'],
    ['a site of another type', { site: { name: 'golden' }, mode: 'apply' }, 'InputInvalid'],
    ['what cannot be the name of a site', { site: '../golden', mode: 'apply' }, 'InputInvalid'],
    ['an unknown field', { site: 'golden', mode: 'apply', dryRun: true }, 'InputInvalid'],
    ['a reason that is none', { site: 'golden', mode: 'apply', outsideWindow: '' }, 'InputInvalid'],
    ['a reason of several lines', { site: 'golden', mode: 'apply', outsideWindow: 'a\nb' }, 'InputInvalid'],
    ['a starter that is none', { site: 'golden', mode: 'apply', startedBy: 7 }, 'InputInvalid'],
    ['a reason for a check', { site: 'golden', mode: 'check', outsideWindow: 'a whim' }, 'InputInvalid'],
    ['no mode', { site: 'golden' }, 'ModeUnknown'],
    ['an unknown mode', { site: 'golden', mode: 'destroy' }, 'ModeUnknown'],
    ['a mode in capitals', { site: 'golden', mode: 'Apply' }, 'ModeUnknown'],
  ])('is refused with %s, and advises a check of a known site', async (_, input, name) => {
    const parsing = parseInput(input, two);

    await expect(parsing).rejects.toMatchObject({ name });
    await expect(parsing).rejects.toThrow('{"site": "golden", "mode": "check"}. Known sites: golden, guide.');
  });

  test('is told which fields are unknown', async () => {
    const parsing = parseInput({ site: 'golden', mode: 'apply', force: true, dryRun: true }, two);

    await expect(parsing).rejects.toThrow('force, dryRun');
  });

  test('is told which mode was meant', async () => {
    await expect(parseInput({ site: 'guide', mode: 'aply' }, two)).rejects.toThrow(
      'The input\'s "mode" is "aply". Did you mean "apply"? Use "check": it touches nothing: {"site": "guide", "mode": "check"}.',
    );
  });
});

describe('a site', () => {
  test('is the one of its document, with defaults, and says which version that was', async () => {
    const { site, document } = await loadSite('guide', stored({ guide: shipped('guide') }));

    expect(site.release).toBe('newton');
    expect(site.haproxy.resource).toBe('p_haproxy');
    expect(document).toEqual({ version: 'v1', sha256: 'digest of guide' });
  });

  test('that nobody deployed is unknown', async () => {
    const load = loadSite('golde', two);

    await expect(load).rejects.toMatchObject({
      name: 'SiteUnknown',
      message: expect.stringContaining('no site golde. Did you mean golden? Known sites: golden, guide.') as string,
    });
  });

  test('whose document is that of another is refused: it lies under a wrong name', async () => {
    const load = loadSite('guide', stored({ guide: shipped('golden') }));

    await expect(load).rejects.toMatchObject({
      name: 'BadValue',
      message: expect.stringMatching(/must be guide/) as string,
    });
  });

  test('whose document is wrong is refused', async () => {
    const golden = JSON.stringify(documentWith({ virtualIp: undefined }));

    const load = loadSite('golden', stored({ golden }));

    await expect(load).rejects.toMatchObject({ name: 'MissingField' });
  });
});

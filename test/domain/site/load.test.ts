import { loadSite, parseInput } from '../../../domain/site/load';
import type { DocumentStore } from '../../../domain/world';
import { documentWith, shipped } from './documents';

describe('the input of an execution', () => {
  test.each(['check', 'apply'])('names a site and the mode %s', (mode) => {
    expect(parseInput({ site: 'golden', mode })).toEqual({ site: 'golden', mode });
  });

  test.each<[string, unknown, string]>([
    ['no object', 'golden', 'InputInvalid'],
    ['nothing', null, 'InputInvalid'],
    ['a list', ['golden', 'apply'], 'InputInvalid'],
    ['no site', { mode: 'apply' }, 'InputInvalid'],
    ['a site of another type', { site: { name: 'golden' }, mode: 'apply' }, 'InputInvalid'],
    ['what cannot be the name of a site', { site: '../golden', mode: 'apply' }, 'InputInvalid'],
    ['an unknown field', { site: 'golden', mode: 'apply', dryRun: true }, 'InputInvalid'],
    ['no mode', { site: 'golden' }, 'ModeUnknown'],
    ['an unknown mode', { site: 'golden', mode: 'destroy' }, 'ModeUnknown'],
    ['a mode in capitals', { site: 'golden', mode: 'Apply' }, 'ModeUnknown'],
  ])('is refused with %s, and shows what is right', (_, input, name) => {
    const parse = () => parseInput(input);

    expect(parse).toThrow(expect.objectContaining({ name }) as Error);
    expect(parse).toThrow('{"site": "golden", "mode": "apply"}');
  });

  test('is told which fields are unknown', () => {
    expect(() => parseInput({ site: 'golden', mode: 'apply', force: true, dryRun: true })).toThrow('force, dryRun');
  });
});

describe('a site', () => {
  const stored = (documents: Record<string, string>): DocumentStore => ({
    read: (name) => Promise.resolve(documents[name]),
  });

  test('is the one of its document, with defaults', async () => {
    const site = await loadSite('guide', stored({ guide: shipped('guide') }));

    expect(site.release).toBe('newton');
    expect(site.haproxy.resource).toBe('p_haproxy');
  });

  test('that nobody deployed is unknown', async () => {
    const load = loadSite('silver', stored({ golden: shipped('golden') }));

    await expect(load).rejects.toMatchObject({
      name: 'SiteUnknown',
      message: expect.stringContaining('no site silver') as string,
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

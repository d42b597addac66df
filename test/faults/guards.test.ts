import { runWith, type RunResult } from '../../local/search/run';
import { referenceNamed } from '../../local/search/search';
import type { Tampering } from '../../local/search/world';
import {
  believingDigests,
  instead,
  unfollowed,
  withoutLock,
  withState,
  writingByHand,
} from '../local/search/tampering';

let mockQuotesAll = false;
jest.mock('../../domain/commands/reason', () => {
  const actual = jest.requireActual<{ reasonIn: (printed: string) => string | undefined }>(
    '../../domain/commands/reason',
  );
  return { ...actual, reasonIn: (printed: string) => (mockQuotesAll ? printed : actual.reasonIn(printed)) };
});

let mockBelieves = false;
jest.mock('../../domain/controller/fingerprint', () => {
  const actual = jest.requireActual<{ isStill: (inPlace: string | null, placed: string) => boolean }>(
    '../../domain/controller/fingerprint',
  );
  return {
    ...actual,
    isStill: (inPlace: string | null, placed: string) => mockBelieves || actual.isStill(inPlace, placed),
  };
});

/** One fault, at the first point whose name is like this. */
interface Strike {
  readonly scenario: string;
  readonly kind: string;
  readonly point: RegExp;
}

async function strike({ scenario, kind, point }: Strike, tampering: Tampering = {}): Promise<RunResult> {
  const reference = await referenceNamed(scenario);
  const found = reference.points.find(({ what }) => point.test(what));
  if (!found) throw new Error(`There is no point like ${point.source} in ${scenario}`);
  return runWith(reference, [{ at: found.at, number: found.number, kind }], { tampering });
}

const violated = ({ violations }: RunResult) => [...new Set(violations.map(({ invariant }) => invariant))];

/** Nothing ends a disable by itself. */
const forEver = () => instead(/ end="[^"]*"/, ' end="2099-01-01 00:00:00Z"');

/** With the guard nothing is violated; without it this is. */
const GUARDS: readonly (Strike & {
  guard: string;
  without: () => Tampering;
  invariant: string;
  /** What else is taken out: another guard that would hide it. */
  given?: () => Tampering;
})[] = [
  {
    guard: 'the Catch that leads from Disable HAProxy to Enable HAProxy',
    scenario: 'cycle-only',
    kind: 'lost',
    point: /cibadmin -M .*"Stopped"/,
    without: () =>
      withState('Disable HAProxy', (state) => {
        state.Catch = [{ ...state.Catch?.[0], Next: 'Release site lock' }];
      }),
    invariant: 'I1',
    given: forEver,
  },
  {
    guard: 'the end of the disable, of which pacemaker knows',
    scenario: 'cycle-only',
    kind: 'aborted',
    point: /^HAProxy stopped\?$/,
    without: forEver,
    invariant: 'I1',
  },
  {
    guard: 'the fence of the disable',
    scenario: 'cycle-only',
    kind: 'invoked-again-late',
    point: /^lambda:invoke Disable HAProxy$/,
    without: () =>
      instead(
        /^<meta_attributes id="magnum-ha-disabled"><rule id="[^"]*"\/>(.*)$/,
        '<primitive id="p_haproxy"><meta_attributes id="magnum-ha-disabled">$1</primitive>',
      ),
    invariant: 'I1',
  },
  {
    guard: 'the Retry of Enable HAProxy',
    scenario: 'cycle-only',
    kind: 'throttled',
    point: /^lambda:invoke Enable HAProxy$/,
    without: () =>
      withState('Enable HAProxy', (state) => {
        delete state.Retry;
        // The roll-back would start it again.
        state.Catch = [{ ...state.Catch?.[0], Next: 'Release site lock' }];
      }),
    invariant: 'I1',
    given: forEver,
  },
  {
    guard: 'the digests of staged files',
    scenario: 'fresh-apply',
    kind: 'half-input',
    point: /node-2 dd of=.*rules/,
    without: believingDigests,
    invariant: 'I2',
  },
  {
    guard: 'the way from a failed Commit to the roll-back',
    scenario: 'fresh-apply',
    kind: 'exit',
    point: /node-2 mv -fT .*magnum\.conf/,
    without: () =>
      withState('Commit: everywhere?', (state) => {
        state.Default = 'Release site lock';
      }),
    invariant: 'I8',
  },
  {
    guard: "the lock's condition",
    scenario: 'cycle-only',
    kind: 'second-apply',
    point: /^Disable HAProxy$/,
    without: withoutLock,
    invariant: 'I4',
  },
  {
    guard: 'the Choice that ends a check before anything is changed',
    scenario: 'drifted-check',
    kind: 'throttled',
    point: /^lambda:invoke Plan$/,
    without: () =>
      withState('Anything to change?', (state) => {
        const [first] = state.Choices ?? [];
        if (first) first.Condition = '{% $plan.changed = true %}';
      }),
    invariant: 'I5',
  },
];

describe.each(GUARDS)('$guard', ({ without, invariant, given = () => ({}), ...where }) => {
  it(`keeps ${invariant}`, async () => {
    const result = await strike(where, unfollowed(given()));

    expect(result.struck).toHaveLength(1);
    expect(violated(result)).not.toContain(invariant);
  });

  it('is missed where it is taken out', async () => {
    const result = await strike(where, unfollowed({ ...given(), ...without() }));

    expect(violated(result)).toContain(invariant);
  });
});

describe('the rule that has an apply that failed followed by a recovery', () => {
  const where: Strike = { scenario: 'left-disabled', kind: 'answer-late', point: /^lambda:invoke Load site$/ };

  it('keeps I1', async () => {
    expect(violated(await strike(where))).not.toContain('I1');
  });

  it('is missed where it is taken out', async () => {
    expect(violated(await strike(where, unfollowed()))).toContain('I1');
  });
});

describe('the list of what may be quoted of a program', () => {
  const where: Strike = { scenario: 'fresh-apply', kind: 'quotes-input', point: /node-1 dd of=.*magnum.conf/ };
  afterEach(() => (mockQuotesAll = false));

  it('keeps I3', async () => {
    expect(violated(await strike(where))).not.toContain('I3');
  });

  it('is missed where it is taken out', async () => {
    mockQuotesAll = true;

    expect(violated(await strike(where))).toContain('I3');
  });
});

describe('the digest by which a roll-back knows its own files', () => {
  const where: Strike = { scenario: 'fresh-apply', kind: 'exit', point: /node-2 service magnum-conductor restart/ };
  const survives = async () => {
    const { tampering, survived } = writingByHand();
    const { outcome } = await strike(where, tampering);
    return [outcome, survived()];
  };
  afterEach(() => (mockBelieves = false));

  it('keeps what somebody has written since', async () => {
    expect(await survives()).toEqual(['CommandFailed', true]);
  });

  it('is missed where it is taken out', async () => {
    mockBelieves = true;

    expect(await survives()).toEqual(['CommandFailed', false]);
  });
});

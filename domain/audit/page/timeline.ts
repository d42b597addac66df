import type { Audit } from '../audit';
import { lengthOf } from '../outages';
import { phaseOf } from '../phases';
import type { Step } from '../trace';
import { position, seconds, segments, type Segment, ticks } from './axis';
import { type Html, html } from './html';

const WIDTH = 1100;
const NAMES = 130;
const LANE = 24;
const TOP = 26;
/** A bar is never narrower. */
const THINNEST = 3;

interface Bar {
  readonly lane: string;
  readonly phase: string;
  readonly title: string;
  readonly label: string;
  readonly from: number;
  readonly to: number;
  readonly href?: string;
  readonly failed: boolean;
}

type ShownStep = Audit['steps'][number];

/** Lanes for the workflow, each controller, HAProxy and Magnum, and one band over all of them for each outage. */
export function timeline(audit: Audit): Html {
  const { steps, execution, controllers, outages } = audit;
  const from = Date.parse(execution.startedAt);
  const to = from + Math.max(1, execution.milliseconds);
  const bars = [
    ...steps.filter(({ kind }) => kind === 'task').map((step) => barOf(step, controllers)),
    ...commandBars(audit),
  ];
  const axis = segments(bars, { from, to, width: WIDTH - NAMES });
  const used = new Set(bars.map(({ lane }) => lane));
  const lanes = ['workflow', ...controllers.map(({ name }) => name), 'HAProxy, VIP', 'Magnum'].filter((one) =>
    used.has(one),
  );
  const height = TOP + lanes.length * LANE + 22;
  const x = (time: number) => (NAMES + position(axis, time)).toFixed(1);
  const phases = [...new Set(bars.map(({ phase }) => phase))];
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Timeline, scrolls sideways">
      <svg
        viewBox="0 0 ${WIDTH} ${height}"
        width="${WIDTH}"
        height="${height}"
        role="group"
        aria-label="Timeline of ${seconds(execution.milliseconds)}"
      >
        ${ticks(axis, from)
          .filter(({ at }) => Number(x(at)) < WIDTH - 20)
          .map(
            ({ at, label }) =>
              html`<line class="tick" x1="${x(at)}" x2="${x(at)}" y1="${TOP - 6}" y2="${height - 22}" /><text
                  class="axis"
                  x="${x(at)}"
                  y="14"
                  text-anchor="middle"
                  >${label}</text
                >`,
          )}
        ${axis.filter(({ folded }) => folded).map((one) => fold(one, height))}
        ${lanes.map((lane, index) => html`<line class="lane" x1="0" x2="${WIDTH}" y1="${TOP + (index + 1) * LANE}" y2="${TOP + (index + 1) * LANE}" /><text class="name" x="4" y="${TOP + index * LANE + 16}">${lane}</text>`)}
        ${outages.map((outage) => {
          const { from: begin, to: end } = outage;
          const left = x(begin === null ? from : Date.parse(begin));
          const right = x(end === null ? to : Date.parse(end));
          const length = lengthOf(outage);
          const wide = Math.max(THINNEST, Number(right) - Number(left)).toFixed(1);
          return html`<rect class="outage" x="${left}" width="${wide}" y="${TOP - 6}" height="${height - TOP - 16}"
              ><title>Outage ${length}</title></rect
            ><text class="outage" x="${left}" y="${height - 6}">outage ${length}</text>`;
        })}
        ${bars.map((bar) => drawn(bar, lanes.indexOf(bar.lane), { x: Number(x(bar.from)), end: Number(x(bar.to)) }))}
      </svg>
    </div>
    <p class="legend">
      ${phases.map((phase) => html`<span><i class="${phase}"></i>${NAMES_OF[phase] ?? phase}</span>`)}${outages.length > 0 && html`<span><i class="outage"></i>outage</span>`}<span
        >⋯ folded wait</span
      >
    </p>`;
}

const NAMES_OF: Readonly<Partial<Record<string, string>>> = {
  haproxy: 'HAProxy',
  clusters: 'templates, clusters',
  rollback: 'roll-back',
  record: 'report, lock',
};

function fold({ x, width, from, to }: Segment, height: number): Html {
  return html`<rect
      class="fold"
      x="${(NAMES + x).toFixed(1)}"
      width="${width.toFixed(1)}"
      y="${TOP - 6}"
      height="${height - TOP - 16}"
    /><text class="axis" x="${(NAMES + x + width / 2).toFixed(1)}" y="${TOP + 6}" text-anchor="middle"
      >⋯ ${seconds(to - from)}</text
    >`;
}

function drawn(bar: Bar, lane: number, { x, end }: { readonly x: number; readonly end: number }): Html {
  const width = Math.max(THINNEST, end - x);
  const y = TOP + lane * LANE + 4;
  // As many letters as fit, at about 6 pixels each.
  const label = bar.label.length * 6 + 6 < width ? bar.label : '';
  const box = `M${x.toFixed(1)} ${y}h${width.toFixed(1)}v${LANE - 8}h-${width.toFixed(1)}z`;
  // Beside it, on the side that has room.
  const beside = x + width > WIDTH - 20 ? x - 12 : x + width + 2;
  const fault = bar.failed && html`<text class="fault" x="${beside.toFixed(1)}" y="${y + 12}">✗</text>`;
  const name = label && html`<text class="bar" x="${(x + 4).toFixed(1)}" y="${y + 12}">${label}</text>`;
  const classes = `${bar.phase}${bar.failed ? ' failed' : ''}`;
  const shape = html`<title>${bar.title}</title><path class="${classes}" d="${box}" />${name}${fault}`;
  return bar.href === undefined ? html`<g>${shape}</g>` : html`<a href="${bar.href}">${shape}</a>`;
}

function barOf(step: ShownStep, controllers: Audit['controllers']): Bar {
  const { id, name, subject, enteredAt, attempts } = step;
  const to = step.exitedAt ?? attempts.at(-1)?.endedAt ?? enteredAt;
  const fault = attempts.find(({ error }) => error !== undefined)?.error;
  const tries = attempts.length > 1 ? `, ${attempts.length} tries` : '';
  return {
    lane: laneOf(step, controllers),
    phase: phaseOf(step) ?? 'look',
    label: name,
    title: `${[name, subject].filter(Boolean).join(' ')}: ${seconds(to - enteredAt)}${tries}${fault === undefined ? '' : `, ${fault}`}`,
    from: enteredAt,
    to,
    href: `#step-${id}`,
    failed: fault !== undefined,
  };
}

function laneOf(step: Pick<Step, 'name' | 'subject'>, controllers: Audit['controllers']): string {
  if (controllers.some(({ name }) => name === step.subject)) return step.subject;
  const phase = phaseOf(step);
  if (phase === 'haproxy') return 'HAProxy, VIP';
  return phase === 'clusters' || phase === 'verify' ? 'Magnum' : 'workflow';
}

/** What one task does on all controllers side by side is seen by its commands only. */
function commandBars({ commands, steps, controllers }: Audit): Bar[] {
  const own = new Set(
    steps.filter(({ subject }) => controllers.some(({ name }) => name === subject)).map(({ name }) => name),
  );
  const spans = new Map<string, Bar>();
  for (const { at, state, controller, milliseconds } of commands ?? []) {
    if (at === null || own.has(state) || !controllers.some(({ name }) => name === controller)) continue;
    const to = Date.parse(at);
    const task = steps.findLast((one) => one.name === state && one.enteredAt <= to);
    const key = `${task?.id ?? state} ${controller}`;
    const before = spans.get(key);
    const from = Math.min(before?.from ?? Infinity, to - milliseconds);
    const phase = phaseOf({ name: state }) ?? 'look';
    spans.set(key, {
      lane: controller,
      phase,
      label: state,
      title: `${state}, commands on ${controller}`,
      from,
      to,
      failed: false,
    });
  }
  return [...spans.values()];
}

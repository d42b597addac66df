import type { Audit } from '../audit';
import { lengthOf } from '../outages';
import { phaseOf } from '../phases';
import type { Step } from '../trace';
import { listed } from '../verdict';
import { position, seconds, segments, type Segment, ticks } from './axis';
import { type Html, html } from './html';

const WIDTH = 1100;
const NAMES = 130;
const LANE = 24;
const TOP = 26;
/** In more lanes than these at once a bar has no label. */
const FEW = 8;
/** A bar is never narrower. */
const THINNEST = 3;

/** When something happens in a lane, in milliseconds since 1970. */
interface Span {
  readonly lane: string;
  readonly from: number;
  readonly to: number;
}

interface Bar {
  /** More than one if the same is done on several controllers side by side. */
  readonly spans: readonly Span[];
  readonly phase: string;
  readonly title: string;
  readonly label: string;
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
  const spans = bars.flatMap((bar) => bar.spans);
  const axis = segments(spans, { from, to, width: WIDTH - NAMES });
  const used = new Set(spans.map(({ lane }) => lane));
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
        ${bars.map((bar) => drawn(bar, (lane) => TOP + lanes.indexOf(lane) * LANE + 4, x))}
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

function drawn(bar: Bar, top: (lane: string) => number, x: (time: number) => string): Html {
  const boxes = bar.spans.map(({ lane, from, to }) => {
    const left = Number(x(from));
    return { left, y: top(lane), width: Math.max(THINNEST, Number(x(to)) - left) };
  });
  const path = boxes.map(
    ({ left, y, width }) => `M${left.toFixed(1)} ${y}h${width.toFixed(1)}v${LANE - 8}h-${width.toFixed(1)}z`,
  );
  // As many letters as fit, at about 6 pixels each.
  const labelled = boxes.length > FEW ? [] : boxes.filter(({ width }) => bar.label.length * 6 + 6 < width);
  const names = labelled.map(
    ({ left, y }) => html`<text class="bar" x="${(left + 4).toFixed(1)}" y="${y + 12}">${bar.label}</text>`,
  );
  const faults =
    bar.failed &&
    boxes.map(({ left, y, width }) => {
      // Beside it, on the side that has room.
      const beside = left + width > WIDTH - 20 ? left - 12 : left + width + 2;
      return html`<text class="fault" x="${beside.toFixed(1)}" y="${y + 12}">✗</text>`;
    });
  const classes = `${bar.phase}${bar.failed ? ' failed' : ''}`;
  const shape = html`<title>${bar.title}</title><path class="${classes}" d="${path.join('')}" />${names}${faults}`;
  return bar.href === undefined ? html`<g>${shape}</g>` : html`<a href="${bar.href}">${shape}</a>`;
}

function barOf(step: ShownStep, controllers: Audit['controllers']): Bar {
  const { id, name, subject, enteredAt, attempts } = step;
  const to = step.exitedAt ?? attempts.at(-1)?.endedAt ?? enteredAt;
  const fault = attempts.find(({ error }) => error !== undefined)?.error;
  const tries = attempts.length > 1 ? `, ${attempts.length} tries` : '';
  return {
    spans: [{ lane: laneOf(step, controllers), from: enteredAt, to }],
    phase: phaseOf(step) ?? 'look',
    label: name,
    title: `${[name, subject].filter(Boolean).join(' ')}: ${seconds(to - enteredAt)}${tries}${fault === undefined ? '' : `, ${fault}`}`,
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
  const tasks = new Map<string, { readonly state: string; readonly spans: Map<string, Span> }>();
  for (const { at, state, controller, milliseconds } of commands ?? []) {
    if (at === null || own.has(state) || !controllers.some(({ name }) => name === controller)) continue;
    const to = Date.parse(at);
    const task = String(steps.findLast((one) => one.name === state && one.enteredAt <= to)?.id ?? state);
    const { spans } = tasks.get(task) ?? { spans: new Map<string, Span>() };
    const from = Math.min(spans.get(controller)?.from ?? Infinity, to - milliseconds);
    tasks.set(task, { state, spans: spans.set(controller, { lane: controller, from, to }) });
  }
  return [...tasks.values()].map(({ state, spans }) => ({
    spans: [...spans.values()],
    phase: phaseOf({ name: state }) ?? 'look',
    label: state,
    title: `${state}, commands on ${listed([...spans.keys()])}`,
    failed: false,
  }));
}

import { MagnumHaError } from '../errors';
import type { Answer } from './http-messages';

/** No answer came, and nothing was changed: the connection could not be opened, or was lost, or took too long. */
export class OpenStackUnreachable extends MagnumHaError {
  override readonly name = 'OpenStackUnreachable';

  constructor(
    method: string,
    readonly url: string,
    readonly reason: string,
    readonly timedOut = false,
  ) {
    super(
      `${method} ${url}: no answer: ${reason}. Nothing was changed by it. Check that the address is right and that ` +
        'HAProxy and the service behind it run; then start again.',
    );
  }
}

/** A request that changes something was sent, but no answer came: it may have been carried out. */
export class AnswerLost extends MagnumHaError {
  override readonly name = 'AnswerLost';

  constructor(method: string, url: string, reason: string) {
    super(
      `${method} ${url}: it was sent, but no answer came: ${reason}. It may have been carried out or not. Start again: ` +
        'what exists is looked up by its name before anything is created.',
    );
  }
}

/** The load balancer or the service says that it cannot serve now (503 with HTML, also 502 and 504). */
export class OpenStackUnavailable extends MagnumHaError {
  override readonly name = 'OpenStackUnavailable';

  constructor(answer: Answer) {
    const detail = detailOf(answer).replace(/\.$/, '');
    super(
      `${answer.method} ${answer.url}: ${answer.status} ${detail}. Either no server behind HAProxy is up (yet), or Magnum cannot ` +
        'check tokens: Keystone is down or the credentials in [keystone_authtoken] are wrong; magnum-api.log says which.',
    );
  }
}

/** OpenStack refused a request. */
export class OpenStackApiError extends MagnumHaError {
  override readonly name = 'OpenStackApiError';
  readonly status: number;
  /** What the service says about it. */
  readonly detail: string;

  constructor(answer: Answer, advice = 'Correct the site document or the cloud accordingly and start again.') {
    const detail = detailOf(answer);
    super(`${answer.method} ${answer.url}: ${answer.status} ${detail}. ${advice}`.replace(/\.\. /, '. '));
    this.status = answer.status;
    this.detail = detail;
  }
}

/** The answer is none that the API documents. */
export class UnexpectedAnswer extends MagnumHaError {
  override readonly name = 'UnexpectedAnswer';

  constructor({ method, url, status, text }: Answer, expected: string) {
    super(
      `${method} ${url}: ${status}, but not ${expected}: ${summary(text)}. Check that the address is that of the ` +
        'service and not of something else.',
    );
  }
}

/** The error that an answer stands for whose status is not the expected one. */
export function refusal(answer: Answer): MagnumHaError {
  return [502, 503, 504].includes(answer.status) ? new OpenStackUnavailable(answer) : new OpenStackApiError(answer);
}

/**
 * What an answer says went wrong: Keystone's `{"error":{…}}`, Magnum's `{"errors":[…]}`, the middleware's `{"message":…}`, or
 * a page of HTML.
 */
export function detailOf({ json, text }: Pick<Answer, 'json' | 'text'>): string {
  const { error, errors, message } = (json ?? {}) as {
    error?: { message?: unknown; title?: unknown } | null;
    errors?: unknown;
    message?: unknown;
  };
  const [first] = (Array.isArray(errors) ? errors : []) as ({ detail?: unknown; title?: unknown } | null)[];
  const said = [error?.message, error?.title, first?.detail, first?.title].find(isSaid);
  // The middleware's text is HTML, in JSON too.
  return cut(said ?? summary(isSaid(message) ? message : text), 1000);
}

function isSaid(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

/** A page of HTML, or whatever it is, as a short line. */
function summary(text: string): string {
  const line = withoutHead(text)
    // A tag ends before the next one begins: thousands of "<" are no long search each.
    .replace(/<[^<>]*>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
  return cut(line, 200) || '(no text)';
}

function withoutHead(page: string): string {
  const start = page.indexOf('<head>');
  const end = page.indexOf('</head>', start);
  return start < 0 || end < 0 ? page : `${page.slice(0, start)} ${page.slice(end)}`;
}

/** At most so many characters of a text, and how many there were more. */
export function cut(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length)}… (${text.length - length} more characters)` : text;
}

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

/** The answer is not one that the API documents. */
export class UnexpectedAnswer extends MagnumHaError {
  override readonly name = 'UnexpectedAnswer';

  constructor({ method, url, status, text }: Answer, expected: string) {
    super(
      `${method} ${url}: ${status}, but not ${expected}: ${summary(text)}. Check that the address is that of the ` +
        'service and not of something else.',
    );
  }
}

/** The error for an answer whose status is not the expected one. */
export function refusal(answer: Answer): MagnumHaError {
  return [502, 503, 504].includes(answer.status) ? new OpenStackUnavailable(answer) : new OpenStackApiError(answer);
}

/**
 * What an answer says went wrong: Magnum's `{"errors":[…]}`, Keystone's and Heat's `{"error":{…}}`, `{"itemNotFound":{…}}` of Nova
 * and Cinder and `{"NeutronError":{…}}`, the middleware's `{"message":…}`, or a page of HTML.
 */
export function detailOf({ json, text }: Pick<Answer, 'json' | 'text'>): string {
  const { errors, message, faultstring } = fieldsOf(json);
  const [first] = Array.isArray(errors) ? (errors as unknown[]) : [];
  const said = [first, ...Object.values(fieldsOf(json))].map(saidIn).find((one) => one !== undefined);
  // The middleware's text is HTML, in JSON too.
  return shorten(said ?? summary(textIn(message) ?? textIn(faultstring) ?? text), 1000);
}

function saidIn(error: unknown): string | undefined {
  const { detail, message, title } = fieldsOf(error);
  return textIn(message) ?? textIn(detail) ?? textIn(title);
}

function fieldsOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}

function textIn(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** Only this much of a page is read: its message is at the beginning. */
const PAGE = 10_000;

/** A page of HTML, or any other text, as a short line. */
function summary(text: string): string {
  const line = withoutHead(text.slice(0, PAGE))
    // A tag ends before the next one begins: thousands of "<" are no long search each.
    .replace(/<[^<>]*>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
  return shorten(line, 200) || '(no text)';
}

function withoutHead(page: string): string {
  const start = page.indexOf('<head>');
  const end = page.indexOf('</head>', start);
  return start < 0 || end < 0 ? page : `${page.slice(0, start)} ${page.slice(end)}`;
}

/** The first characters of a text, and how many more there were. */
export function shorten(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length)}… (${text.length - length} more characters)` : text;
}

import { STATUS_CODES } from 'node:http';

/** What Magnum answers with an error status; `{"errors":[…]}` is made of it. */
export class MagnumError extends Error {
  override readonly name = 'MagnumError';

  constructor(
    readonly status: number,
    detail: string,
  ) {
    super(detail);
  }
}

/** Nothing in Magnum catches this: a page of HTML with 500 is answered. */
export class UnhandledError extends Error {
  override readonly name = 'UnhandledError';
}

/** What Pecan answers before Magnum's own code is asked: such an error has another title, and no code. */
export class PecanError extends MagnumError {}

/** The body of an error. */
export function errorBody(error: MagnumError) {
  const { status, message } = error;
  const [code, title] =
    error instanceof PecanError
      ? ['', STATUS_CODES[status]]
      : [status >= 500 ? 'server' : 'client', message.split('.', 1)[0]];
  return { errors: [{ request_id: '', code, status, title, detail: message, links: [] }] };
}

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

/** The body of an error. */
export function errorBody({ status, message }: MagnumError) {
  const code = status >= 500 ? 'server' : 'client';
  return { errors: [{ request_id: '', code, status, title: message.split('.', 1)[0], detail: message, links: [] }] };
}

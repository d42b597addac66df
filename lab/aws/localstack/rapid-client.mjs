// The part of AWS's runtime interface client that is native code: it only answers the Runtime API. This does it in JavaScript, so that
// nothing has to be compiled.
import { Buffer } from 'node:buffer';
import { request } from 'node:http';

const answer = (id, outcome, body) => {
  const path = `/2018-06-01/runtime/invocation/${id}/${outcome}`;
  const options = { method: 'POST', path, headers: { 'Content-Length': Buffer.byteLength(body) } };
  request(`http://${process.env.AWS_LAMBDA_RUNTIME_API}`, options, (response) => response.resume()).end(body);
};

export const done = (id, body) => answer(id, 'response', body);
export const error = (id, body) => answer(id, 'error', body);

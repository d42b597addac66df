import { ServiceError } from '../service-error';
import { HttpServer } from './http-server';

/** Answers a call of one of a service's actions. @throws ServiceError */
export type Serve = (caller: string, action: string, body: Record<string, unknown>) => unknown;

/** An HTTP server on loopback that speaks AWS's JSON protocol: the action in a header, input and output as JSON. */
export function jsonServer(version: '1.0' | '1.1', serve: Serve): HttpServer {
  const headers = { 'content-type': `application/x-amz-json-${version}` };
  return new HttpServer(({ request, body, caller }, response) => {
    const [, action = ''] = String(request.headers['x-amz-target']).split('.');
    try {
      const output = serve(caller, action, JSON.parse(body.toString() || '{}') as Record<string, unknown>);
      response.writeHead(200, headers).end(JSON.stringify(output));
    } catch (error) {
      const { code, message, status } =
        error instanceof ServiceError ? error : new ServiceError('InternalServerError', String(error), 500);
      response.writeHead(status, headers).end(JSON.stringify({ __type: code, message }));
    }
  });
}

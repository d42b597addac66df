import { ServiceError } from '../service-error';
import { getObject, listObjectsV2, type S3Action } from './integrations/s3';
import type { Buckets } from './s3';
import type { AuthorizeArn } from './s3-endpoint';

/** S3 for callers in this process, without a wire. Each may do what its role in the template allows. */
export class LocalS3 {
  readonly #actions: Readonly<Record<string, S3Action<never>>>;

  constructor(
    buckets: Buckets,
    private readonly authorize: AuthorizeArn,
  ) {
    this.#actions = { GetObject: getObject(buckets), ListObjectsV2: listObjectsV2(buckets) };
  }

  /** Answers a call as the service does, with its content as text. @throws ServiceError */
  call(caller: string, action: string, input: Readonly<Record<string, unknown>>): unknown {
    const known = this.#actions[action];
    if (!known) throw new ServiceError('NotImplemented', `${action} is not simulated`, 501);
    for (const { action: needed, resource } of known.needs(input as never)) {
      if (this.authorize(caller, needed, resource)) continue;
      const message = `User: ${caller} is not authorized to perform: ${needed} on resource: "${resource}"`;
      throw new ServiceError('AccessDenied', message, 403);
    }
    return known.run(input as never);
  }
}

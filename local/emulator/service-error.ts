/** A request that a service refuses, under the name that the service's API gives the error. */
export class ServiceError extends Error {
  override readonly name = 'ServiceError';

  /**
   * @param code as the API has it: `ExecutionDoesNotExist`, `NoSuchKey`
   * @param status of the HTTP answer
   */
  constructor(
    readonly code: string,
    message: string,
    readonly status = 400,
  ) {
    super(message);
  }
}

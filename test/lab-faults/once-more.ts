// Real daemons on a busy machine are late now and then. What fails is tried once more, and the failure is printed all the same.
jest.retryTimes(1, { logErrorsBeforeRetry: true });

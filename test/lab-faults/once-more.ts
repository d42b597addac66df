// Real daemons on a busy machine are late now and then. What fails is tried once more: its failure is printed all the same,
// and second-tries.mjs counts it.
jest.retryTimes(1, { logErrorsBeforeRetry: true });

/** Tells which tests of a lab needed a second try, and how many: none should. */
export default class SecondTries {
  constructor() {
    this.names = [];
  }

  onTestResult(_test, { testResults }) {
    this.names.push(...testResults.filter(({ invocations = 1 }) => invocations > 1).map(({ fullName }) => fullName));
  }

  onRunComplete() {
    console.log([`Second tries: ${this.names.length}`, ...this.names.map((name) => `  ${name}`)].join('\n'));
  }
}

// node cold.mjs BUNDLE EXPORT EVENT BASTION RESULT: a cold invocation of a Lambda function. Imports its bundle, calls its
// handler once with the event of the file EVENT, and writes to the file RESULT what it returned and when what happened,
// in milliseconds since the process started.
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Socket } from 'node:net';
import { performance } from 'node:perf_hooks';

const started = performance.now();
const [file, exportName, eventFile, bastion, resultFile] = process.argv.slice(2);
const event = JSON.parse(readFileSync(eventFile, 'utf8'));

let dialled;
const { connect } = Socket.prototype;
Socket.prototype.connect = function (...args) {
  if (JSON.stringify(args).includes(`"${bastion}"`)) dialled ??= performance.now();
  return connect.apply(this, args);
};
// A function logs each command once it is answered.
const answered = [];
const { log } = console;
console.log = (...args) => {
  if (String(args[0]).includes('"command"')) answered.push(performance.now());
  log(...args);
};

const { [exportName]: handler } = createRequire(import.meta.url)(file);
const imported = performance.now();
const result = JSON.parse(JSON.stringify(await handler(event, {})));
const marks = { started, imported, dialled, first: answered[0], last: answered.at(-1), returned: performance.now() };
writeFileSync(resultFile, JSON.stringify({ result, marks }));
process.exit();

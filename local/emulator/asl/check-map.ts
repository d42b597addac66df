import type { ExecutionType, JsonObject } from './definition';
import { checkNumber, object, onlyFields, refuse } from './checks';
import { expressionIn } from './expression';

const READERS = /^arn:[\w-]+:states:::s3:(listObjectsV2|getObject)$/;
const WRITER = /^arn:[\w-]+:states:::s3:putObject$/;

/** Whether a Map runs a child execution for each item. */
export function isDistributed(state: JsonObject): boolean {
  const { ProcessorConfig } = state['ItemProcessor'] as { ProcessorConfig?: JsonObject };
  return ProcessorConfig?.['Mode'] === 'DISTRIBUTED';
}

/** Checks what is particular to a Map, except the states in it. @throws DefinitionRefused */
export function checkMap(name: string, state: JsonObject, type: ExecutionType): void {
  const processor = object(state['ItemProcessor'], name, 'ItemProcessor');
  onlyFields(processor, ['Comment', 'ProcessorConfig', 'StartAt', 'States'], name, 'ItemProcessor/');
  checkProcessorConfig(name, object(processor['ProcessorConfig'] ?? {}, name, 'ItemProcessor/ProcessorConfig'));
  const items = state['Items'];
  if (items !== undefined && !Array.isArray(items) && expressionIn(items) === undefined) {
    refuse(name, 'Items', 'must be an array or an expression');
  }
  for (const field of ['MaxConcurrency', 'ToleratedFailureCount']) {
    checkNumber(state[field], name, field, 0, Number.MAX_SAFE_INTEGER);
  }
  checkNumber(state['ToleratedFailurePercentage'], name, 'ToleratedFailurePercentage', 0, 100, false);
  if (isDistributed(state)) {
    checkDistributed(name, state, type);
    return;
  }
  for (const field of ['ItemReader', 'ResultWriter', 'Label']) {
    if (state[field] !== undefined) refuse(name, field, 'belongs to a Map in distributed mode');
  }
}

function checkProcessorConfig(name: string, config: JsonObject): void {
  const at = 'ItemProcessor/ProcessorConfig/';
  const { Mode = 'INLINE', ExecutionType } = config;
  onlyFields(config, Mode === 'DISTRIBUTED' ? ['Mode', 'ExecutionType'] : ['Mode'], name, at);
  if (Mode !== 'INLINE' && Mode !== 'DISTRIBUTED') refuse(name, `${at}Mode`, 'must be INLINE or DISTRIBUTED');
  if (Mode === 'DISTRIBUTED' && ExecutionType !== 'STANDARD' && ExecutionType !== 'EXPRESS') {
    refuse(name, `${at}ExecutionType`, 'must be STANDARD or EXPRESS');
  }
}

function checkDistributed(name: string, state: JsonObject, type: ExecutionType): void {
  if (type === 'EXPRESS') {
    refuse(name, 'ItemProcessor/ProcessorConfig', 'an Express state machine does not support distributed mode');
  }
  const { Label: label, ItemReader: reader, ResultWriter: writer } = state;
  if (
    label !== undefined &&
    (typeof label !== 'string' || !/^[^\s?*<>{}[\]:;,\\|^~$#%&`"\p{Cc}]{1,40}$/u.test(label))
  ) {
    refuse(name, 'Label', 'must have 1 to 40 characters, none of them special');
  }
  if (reader !== undefined) {
    if (state['Items'] !== undefined) refuse(name, 'Items', 'cannot be used with ItemReader');
    checkReader(name, object(reader, name, 'ItemReader'));
  }
  if (writer !== undefined) checkWriter(name, object(writer, name, 'ResultWriter'));
}

function checkReader(name: string, reader: JsonObject): void {
  onlyFields(reader, ['Resource', 'Arguments', 'ReaderConfig'], name, 'ItemReader/');
  const { Resource, ReaderConfig = {} } = reader;
  const [, action] = READERS.exec(typeof Resource === 'string' ? Resource : '') ?? [];
  if (action === undefined) refuse(name, 'ItemReader/Resource', 'must be s3:listObjectsV2 or s3:getObject');
  const config = object(ReaderConfig, name, 'ItemReader/ReaderConfig');
  onlyFields(
    config,
    action === 'getObject' ? ['InputType', 'MaxItems'] : ['MaxItems'],
    name,
    'ItemReader/ReaderConfig/',
  );
  if (action === 'getObject' && config['InputType'] !== 'JSON') {
    refuse(name, 'ItemReader/ReaderConfig/InputType', 'only JSON is supported');
  }
  checkNumber(config['MaxItems'], name, 'ItemReader/ReaderConfig/MaxItems', 1, 100_000_000);
}

function checkWriter(name: string, writer: JsonObject): void {
  onlyFields(writer, ['Resource', 'Arguments', 'WriterConfig'], name, 'ResultWriter/');
  const { Resource, WriterConfig } = writer;
  if (Resource === undefined && WriterConfig === undefined) {
    refuse(name, 'ResultWriter', 'needs a Resource or a WriterConfig');
  }
  if (Resource !== undefined && (typeof Resource !== 'string' || !WRITER.test(Resource))) {
    refuse(name, 'ResultWriter/Resource', 'must be s3:putObject');
  }
  const config = object(WriterConfig ?? {}, name, 'ResultWriter/WriterConfig');
  const at = 'ResultWriter/WriterConfig/';
  onlyFields(config, ['OutputType', 'Transformation'], name, at);
  const { OutputType = 'JSON', Transformation = 'NONE' } = config;
  if (OutputType !== 'JSON') refuse(name, `${at}OutputType`, 'only JSON is supported');
  if (!['NONE', 'COMPACT', 'FLATTEN'].includes(Transformation as string)) {
    refuse(name, `${at}Transformation`, 'must be NONE, COMPACT or FLATTEN');
  }
}

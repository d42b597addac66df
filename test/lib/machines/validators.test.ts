import { getLanguageService, TextDocument } from 'amazon-states-language-service';
import validate from 'asl-validator';
import { type Synthesized, synthesizedStack } from '../../synthesized';

// What the validators of others say of every machine. AWS's own is in the console and in the editors' toolkits.

let stack: Synthesized;
beforeAll(async () => {
  stack = await synthesizedStack();
}, 120_000);

const definitionOf = (machine: string) => structuredClone(stack.machines.get(machine)?.definition ?? {});

async function diagnostics(definition: object): Promise<string[]> {
  const service = getLanguageService({});
  const document = TextDocument.create('file:///machine.asl.json', 'json', 1, JSON.stringify(definition));
  const found = await service.doValidation(document, service.parseJSONDocument(document));
  return found.map(({ message }) => (typeof message === 'string' ? message : message.value));
}

const MACHINES = ['', '-fleet', '-recovery', '-weekly', '-check', '-sweep'].map((name) => `magnum-ha${name}`);

test('each machine is held against them', () => {
  expect([...stack.machines.keys()].sort()).toEqual([...MACHINES].sort());
});

test.each(MACHINES)('%s is valid for asl-validator', (machine) => {
  const { isValid, errorsText } = validate(definitionOf(machine));

  expect([isValid, errorsText('\n')]).toEqual([true, '']);
});

test.each(MACHINES)('%s is valid for amazon-states-language-service', async (machine) => {
  expect(await diagnostics(definitionOf(machine))).toEqual([]);
});

test('amazon-states-language-service finds a state that is not there', async () => {
  const definition = { ...definitionOf('magnum-ha-sweep'), StartAt: 'Nowhere' };

  expect(await diagnostics(definition)).toContain(
    'The value of "StartAt" property must be the name of an existing state.',
  );
});

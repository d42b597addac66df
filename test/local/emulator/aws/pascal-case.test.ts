import { inPascalCase } from '../../../../local/emulator/aws/pascal-case';

test('names begin with a capital and stand in order, also inside; lists and texts stay; nothing is left out', () => {
  const value = { status: 'RUNNING', inputDetails: { included: true }, list: ['a'], none: undefined, at: new Date(5) };

  const result = inPascalCase(value, (date) => date.getTime());

  expect(JSON.stringify(result)).toBe('{"At":5,"InputDetails":{"Included":true},"List":["a"],"Status":"RUNNING"}');
});

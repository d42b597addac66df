import { isBefore } from '../../../domain/site/versions';

it.each([
  ['1.5.18', '1.6', true],
  ['1.5-dev19', '1.5', true],
  ['1.5.0', '1.5', false],
  ['1.5', '1.5', false],
  ['1.10.1', '1.6', false],
  ['1.1.12', '1.1.16', true],
  ['1.1.16', '1.1.16', false],
  ['2.0.2', '2.0.3', true],
  ['2.1.5-a3f44794f94', '2.0.3', false],
  ['2.6.12-1+deb12u4', '1.7', false],
  ['3.0.0', '1.1.12', false],
  ['unknown', '1.6', false],
  ['', '1.6', false],
  [undefined, '1.6', false],
])('%s before %s: %s', (version, since, expected) => {
  expect(isBefore(version, since)).toBe(expected);
});

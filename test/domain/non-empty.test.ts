import { mapAll, type NonEmpty } from '../../domain/non-empty';

test.each<[NonEmpty<string>, NonEmpty<string>]>([
  [['a'], ['0a']],
  [
    ['a', 'b', 'c'],
    ['0a', '1b', '2c'],
  ],
])('mapping %j keeps order and number', (list, expected) => {
  const [first, ...others] = mapAll(list, (item, index) => `${index}${item}`);

  expect([first, ...others]).toEqual(expected);
});

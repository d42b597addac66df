import {
  parseAddress,
  parseNetwork,
  parsePorts,
  printAddress,
  printNetwork,
} from '../../../../domain/config/firewall/values';

const print = (text: string) => parseNetwork(text)?.map(([low, high]) => `${printAddress(low)}-${printAddress(high)}`);

describe('parseNetwork', () => {
  test.each([
    ['10.21.22.0/24', ['10.21.22.0-10.21.22.255']],
    ['10.21.22.77/24', ['10.21.22.0-10.21.22.255']],
    ['10.21.22.6', ['10.21.22.6-10.21.22.6']],
    ['10.0.0.0/255.0.0.0', ['10.0.0.0-10.255.255.255']],
    ['10/8', ['10.0.0.0-10.255.255.255']],
    ['10.1', ['10.1.0.0-10.1.0.0']],
    ['010.0x10.0.0/16', ['8.16.0.0-8.16.255.255']],
    ['0/0', ['0.0.0.0-255.255.255.255']],
    ['any/0', ['0.0.0.0-255.255.255.255']],
    ['10.0.0.1/255.255.255.253', ['10.0.0.1-10.0.0.1', '10.0.0.3-10.0.0.3']],
    ['10.0.4.0/255.255.254.0', ['10.0.4.0-10.0.5.255']],
    ['localhost', undefined],
    ['10.0.0.0/33', undefined],
    ['10.0.0.256', undefined],
  ])('%s', (text, ranges) => {
    expect(print(text)).toEqual(ranges);
  });

  test('a mask with many holes is understood within a network', () => {
    const odd = '10.0.0.1/255.0.0.1';
    const network = parseNetwork('10.21.22.0/30') ?? [];

    expect(parseNetwork(odd)).toBeUndefined();
    expect(parseNetwork(odd, network)).toEqual(
      [1, 3].map((last) => [(network[0]?.[0] ?? 0) + last, (network[0]?.[0] ?? 0) + last]),
    );
  });
});

test.each([
  ['10/8', '10.0.0.0/8'],
  ['10.21.22.77/255.255.255.0', '10.21.22.0/24'],
  ['0/0', '0.0.0.0/0'],
  ['10.0.0.1/255.255.255.253', '10.0.0.1/255.255.255.253'],
  ['host.example', 'host.example'],
])('printNetwork prints %s as iptables does', (text, printed) => {
  expect(printNetwork(text)).toBe(printed);
});

test.each([
  ['80', [[80, 80]]],
  ['1024:', [[1024, 65_535]]],
  [':1024', [[0, 1024]]],
  [
    '22,80:90,https',
    [
      [22, 22],
      [80, 90],
      [443, 443],
    ],
  ],
  ['0x2527', [[9511, 9511]]],
  ['nowhere', undefined],
  ['80,nowhere', undefined],
  ['65536', undefined],
])('parsePorts reads %s', (text, ports) => {
  expect(parsePorts(text)).toEqual(ports);
});

test('printAddress is the reverse of parseAddress', () => {
  for (const address of ['0.0.0.0', '10.21.22.6', '255.255.255.255']) {
    expect(printAddress(parseAddress(address) ?? -1)).toBe(address);
  }
});

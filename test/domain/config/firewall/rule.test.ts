import { isSame, joinWords, parseCommand, type Rule, splitWords } from '../../../../domain/config/firewall/rule';

/** The first rule of a line. */
function rule(line: string): Rule {
  const [first] = parseCommand(line, 0)?.rules ?? [];
  if (!first) throw new Error(`no rule: ${line}`);
  return first;
}

/** Its options as words. */
const options = (line: string) =>
  rule(line).options.map(({ name, negated, values }) => [negated ? '!' : '', name, ...values].join(' ').trim());

describe('splitWords', () => {
  test.each([
    ['-A  INPUT\t-j DROP ', ['-A', 'INPUT', '-j', 'DROP']],
    [String.raw`--comment "a \"b\" \\ 'c' #" -j X`, ['--comment', `a "b" \\ 'c' #`, '-j', 'X']],
    // As iptables-restore: a quote that closes ends the word.
    ['--comment a"b c"d', ['--comment', 'ab c', 'd']],
    ['--comment "" -j X', ['--comment', '', '-j', 'X']],
    ['--comment "not closed', ['--comment', 'not closed']],
    [String.raw`back\slash`, [String.raw`back\slash`]],
  ])('%s', (line, words) => {
    expect(splitWords(line)).toEqual(words);
  });

  test('joinWords is its reverse', () => {
    const words = ['-A', 'INPUT', '--comment', String.raw`a "b" \ c`, '', '!', '-s', '10.0.0.0/8'];

    expect(splitWords(joinWords(words))).toEqual(words);
  });
});

describe('parseCommand', () => {
  test.each([
    ['--source 10.0.0.0/8 --destination 10.0.0.1', ['-s 10.0.0.0/8', '-d 10.0.0.1']],
    ['--src 10.0.0.0/8 --dst 10.0.0.1', ['-s 10.0.0.0/8', '-d 10.0.0.1']],
    ['-s10.0.0.0/8 -p6 --dport=80', ['-s 10.0.0.0/8', '-p 6', '--dport 80']],
    // `--dest` is -d as long as nothing has loaded the match tcp; `--dpo` loads it.
    ['-p tcp --dest 10.0.0.1 --dpo 80', ['-d 10.0.0.1', '-p tcp', '--dport 80']],
    ['-p tcp --destination-port 80 --source-port 1024:', ['-p tcp', '--dport 80', '--sport 1024:']],
    ['-p tcp -m multiport --destination-ports 80,443', ['-p tcp', '-m multiport', '--dports 80,443']],
    ['--proto tcp --match tcp --sy', ['-p tcp', '-m tcp', '--syn']],
    ['-m state --state NEW', ['-m state', '--ctstate NEW']],
    ['! -s 10.0.0.0/8 ! --syn', ['! -s 10.0.0.0/8', '! --syn']],
    ['-s ! 10.0.0.0/8 -i ! lo --dport ! 80', ['! -s 10.0.0.0/8', '! -i lo', '! --dport 80']],
    ['-p tcp --tcp-flags ALL NONE ! -i eth0', ['-p tcp', '--tcp-flags ALL NONE', '! -i eth0']],
    ['-p tcp --syn ! -i lo', ['-p tcp', '--syn', '! -i lo']],
    ['-m recent --set --name X --rsource', ['-m recent', '--recent-set', '--name X', '--rsource']],
    ['-m set --match-set bad src,dst', ['-m set', '--match-set bad src,dst']],
    ['-m string --string "-s 10.0.0.1" --algo bm', ['-m string', '--string -s 10.0.0.1', '--algo bm']],
    ['-c 5 300 -i eth+', ['-i eth+']],
  ])('reads %s', (words, found) => {
    expect(options(`-A INPUT ${words} -j DROP`)).toEqual(found);
    expect(options(`-A INPUT -j DROP ${words}`)).toEqual(found);
  });

  test('tells options of the target from those of a match', () => {
    const reject = rule('-A INPUT -j REJECT --reject-with tcp-reset');
    const late = rule('-A INPUT -j LOGDROP -m limit --limit 5/min');

    expect([reject.options, reject.targetOptions.map(({ name }) => name)]).toEqual([[], ['--reject-with']]);
    expect(late.options.map(({ name }) => name)).toEqual(['-m', '--limit']);
  });

  test('keeps target and comment apart', () => {
    expect(rule('-A INPUT -m comment --comment "! -j DROP" -g chain')).toMatchObject({
      target: 'chain',
      goto: true,
      comment: '! -j DROP',
    });
    expect(rule('-A INPUT -p tcp')).not.toHaveProperty('target');
    expect(rule('-A INPUT -j CONTINUE')).not.toHaveProperty('target');
  });

  test('makes a rule of each pair of addresses', () => {
    const { rules = [] } = parseCommand('-A INPUT -s 10.0.0.1,10.0.0.2 -d 10.0.0.3,10.0.0.4 -j DROP', 7) ?? {};

    expect(rules.map((one) => one.options.map(({ values }) => values[0]).join(' '))).toEqual([
      '10.0.0.1 10.0.0.3',
      '10.0.0.1 10.0.0.4',
      '10.0.0.2 10.0.0.3',
      '10.0.0.2 10.0.0.4',
    ]);
    expect(rules.every(({ line }) => line === 7)).toBe(true);
  });

  test.each([
    ['-I INPUT -j DROP', { verb: '-I', chain: 'INPUT' }],
    ['-I INPUT 3 -j DROP', { verb: '-I', chain: 'INPUT', number: 3 }],
    ['--insert INPUT 3 -j DROP', { verb: '-I', chain: 'INPUT', number: 3 }],
    ['-D INPUT 2', { verb: '-D', chain: 'INPUT', number: 2 }],
    ['-R INPUT 2 -j DROP', { verb: '-R', chain: 'INPUT', number: 2 }],
    ['-P INPUT DROP', { verb: '-P', chain: 'INPUT', argument: 'DROP' }],
    ['-E old new', { verb: '-E', chain: 'old', argument: 'new' }],
    ['-N chain', { verb: '-N', chain: 'chain' }],
    ['-F', { verb: '-F' }],
    ['-p tcp -A INPUT -j DROP', { verb: '-A', chain: 'INPUT' }],
    ['-4 -A INPUT -j DROP', { verb: '-A', chain: 'INPUT' }],
  ])('understands %s', (line, command) => {
    expect(parseCommand(line, 0)).toMatchObject(command);
  });

  test.each(['-6 -A INPUT -j DROP', '-A INPUT -p ipv6-icmp -6 -j DROP', '', 'COMMIT'])('passes over %j', (line) => {
    expect(parseCommand(line, 0)).toBeUndefined();
  });
});

describe('isSame', () => {
  const ONE = '-A INPUT -s 10.0.0.0/8 -p tcp -m multiport --dports 9511 -j ACCEPT';

  test.each([
    '-A INPUT -p TCP -s 10/8 --dport 9511 -j ACCEPT',
    '-A INPUT -s 10.1.2.3/255.0.0.0 -d 0/0 -p 6 -m tcp --dport 9511 -j ACCEPT',
    '-I INPUT -m multiport -p tcp --destination-ports 0x2527 --jump ACCEPT --source 10.0.0.0/8',
  ])('takes %s for the same', (other) => {
    expect(isSame(rule(ONE), rule(other))).toBe(true);
  });

  test.each([
    ONE.replace('10.0.0.0/8', '10.0.0.0/9'),
    ONE.replace('9511', '9511,9512'),
    ONE.replace('ACCEPT', 'DROP'),
    ONE.replace('-s', '! -s'),
    ONE.replace('-p tcp', '-p tcp -i eth0'),
    ONE.replace('-p tcp', '-m comment --comment x -p tcp'),
  ])('tells %s apart', (other) => {
    expect(isSame(rule(ONE), rule(other))).toBe(false);
  });
});

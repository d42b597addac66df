import { CHARACTERS, characters, counted, length } from './lengths';
import haproxyKeywords from './haproxy-keywords.json';
import { TITLE } from './iptables';

/** What names of options and keywords look like. */
export const NAME = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/;

const KEYWORDS: ReadonlyMap<string, ReadonlySet<string>> = new Map(
  Object.entries(haproxyKeywords).map(([first, seconds]) => [first, new Set(seconds.split(' '))]),
);

/** A line of HAProxy's configuration as its keyword, of one word or two, and the length of the rest. */
export function haproxyLine(line: string): string {
  const text = line.trim();
  const indent = /^\s/.test(line) && text !== '' ? ' ' : '';
  if (text.startsWith('#')) return `${indent}${counted('#', text.slice(1))}`;
  const [, negation = '', rest = ''] = /^((?:no|default)\s+)?(.*)$/s.exec(text) ?? [];
  const [first = ''] = /^\S+/.exec(rest) ?? [];
  const seconds = KEYWORDS.get(first);
  if (!seconds) {
    // Nothing of it is known.
    const [unknown = ''] = /^\S+/.exec(text) ?? [];
    if (text === '' || NAME.test(unknown)) return indent + counted(text && '<keyword>', text.slice(unknown.length));
    return `${indent}<line of ${characters(text)}>`;
  }
  const after = rest.slice(first.length);
  // set-var(name) is a set-var.
  const [gap = '', second = ''] = /^\s+([a-z0-9._-]{1,64})(?![^\s(])/.exec(after) ?? [];
  const isKnown = second !== '' && seconds.has(second);
  const keyword = [negation.trim(), first, isKnown ? second : ''].filter((word) => word !== '').join(' ');
  return indent + counted(keyword, isKnown ? after.slice(gap.length) : after);
}

/** Options of iptables whose values are addresses, ports, names of interfaces, chains and states: how many each has. */
const PLAIN_OPTIONS: ReadonlyMap<string, number> = new Map(
  [
    '-f -4 -6 --fragment --ipv4 --ipv6 --syn --save-mark --restore-mark --physdev-is-bridged --rcheck --update --set ' +
      '--rsource --clamp-mss-to-pmtu --random',
    '-A -D -N -s -d -p -m -j -g -i -o --append --source --src --destination --dst --protocol --proto --match --jump --goto ' +
      '--in-interface --out-interface --sport --sports --source-port --source-ports --dport --dports --destination-port ' +
      '--destination-ports --port --ports --state --ctstate --ctproto --ctdir --reject-with --icmp-type --limit ' +
      '--limit-burst --src-range --dst-range --mark --set-mark --set-xmark --to-destination --to-source --to-ports ' +
      '--src-type --dst-type --uid-owner --gid-owner --mac-source --log-level --physdev-in --physdev-out --pkt-type ' +
      '--connlimit-above --connlimit-mask --seconds --hitcount --set-mss',
    '-I -R -P -c --insert --tcp-flags --match-set',
  ].flatMap((options, values) => options.split(' ').map((option) => [option, values] as const)),
);

/** Those whose values people have written. */
const TEXT_OPTIONS: ReadonlySet<string> = new Set(
  '--comment --string --hex-string --algo --log-prefix --nflog-prefix --ulog-prefix --name'.split(' '),
);

const OWN_COMMENT = new RegExp(`^${TITLE}( from [0-9./]{1,18})?$`);

/** A line of an iptables-save file with lengths in the place of what people may have written into it. */
export function ruleLine(line: string): string {
  const text = line.trim();
  if (text === '' || /^(\*[a-z]{1,16}|COMMIT|:[\w.-]{1,32} [A-Z-]{1,16}( \[\d{1,20}:\d{1,20}\])?)$/.test(text)) {
    return text;
  }
  if (text.startsWith('#')) return counted('#', text.slice(1));
  if (!/^(\[\d{1,20}:\d{1,20}\]\s*)?-/.test(text)) return `<line of ${characters(text)}>`;
  const told: string[] = [];
  let room = CHARACTERS;
  let [option, values] = ['', 0];
  for (const word of words(text)) {
    if (word.startsWith('-') && !(option === '--comment' && values === 0)) {
      [option = ''] = word.split('=', 1);
      values = 0;
      told.push(ruleOption(word, option));
    } else if (word === '!' || COUNTERS.test(word)) {
      told.push(word);
    } else {
      values++;
      told.push(ruleValue(word, option, values));
    }
    room -= told.at(-1)?.length ?? 0;
    if (room < 0) break;
  }
  return told.join(' ');
}

const COUNTERS = /^\[\d{1,20}:\d{1,20}\]$/;

function ruleOption(word: string, name: string): string {
  const told = PLAIN_OPTIONS.has(name) || TEXT_OPTIONS.has(name) ? name : '<option>';
  return name === word ? told : `${told}=${length(word.slice(name.length + 1))}`;
}

/** @param number of the values after this option */
function ruleValue(word: string, option: string, number: number): string {
  if (option === '--comment' && OWN_COMMENT.test(word)) return `"${word}"`;
  const isPlain = number <= (PLAIN_OPTIONS.get(option) ?? 0) && /^[A-Za-z0-9_.:/,+-]{1,64}$/.test(word);
  return isPlain ? word : length(word);
}

/** The words of a line, without the quotes around them. */
function* words(line: string): Generator<string> {
  let word: string | undefined;
  let quote = '';
  for (let index = 0; index < line.length; index++) {
    const character = line.charAt(index);
    if (quote === '' && (character === ' ' || character === '\t')) {
      if (word !== undefined) yield word;
      word = undefined;
    } else if (character === quote) {
      quote = '';
    } else if (quote === '' && (character === '"' || character === "'")) {
      quote = character;
      word ??= '';
    } else {
      if (character === '\\' && quote !== '') index++;
      word = (word ?? '') + line.charAt(index);
    }
  }
  if (word !== undefined) yield word;
}

import { dirname, join, resolve } from 'node:path';
import { inTheWay, type Listening } from '../commands/listening';
import type { Node } from '../commands/node';
import { sockets } from '../config/haproxy';
import { type HaproxySections, modeBefore, takes } from '../config/haproxy-sections';
import { howToFreePort } from '../controller/reach';
import type { Site } from '../site/document';
import type { Outcome } from '../ssh/command';
import type { Finding } from './finding';

/** What a controller's HAProxy says of its configuration, and what is in it. */
export interface HaproxyView {
  readonly node: Pick<Node, 'name' | 'commands' | 'failure'>;
  /** What `haproxy -c` came to. */
  readonly check: Outcome;
  readonly sections: HaproxySections;
  /** Files and directories that HAProxy was started with; none if it does not run, or nobody can tell. */
  readonly startedWith: readonly string[];
  /** What listens on the controller. */
  readonly listening: readonly Listening[];
}

/**
 * What in HAProxy's configuration keeps it from coming back, or Magnum's fragment from doing its work.
 *
 * @throws CommandFailed if HAProxy cannot be asked
 */
export function checkConfiguration(views: readonly HaproxyView[], site: Site): Finding[] {
  const { fragmentDirectory, fragment } = site.haproxy;
  const path = `${fragmentDirectory}/${fragment}`;
  return [
    ...views.flatMap(invalid),
    ...onWhich(views, ({ check }) => warningsOf(check, fragment)).map(({ what, where }): Finding => ({
      name: 'HAProxyConfigWarning',
      severity: 'warning',
      evidence: `haproxy -c on ${where} says of Magnum's fragment: ${what}`,
      remedy: 'Change what it names: the defaults section, as a rule.',
    })),
    ...addressTaken(views, site, path),
    ...directoryNotRead(views, site),
    ...portTaken(views, site),
    ...onWhich(views, ({ sections }) => {
      const mode = modeBefore(sections, path, site.haproxy);
      return mode === 'http' ? [] : [mode];
    }).map(({ what, where }): Finding => ({
      name: 'FragmentModeNotHttp',
      severity: 'warning',
      evidence: `The defaults section before ${path} has mode ${what} on ${where}: HAProxy passes half of the fragment over`,
      remedy: `Write "mode http" in the defaults section of ${site.haproxy.configFile}.`,
    })),
  ];
}

function invalid({ node, check }: HaproxyView): Finding[] {
  if (check.exitCode === 0) return [];
  const command = node.commands.validateHaproxy;
  if (check.exitCode !== 1) throw node.failure(command, check);
  return [
    {
      name: 'HAProxyConfigInvalid',
      severity: 'error',
      evidence: `HAProxy's configuration on ${node.name} is broken: HAProxy would not come back from a cycle`,
      remedy: `Mend what \`${command.argv.join(' ')}\` names there${places(check.stderr)}`,
    },
  ];
}

/** The places HAProxy complains about, without its words: they may quote a line, and a line may hold a password. */
function places(stderr: string): string {
  const found = new Set([...stderr.matchAll(/\[([^\]\s]+:\d+)\]/g)].map(([, place]) => place));
  return found.size > 0 ? `: ${[...found].slice(0, 5).join(', ')}` : '';
}

/** Warnings about our own fragment, in HAProxy's words: nothing that they could quote is a secret. */
function warningsOf({ stderr }: Outcome, fragment: string): string[] {
  return stderr.split('\n').flatMap((line) => {
    const [, said = ''] = /^\[WARNING\].*?\(\d+\) : (?:config : )?(.*)$/.exec(line) ?? [];
    return said.includes(`/${fragment}:`) || said.includes("proxy 'magnum-api'") ? [said.trim()] : [];
  });
}

/** Other sections that listen where Magnum's does: HAProxy would spread the requests over both. */
function addressTaken(views: readonly HaproxyView[], site: Site, own: string): Finding[] {
  return sockets(site).flatMap(({ address: host, port }) =>
    [true, 'unknown' as const].flatMap((answer) =>
      onWhich(views, ({ sections: { sections } }) =>
        sections
          .filter((one) => one.file !== own && takes(one, host, port) === answer)
          .map((one) => `${one.keyword} ${one.name} in ${one.file}`),
      ).map(({ what, where }): Finding => ({
        name: 'FragmentAddressTaken',
        severity: answer === true ? 'error' : 'warning',
        evidence: `${what} ${answer === true ? 'listens' : 'may listen'} at ${host}:${port}, Magnum's own address, on ${where}`,
        remedy: 'Take that section out, or give it another port: HAProxy would spread the requests over both sections.',
      })),
    ),
  );
}

/** HAProxy as it was started reads its main file, but not the fragments. */
function directoryNotRead(views: readonly HaproxyView[], { haproxy }: Site): Finding[] {
  const directory = resolve(haproxy.fragmentDirectory);
  return onWhich(views, ({ startedWith, sections: { includes } }) => {
    const isRead =
      startedWith.length === 0 ||
      [directory, join(directory, haproxy.fragment)].some((path) => startedWith.includes(path)) ||
      includes.some((pattern) => dirname(pattern) === directory);
    return isRead ? [] : [startedWith.join(' and ')];
  }).map(({ what, where }) => ({
    name: 'FragmentDirectoryNotRead',
    severity: 'error',
    evidence: `HAProxy was started with ${what}, and not with ${directory}, on ${where}: it would not read Magnum's fragment`,
    remedy:
      `Let it be started with -f ${directory} too (Debian: EXTRAOPTS="-f ${directory}" in /etc/default/haproxy), or set ` +
      `haproxy.fragmentDirectory to where it reads fragments.`,
  }));
}

/** What would keep HAProxy from its address, unless the restart of Magnum's services ends it. */
function portTaken(views: readonly HaproxyView[], site: Site): Finding[] {
  const { apiPort } = site.magnum;
  return sockets(site).flatMap(({ address, port }) =>
    onWhich(views, ({ listening }) => {
      const taker = inTheWay(listening, address, port);
      const willMove = port === apiPort && READS_MAGNUM_CONF.test(taker?.program ?? '');
      return !taker || willMove ? [] : [taker.program ?? 'Something'];
    }).map(({ what, where }): Finding => ({
      name: 'ApiPortTaken',
      severity: 'error',
      evidence:
        `${what} listens on port ${port} of every address on ${where}: HAProxy could not listen at ${address}:${port} there, ` +
        'and none of what is behind it would come back from a cycle',
      remedy: `${howToFreePort(site, port, 'ADDRESS')}. See with: ss -ltnp`,
    })),
  );
}

/** Magnum's API as its own program listens where magnum.conf says, once it is restarted. */
const READS_MAGNUM_CONF = /^(magnum-api|python[\d.]*)$/;

/** What is found on controllers, each once, and the names of those on which it is. */
function onWhich(
  views: readonly HaproxyView[],
  look: (view: HaproxyView) => readonly string[],
): { readonly what: string; readonly where: string }[] {
  const found = new Map<string, string[]>();
  for (const view of views) {
    for (const what of new Set(look(view))) found.set(what, [...(found.get(what) ?? []), view.node.name]);
  }
  return [...found].map(([what, names]) => ({ what, where: names.join(', ') }));
}

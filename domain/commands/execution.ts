import { basename, dirname, join } from 'node:path';
import { sha256 } from '../canonical';
import type { Site } from '../site/document';
import type { Command } from '../ssh/command';
import type { Platform } from './platform';

/** In place of an execution's ID: any. Such a command is for a sudoers file, not to be run. */
export const ANY_EXECUTION = '{execution}';
/** Characters of an execution's ID, each a hexadecimal digit. */
export const EXECUTION_DIGITS = 16;

/** What stands for an execution in the names of files: always as long, so that a sudoers file can say what it is made of. */
export function executionId(arn: string): string {
  return sha256(arn).slice(0, EXECUTION_DIGITS);
}

/**
 * Where executions keep what they stage, and what was there before. Only root can write there: in the directories of managed
 * files others may, as Magnum's user in /etc/magnum on Debian, and a link of theirs would lead root's writing elsewhere.
 */
export const KEPT_IN = '/etc/magnum-ha';

/** Numbers of owner and group, and the mode, as stat(1) prints them. */
export const ACCESS = '%u:%g %a';

/** What is done in the directory of one execution. @param id see `executionId` */
export function executionCommands(site: Site, platform: Platform, id: string) {
  const { haproxy, magnum } = site;
  const directory = join(KEPT_IN, id);
  const staged = join(directory, 'staged');
  const placed = join(directory, 'placed');
  /** A copy of HAProxy's whole configuration in which the staged fragment is validated. */
  const tree = join(staged, 'haproxy');
  const fragments = join(tree, basename(haproxy.fragmentDirectory));
  const magnumConf = join(staged, 'magnum.conf');
  const fragment = join(haproxy.fragmentDirectory, haproxy.fragment);
  const file = (name: string, path: string, stagedPath: string, like = path) => ({
    /** The new file, until it is put in place. */
    staged: staging(stagedPath, path, like),
    /** The file that was there before. */
    before: keeping(join(directory, 'before', name), path),
  });
  return {
    /** Makes the directories that are not there, for root only. */
    make: root('mkdir', '-p', '-m', '0700', KEPT_IN, directory, staged, join(directory, 'before'), placed),
    /** Exit 1 where there is none: nothing was staged, or all of it is undone. */
    present: root('stat', '-c', ACCESS, directory),
    /** Takes away what was staged, and leaves what was kept. */
    discard: root('rm', '-rf', staged),
    /** Takes all of it away. */
    forget: root('rm', '-rf', directory),
    placed: {
      magnumConf: copying(join(placed, 'magnum.conf'), magnum.configFile),
      fragment: copying(join(placed, 'fragment'), fragment),
      rules: copying(join(placed, 'rules'), site.persistentRules),
      /** The execution's ARN. It is written last: what has none is not whole. */
      execution: {
        fill: root('dd', `of=${join(placed, 'execution')}`, 'conv=fsync', 'status=none'),
        read: root('cat', join(placed, 'execution')),
      },
      /** What the execution put in place is not in place any more. */
      disown: root('rm', '-rf', placed),
    },
    files: {
      magnumConf: file('magnum.conf', magnum.configFile, magnumConf),
      fragment: file('fragment', fragment, join(fragments, haproxy.fragment), haproxy.configFile),
      rules: file('rules', site.persistentRules, join(staged, 'rules')),
    },
    /** Gives the staged magnum.conf to the group that its directory is of, and to nobody else. */
    groupMagnumConf: root('chgrp', `--reference=${dirname(magnum.configFile)}`, magnumConf),
    /** Magnum's own parser reads the staged file; nothing is started. */
    validateMagnumConf: {
      argv: ['magnum-conductor', '--config-file', magnumConf, '--version'],
      root: true,
      timeoutSeconds: 60,
    },
    makeTree: root('mkdir', tree),
    // Contents, not links: through one to the directory what is staged would be what is in use.
    copyTree: root('cp', '-aL', haproxy.configFile, haproxy.fragmentDirectory, tree),
    /** HAProxy's own parser reads the copy, with the staged fragment in it. */
    validateTree: haproxyCheck(site, platform, tree, fragments),
  };
}

/** Of a file that is made, and put in place in one rename. */
function staging(own: string, path: string, like: string) {
  return {
    ...lying(own, path),
    /** Makes it from its input, and waits for the disk. There must be none: what comes late changes nothing. */
    fill: root('dd', `of=${own}`, 'conv=excl,fsync', 'status=none'),
    own: root('chown', `--reference=${like}`, own),
    mode: root('chmod', `--reference=${like}`, own),
    /** Nobody but its owner and its group may do anything with it. */
    close: root('chmod', 'o=', own),
    openToGroup: root('chmod', 'g+r', own),
    /** It counts as modified when the file in place was. */
    sameTime: root('touch', `--reference=${path}`, own),
  };
}

/** Of a file that is kept. Links are not followed: whoever owns the directory could make one. */
function keeping(own: string, path: string) {
  return {
    ...lying(own, path),
    fill: root('dd', `if=${path}`, `of=${own}`, 'iflag=nofollow', 'conv=excl,fsync', 'status=none'),
    own: root('chown', `--reference=${path}`, own),
    mode: root('chmod', `--reference=${path}`, own),
  };
}

/** Of a copy that only tells what was in place. Links are not followed. */
function copying(own: string, path: string) {
  return {
    fill: root('dd', `if=${path}`, `of=${own}`, 'iflag=nofollow', 'conv=fsync', 'status=none'),
    read: root('cat', own),
  };
}

/** Of a file in the directory of an execution, for a path at which a managed file belongs. */
function lying(own: string, path: string) {
  return {
    path: own,
    clear: root('rm', '-f', own),
    digest: root('sha256sum', own),
    access: root('stat', '-c', ACCESS, own),
    /** It counts as modified now: what has started before has not read it. */
    touch: root('touch', own),
    /** Puts it in place, in one rename. */
    install: root('mv', '-fT', own, path),
  };
}

/** HAProxy's own parser reads a configuration. @param directory of its main file. @param fragments the directory of these */
export function haproxyCheck({ haproxy }: Site, platform: Platform, directory: string, fragments: string): Command {
  const main = basename(haproxy.configFile);
  if (platform.include === 'statement') return root('haproxy', '-C', directory, '-c', '-f', main);
  const named = (path: string) =>
    dirname(path) === haproxy.fragmentDirectory ? join(fragments, basename(path)) : path;
  const further = platform.include === 'files' ? (platform.fragments ?? []).map(named) : [fragments];
  return root('haproxy', '-c', ...[join(directory, main), ...further].flatMap((path) => ['-f', path]));
}

function root(...argv: string[]): Command {
  return { argv, root: true, timeoutSeconds: 20 };
}

export type ExecutionCommands = ReturnType<typeof executionCommands>;

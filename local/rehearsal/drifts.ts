import { TITLE } from '../../domain/config/iptables';
import { initialFiles } from '../simulated-site/initial-files';
import type { SimulatedSite } from '../simulated-site';
import type { SimulatedController } from '../simulated-site/controller';
import { ROOT } from '../simulated-site/filesystem';
import { RehearsalImpossible, type Incidents } from './incident';

/** By name, how a site drifts from its document once it is as wanted: what others do to it. */
export const DRIFTS: Incidents = {
  'magnum.conf': {
    summary: 'a managed option is edited: [api] host',
    on: 'controller',
    happen: ({ document }, controller) => {
      edit(controller, document.magnum.configFile, (text) =>
        text.replace(/(\n\[api\]\n[^[]*?\nhost *= *)\S+/, (_, before) => `${String(before)}0.0.0.0`),
      );
    },
  },
  'foreign-option': {
    summary: 'an option that is not managed is added: debug',
    on: 'controller',
    happen: ({ document }, controller) => {
      edit(controller, document.magnum.configFile, (text) => text.replace('[DEFAULT]\n', '[DEFAULT]\ndebug = true\n'));
    },
  },
  'package-upgrade': {
    summary: "magnum.conf is replaced by the package's, mode too",
    on: 'controller',
    happen: ({ document }, controller) => {
      const { configFile } = document.magnum;
      const one = document.controllers.find(({ name }) => name === controller.name) ?? document.controllers[0];
      const ofPackage = initialFiles(document, one, controller.generation).find(({ path }) => path === configFile);
      edit(controller, configFile, () => ofPackage?.content ?? '');
      controller.files.setMode(configFile, 0o644, ROOT);
    },
  },
  'magnum.conf-mode': {
    summary: 'magnum.conf can be read by everybody',
    on: 'controller',
    happen: ({ document }, controller) => {
      controller.files.setMode(document.magnum.configFile, 0o644, ROOT);
    },
  },
  'haproxy-fragment': {
    summary: "HAProxy's fragment is edited: a comment",
    on: 'controller',
    happen: (site, controller) => {
      edit(controller, fragmentOf(site), (text) => `# balanced by hand\n${text}`);
    },
  },
  'haproxy-fragment-deleted': {
    summary: "HAProxy's fragment is deleted",
    on: 'controller',
    happen: (site, controller) => {
      if (!controller.files.files.delete(fragmentOf(site))) missing(controller, fragmentOf(site));
    },
  },
  'rules-file': {
    summary: "Magnum's rule is taken out of the firewall's file",
    on: 'controller',
    happen: ({ document }, controller) => {
      edit(controller, document.persistentRules, (text) => withoutRule(text));
    },
  },
  'firewall-rule-deleted': {
    summary: "Magnum's rule is taken out of the firewall",
    on: 'controller',
    happen: (_, controller) => {
      takeRule(controller);
    },
  },
  'firewall-rule-misplaced': {
    summary: "Magnum's rule is moved behind the one that drops",
    on: 'controller',
    happen: (_, controller) => {
      controller.input.rules.push(takeRule(controller));
    },
  },
  'magnum-api-stopped': {
    summary: 'the Magnum API is stopped',
    on: 'controller',
    happen: ({ document }, controller) => {
      controller.services.get(document.magnum.apiService)?.stop();
    },
  },
  'magnum-conductor-stopped': {
    summary: "Magnum's conductor is stopped",
    on: 'controller',
    happen: ({ document }, controller) => {
      controller.services.get(document.magnum.conductorService)?.stop();
    },
  },
  'haproxy-dead': {
    summary: 'HAProxy dies, and pacemaker has not seen it yet',
    on: 'controller',
    happen: ({ faults }, { name }) => {
      faults.haproxyDies(name);
    },
  },
  'haproxy-disabled': {
    summary: 'HAProxy is disabled in pacemaker, and left so',
    on: 'site',
    happen: ({ document: { controllers, haproxy }, pacemaker }) => {
      pacemaker.setDisabled(controllers[0].name, haproxy.resource, true);
    },
  },
  'cluster-deleted': {
    summary: 'the Magnum clusters are deleted',
    on: 'site',
    happen: ({ openstack }) => {
      if (openstack.clusters.splice(0).length === 0)
        throw new RehearsalImpossible('There is no Magnum cluster to delete.');
    },
  },
};

function fragmentOf({ document: { haproxy } }: SimulatedSite): string {
  return `${haproxy.fragmentDirectory}/${haproxy.fragment}`;
}

/** @throws RehearsalImpossible if there is no such file, or the edit finds nothing in it */
function edit({ name, files }: SimulatedController, path: string, change: (text: string) => string): void {
  const before = files.files.get(path)?.content;
  const after = before === undefined ? undefined : change(before);
  if (after === undefined || after === before)
    throw new RehearsalImpossible(`${path} on ${name} has nothing to edit so.`);
  files.write(path, after);
}

function withoutRule(text: string): string {
  return text
    .split('\n')
    .filter((line) => !line.includes(TITLE))
    .join('\n');
}

/** @throws RehearsalImpossible if there is none */
function takeRule({ name, input }: SimulatedController) {
  const at = input.rules.findIndex((rule) => JSON.stringify(rule).includes(TITLE));
  const [rule] = at < 0 ? [] : input.rules.splice(at, 1);
  if (!rule) throw new RehearsalImpossible(`${name} has no firewall rule for the Magnum API.`);
  return rule;
}

function missing({ name }: SimulatedController, path: string): never {
  throw new RehearsalImpossible(`${path} is not on ${name}.`);
}

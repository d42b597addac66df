import { BlockList, isIPv4 } from 'node:net';
import * as z from 'zod';
import { isNetwork, type Problem } from './document';
import { holdsSecret, namesSecret, showsSecret } from './option-names';
import { atLeast, RELEASES } from './releases';

const text = z.string().optional().catch(undefined);
const flag = z.boolean().optional().catch(undefined);
const whole = z.number().optional().catch(undefined);

/** As much of a site document as the checks below read; whatever is malformed counts as absent, its own problem tells. */
const readable = z.object({
  release: z.enum(RELEASES).optional().catch(undefined),
  virtualIp: text,
  managementNetwork: text,
  ssh: z.object({ user: text, sudo: flag }).catch({}),
  controllers: z.array(z.object({ name: text, address: text }).catch({})).catch([]),
  magnum: z
    .object({
      defaultDockerVolumeType: text,
      rabbit: z.object({ queues: text }).catch({}),
      extraOptions: z.record(z.string(), z.record(z.string(), z.unknown()).catch({})).catch({}),
    })
    .catch({ rabbit: {}, extraOptions: {} }),
  clusterTemplates: z
    .array(
      z
        .object({ name: text, masterLbEnabled: flag, labels: z.record(z.string(), z.unknown()).catch({}) })
        .catch({ labels: {} }),
    )
    .catch([]),
  clusters: z.array(z.object({ name: text, clusterTemplate: text, managers: whole }).catch({})).catch([]),
});

/** What is wrong between the fields of a site document, also when some of its fields are malformed themselves. */
export function inconsistencies(document: unknown): Problem[] {
  const parsed = readable.safeParse(document);
  if (!parsed.success) return [];
  const site = parsed.data;
  return [
    ...addresses(site),
    ...duplicates('controllers', site.controllers),
    ...duplicates('clusterTemplates', site.clusterTemplates),
    ...duplicates('clusters', site.clusters),
    ...privilege(site),
    ...releases(site),
    ...clusters(site),
    ...clearSecrets(site),
  ];
}

type Readable = z.infer<typeof readable>;

function addresses({ virtualIp, managementNetwork, controllers }: Readable): Problem[] {
  const all = [
    ...controllers.map(({ address }, index) => ({ path: `controllers.${index}.address`, address })),
    { path: 'virtualIp', address: virtualIp },
  ];
  const network =
    managementNetwork !== undefined && isNetwork(managementNetwork) ? subnet(managementNetwork) : undefined;
  return all.flatMap(({ path, address }, index): Problem[] => {
    if (address === undefined || !isIPv4(address)) return [];
    const problems: Problem[] = [];
    if (all.findIndex((one) => one.address === address) < index) {
      problems.push({ path, name: 'DuplicateAddress', message: `${address} is the address of another controller` });
    }
    if (network && !network.check(address)) {
      const message = `${address} is outside the management network ${managementNetwork ?? ''}`;
      problems.push({ path, name: 'AddressOutsideManagementNetwork', message });
    }
    return problems;
  });
}

function duplicates(field: string, items: { name?: string | undefined }[]): Problem[] {
  return items.flatMap(({ name }, index): Problem[] =>
    name !== undefined && items.findIndex((one) => one.name === name) < index
      ? [{ path: `${field}.${index}.name`, name: 'DuplicateName', message: `another of ${field} is named ${name}` }]
      : [],
  );
}

function privilege({ ssh }: Readable): Problem[] {
  if (ssh.user === undefined || ssh.user === 'root' || ssh.sudo === true) return [];
  const message = `must be true for the user ${ssh.user}: only root does without`;
  return [{ path: 'ssh.sudo', name: 'BadValue', message }];
}

function releases({ release, magnum }: Readable): Problem[] {
  const problems: Problem[] = [];
  if (release && magnum.rabbit.queues === 'quorum' && !atLeast(release, 'yoga')) {
    const message = 'quorum queues need oslo.messaging 12.13 (Yoga)';
    problems.push({ path: 'magnum.rabbit.queues', name: 'NotInRelease', message });
  }
  if (release && magnum.defaultDockerVolumeType !== undefined && !atLeast(release, 'pike')) {
    const message = '[cinder] default_docker_volume_type came with Pike';
    problems.push({ path: 'magnum.defaultDockerVolumeType', name: 'NotInRelease', message });
  }
  return problems;
}

function clusters({ release, clusterTemplates, clusters: wanted }: Readable): Problem[] {
  return wanted.flatMap(({ clusterTemplate, managers = 1 }, index): Problem[] => {
    if (clusterTemplate === undefined) return [];
    const template = clusterTemplates.find(({ name }) => name === clusterTemplate);
    if (!template) {
      const message = `no template of clusterTemplates is named ${clusterTemplate}`;
      return [{ path: `clusters.${index}.clusterTemplate`, name: 'UnknownClusterTemplate', message }];
    }
    // Magnum refuses it from 4.1.4 (Ocata) on.
    if (managers <= 1 || template.masterLbEnabled === true || (release && !atLeast(release, 'ocata'))) return [];
    const message = `${managers} managers need "masterLbEnabled": true in the template ${clusterTemplate}; Magnum refuses them otherwise`;
    return [{ path: `clusters.${index}.managers`, name: 'ManagersWithoutLoadBalancer', message }];
  });
}

function clearSecrets({ magnum, clusterTemplates }: Readable): Problem[] {
  const name = 'SecretInClear';
  const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';
  return [
    ...Object.entries(magnum.extraOptions).flatMap(([section, options]) =>
      Object.entries(options)
        .filter(([option, value]) => isText(value) && (holdsSecret(section, option) || showsSecret(value)))
        .map(([option]): Problem => {
          const message =
            'must be a reference {"ssm": "/name"} to an SSM parameter that has the whole value, never the secret itself';
          return { path: `magnum.extraOptions.${section}.${option}`, name, message };
        }),
    ),
    ...clusterTemplates.flatMap(({ labels }, index) =>
      Object.entries(labels)
        .filter(([label, value]) => isText(value) && (namesSecret(label) || showsSecret(value)))
        .map(([label]): Problem => {
          const message = 'must not hold a secret: Magnum shows labels to everyone in the project';
          return { path: `clusterTemplates.${index}.labels.${label}`, name, message };
        }),
    ),
  ];
}

function subnet(cidr: string): BlockList {
  const [base = '', prefix = ''] = cidr.split('/');
  const list = new BlockList();
  list.addSubnet(base, Number(prefix));
  return list;
}

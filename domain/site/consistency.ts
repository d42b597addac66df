import { BlockList, isIPv4 } from 'node:net';
import * as z from 'zod';
import { isNetwork } from './fields';
import type { Problem } from './problems';
import { holdsSecret, namesSecret, showsSecret } from './option-names';
import { atLeast, type Release, RELEASES } from './releases';

const text = z.string().optional().catch(undefined);
const flag = z.boolean().optional().catch(undefined);
const whole = z.number().optional().catch(undefined);

/** As much of a site document as the checks below read; whatever is malformed counts as absent, because the schema reports it. */
const readable = z.object({
  release: z.enum(RELEASES).optional().catch(undefined),
  virtualIp: text,
  managementNetwork: text,
  ssh: z.object({ user: text, sudo: flag }).catch({}),
  haproxy: z
    .object({
      publicVip: z.object({ address: text, port: whole, certificate: text }).optional().catch(undefined),
      stopTimeoutSeconds: whole,
      deadManSeconds: whole,
    })
    .catch({}),
  ca: z.object({ file: text }).catch({}),
  controllers: z.array(z.object({ name: text, address: text }).catch({})).catch([]),
  magnum: z
    .object({
      apiPort: whole,
      defaultDockerVolumeType: text,
      rabbit: z.object({ queues: text }).catch({}),
      database: z.object({ tls: flag }).catch({}),
      trust: z.object({ keystoneRegion: text }).catch({}),
      clients: z.record(z.string(), z.object({ endpointInterface: text }).catch({})).catch({}),
      extraOptions: z.record(z.string(), z.record(z.string(), z.unknown()).catch({})).catch({}),
    })
    .catch({ rabbit: {}, database: {}, trust: {}, clients: {}, extraOptions: {} }),
  clusterTemplates: z
    .array(
      z
        .object({ name: text, masterLbEnabled: flag, labels: z.record(z.string(), z.unknown()).catch({}) })
        .catch({ labels: {} }),
    )
    .catch([]),
  clusters: z.array(z.object({ name: text, clusterTemplate: text, managers: whole }).catch({})).catch([]),
  changeWindow: z.unknown().optional(),
  onDrift: z.record(z.string(), z.unknown()).catch({}),
  waivers: z.array(z.object({ controllers: z.array(text).catch([]) }).catch({ controllers: [] })).catch([]),
});

/** What is wrong between the fields of a site document, also when some of its fields are malformed themselves. */
export function inconsistencies(document: unknown): Problem[] {
  const parsed = readable.safeParse(document);
  if (!parsed.success) return [];
  const site = parsed.data;
  return [
    ...addresses(site),
    ...publicVip(site),
    ...deadMan(site),
    ...duplicates('controllers', site.controllers),
    ...duplicates('clusterTemplates', site.clusterTemplates),
    ...duplicates('clusters', site.clusters),
    ...privilege(site),
    ...releases(site),
    ...tls(site),
    ...clusters(site),
    ...waivers(site),
    ...onDrift(site),
    ...clearSecrets(site),
  ];
}

type Readable = z.infer<typeof readable>;

function addresses({ virtualIp, managementNetwork, controllers }: Readable): Problem[] {
  const all = [
    ...controllers.map(({ name, address }, index) => ({ path: `controllers.${index}.address`, name, address })),
    { path: 'virtualIp', name: undefined, address: virtualIp },
  ];
  const network =
    managementNetwork !== undefined && isNetwork(managementNetwork) ? subnet(managementNetwork) : undefined;
  return all.flatMap(({ path, address }, index): Problem[] => {
    if (address === undefined || !isIPv4(address)) return [];
    const problems: Problem[] = [];
    const first = all.slice(0, index).find((one) => one.address === address);
    if (first) {
      const message = `same address as ${first.name ?? first.path.replace('.address', '')}`;
      problems.push({ path, name: 'DuplicateAddress', message });
    }
    if (network && !network.check(address)) {
      const message = `${address} is outside the management network ${managementNetwork ?? ''}`;
      problems.push({ path, name: 'AddressOutsideManagementNetwork', message });
    }
    return problems;
  });
}

/** HAProxy cannot listen on an address and port twice, nor where a controller's own API does. */
function publicVip({ virtualIp, controllers, haproxy, magnum }: Readable): Problem[] {
  const { address, port } = haproxy.publicVip ?? {};
  const apiPort = magnum.apiPort ?? 9511;
  if (address === undefined || (port ?? apiPort) !== apiPort) return [];
  const other = controllers.find((one) => one.address === address);
  const whose = other ? `${other.name ?? 'a controller'}, where its own API listens` : 'the management VIP';
  if (!other && address !== virtualIp) return [];
  const message = `port ${apiPort} of ${address} is taken by ${whose}: choose another address or port`;
  return [{ path: 'haproxy.publicVip.address', name: 'DuplicateAddress', message }];
}

/** Pacemaker must not start HAProxy again while it is still waited for that it stops. */
function deadMan({ haproxy: { stopTimeoutSeconds = 120, deadManSeconds = 180 } }: Readable): Problem[] {
  if (deadManSeconds > stopTimeoutSeconds) return [];
  const message = `${deadManSeconds} must be more than haproxy.stopTimeoutSeconds, ${stopTimeoutSeconds}`;
  return [{ path: 'haproxy.deadManSeconds', name: 'BadValue', message }];
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
  if (!release) return [];
  const needs: [path: string, wanted: boolean, since: Release, why: string][] = [
    ['rabbit.queues', magnum.rabbit.queues === 'quorum', 'yoga', 'quorum queues need oslo.messaging 12.13 (Yoga)'],
    [
      'defaultDockerVolumeType',
      magnum.defaultDockerVolumeType !== undefined,
      'pike',
      '[cinder] default_docker_volume_type came with Pike',
    ],
    [
      'trust.keystoneRegion',
      magnum.trust.keystoneRegion !== undefined,
      'rocky',
      '[trust] trustee_keystone_region_name came with Rocky (7.0.0)',
    ],
    [
      'clients.cinder.endpointInterface',
      magnum.clients['cinder']?.endpointInterface !== undefined,
      'train',
      '[cinder_client] endpoint_type came with Train (9.0.0)',
    ],
    ['clients.octavia', magnum.clients['octavia'] !== undefined, 'stein', '[octavia_client] came with Stein (8.0.0)'],
  ];
  return needs.flatMap(([path, wanted, since, message]): Problem[] =>
    wanted && !atLeast(release, since) ? [{ path: `magnum.${path}`, name: 'NotInRelease', message }] : [],
  );
}

function tls({ ca, magnum }: Readable): Problem[] {
  if (magnum.database.tls !== true || ca.file !== undefined) return [];
  const message = 'is missing: magnum.database.tls needs a file of CA certificates on the controllers';
  return [{ path: 'ca.file', name: 'MissingField', message }];
}

function clusters({ release, clusterTemplates, clusters: wanted }: Readable): Problem[] {
  return wanted.flatMap(({ clusterTemplate, managers = 1 }, index): Problem[] => {
    if (clusterTemplate === undefined) return [];
    const template = clusterTemplates.find(({ name }) => name === clusterTemplate);
    if (!template) {
      const message = `no template of clusterTemplates is named ${clusterTemplate}`;
      return [{ path: `clusters.${index}.clusterTemplate`, name: 'UnknownClusterTemplate', message }];
    }
    // Newton's Magnum refuses it too, but the guide's own document, of Newton, has it: there a finding reports it.
    if (managers <= 1 || template.masterLbEnabled === true || (release && !atLeast(release, 'ocata'))) return [];
    const message = `${managers} managers need "masterLbEnabled": true in the template ${clusterTemplate}; Magnum refuses them otherwise`;
    return [{ path: `clusters.${index}.managers`, name: 'ManagersWithoutLoadBalancer', message }];
  });
}

/** A waiver of a controller that does not exist would accept nothing, and nobody would know. */
function waivers({ waivers: all, controllers }: Readable): Problem[] {
  const names = controllers.map(({ name }) => name);
  return all.flatMap((waiver, index) =>
    waiver.controllers.flatMap((name, position): Problem[] =>
      name === undefined || names.includes(name)
        ? []
        : [
            {
              path: `waivers.${index}.controllers.${position}`,
              name: 'BadValue',
              message: 'no controller has this name',
            },
          ],
    ),
  );
}

function onDrift({ onDrift: policies, changeWindow }: Readable): Problem[] {
  const [kind] = Object.entries(policies).find(([, policy]) => policy === 'mend in window') ?? [];
  if (kind === undefined || changeWindow !== undefined) return [];
  const message = `is missing: onDrift mends "${kind}" while it is open`;
  return [{ path: 'changeWindow', name: 'MissingField', message }];
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

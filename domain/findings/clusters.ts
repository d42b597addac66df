import type { ClusterTemplate, Site } from '../site/document';
import { atLeast, type Release } from '../site/releases';
import type { Finding } from './finding';
import { extraOption, isTrue } from '../config/options';

/** What will go wrong with the site's templates and clusters. */
export function clusterFindings(site: Site, installed: Release): Finding[] {
  const templates = site.clusterTemplates.flatMap((template) => templateFindings(site, template, installed));
  return [...templates, ...managers(site), ...workers(site, installed)];
}

function templateFindings(site: Site, template: ClusterTemplate, installed: Release): Finding[] {
  return [
    ...coe(installed, template),
    ...distro(template),
    ...volumeType(site, template, installed),
    ...subnet(template),
    ...drivers(template, installed),
    ...userTrust(site, template, installed),
    ...cloudProvider(template, installed),
  ];
}

/** In which releases Magnum has a driver for it; source: magnum/drivers of 3.0.0 to 18.0.0. */
const COES: Readonly<Record<ClusterTemplate['coe'], { since?: Release; deprecated?: Release; removed?: Release }>> = {
  'swarm-mode': { since: 'pike', deprecated: '2023.2', removed: '2024.1' },
  swarm: { deprecated: '2023.2', removed: '2024.1' },
  // Its driver went with 2023.1, but the API refuses it since Zed (15.0.1).
  mesos: { removed: 'zed' },
  kubernetes: {},
  // Only ever a contributed driver, which installs apart.
  dcos: {},
};

function coe(release: Release, { name, coe }: ClusterTemplate): Finding[] {
  const { since, deprecated, removed } = COES[coe];
  const evidence = `template ${name} is of coe ${coe}, the release is ${release}`;
  if (since && !atLeast(release, since)) {
    const remedy = `Upgrade to ${since} or later, which brought ${coe}, or choose another coe: Magnum answers 400.`;
    return [{ name: 'CoeNotYetInRelease', severity: 'error', evidence, remedy }];
  }
  if (removed && atLeast(release, removed)) {
    const remedy = `Choose another coe: Magnum has had no driver for ${coe} since ${removed}.`;
    return [{ name: 'CoeRemoved', severity: 'error', evidence, remedy }];
  }
  if (deprecated && atLeast(release, deprecated)) {
    const remedy = `Plan for another coe: ${coe} is deprecated since ${deprecated}${removed ? `, gone from ${removed}` : ''}.`;
    return [{ name: 'CoeDeprecated', severity: 'warning', evidence, remedy }];
  }
  return [];
}

/** Only a hint: what counts is the image's property, which the document does not hold. */
function distro({ name, coe, imageId }: ClusterTemplate): Finding[] {
  const other = /ubuntu|xenial|bionic|focal|jammy|trusty|debian|centos|rhel|suse|cirros|coreos/i.exec(imageId)?.[0];
  if (!coe.startsWith('swarm') || other === undefined) return [];
  return [
    {
      name: 'ImageDistroDoubtful',
      severity: 'warning',
      evidence: `template ${name} is of coe ${coe} with the image ${imageId}, which sounds like ${other}`,
      remedy: 'Use an image whose property os_distro is fedora-atomic: Magnum has no other driver for it (400).',
    },
  ];
}

function volumeType(site: Site, { name, coe, dockerVolumeSize, labels }: ClusterTemplate, release: Release): Finding[] {
  const { magnum } = site;
  // Those of mesos and dcos have no such option.
  if (dockerVolumeSize === undefined || coe === 'mesos' || coe === 'dcos' || !atLeast(release, 'pike')) return [];
  if (magnum.defaultDockerVolumeType !== undefined || labels?.['docker_volume_type'] !== undefined) return [];
  if (extraOption(site, 'cinder', 'default_docker_volume_type') !== undefined) return [];
  // From Train on the driver of kubernetes asks Cinder for a type.
  if (coe === 'kubernetes' && atLeast(release, 'train')) return [];
  return [
    {
      name: 'DockerVolumeTypeMissing',
      severity: 'error',
      evidence: `template ${name} has a dockerVolumeSize, magnum.defaultDockerVolumeType is not set`,
      remedy: 'Set it to a volume type of Cinder: cluster creation fails with "docker_volume_type not provided".',
    },
  ];
}

function subnet({ name, fixedNetwork, fixedSubnet }: ClusterTemplate): Finding[] {
  if (fixedNetwork === undefined || fixedSubnet !== undefined) return [];
  return [
    {
      name: 'FixedSubnetMissing',
      severity: 'error',
      evidence: `template ${name} has the fixedNetwork ${fixedNetwork} and no fixedSubnet`,
      remedy: 'Name a subnet of that network: cluster creation fails with "IP allocation requires subnet_id".',
    },
  ];
}

/** What Magnum's API takes, by COE; source: magnum/api/validation.py of 3.0.0 to 20.0.0. */
function driversOf(coe: ClusterTemplate['coe'], release: Release): { network: string[]; volume: string } | undefined {
  if (coe === 'swarm' || coe === 'swarm-mode') return { network: ['docker', 'flannel'], volume: 'rexray' };
  if (coe !== 'kubernetes') return undefined;
  const calico = atLeast(release, 'queens') ? ['calico'] : [];
  const cilium = atLeast(release, '2024.1') ? ['cilium'] : [];
  return { network: ['flannel', ...calico, ...cilium], volume: 'cinder' };
}

function drivers({ name, coe, networkDriver, volumeDriver }: ClusterTemplate, release: Release): Finding[] {
  const taken = driversOf(coe, release);
  if (!taken) return [];
  const finding = (kind: 'network' | 'volume', driver: string, expected: string): Finding => ({
    name: kind === 'network' ? 'NetworkDriverUnsupported' : 'VolumeDriverUnsupported',
    severity: 'error',
    evidence: `template ${name} is of coe ${coe} with the ${kind}Driver ${driver}`,
    remedy: `Choose ${expected}, or leave it out: Magnum answers 400 "driver type ${driver} is not supported".`,
  });
  return [
    ...(networkDriver !== undefined && !taken.network.includes(networkDriver)
      ? [finding('network', networkDriver, taken.network.join(' or '))]
      : []),
    ...(volumeDriver !== undefined && volumeDriver !== taken.volume
      ? [finding('volume', volumeDriver, taken.volume)]
      : []),
  ];
}

/** Only a hint: the file on the controllers may have the option, as Debian's does. */
function userTrust(site: Site, template: ClusterTemplate, release: Release): Finding[] {
  const { name, volumeDriver, registryEnabled, labels } = template;
  const trusted = isTrue(extraOption(site, 'trust', 'cluster_user_trust') ?? '');
  const needs = [
    ...(volumeDriver === undefined ? [] : [`the volumeDriver ${volumeDriver}`]),
    ...(registryEnabled === true ? ['registryEnabled'] : []),
    ...(isTrue(labels?.['cloud_provider_enabled'] ?? '') ? ['the label cloud_provider_enabled'] : []),
  ];
  if (needs.length === 0 || trusted || !atLeast(release, 'pike')) return [];
  return [
    {
      name: 'ClusterUserTrustMissing',
      severity: 'warning',
      evidence: `template ${name} has ${needs.join(' and ')}; [trust] cluster_user_trust is false by default`,
      remedy: 'Set trust.cluster_user_trust to True in extraOptions: nodes that use Cinder or Swift need the trust.',
    },
  ];
}

/** Rocky brought the label: without the cloud provider there is no Cinder in the cluster. */
function cloudProvider({ name, coe, volumeDriver, labels }: ClusterTemplate, release: Release): Finding[] {
  const label = labels?.['cloud_provider_enabled'];
  if (coe !== 'kubernetes' || volumeDriver !== 'cinder' || !atLeast(release, 'rocky')) return [];
  if (label?.toLowerCase() !== 'false') return [];
  return [
    {
      name: 'CloudProviderDisabled',
      severity: 'error',
      evidence: `template ${name} has the volumeDriver cinder and the label cloud_provider_enabled ${label}`,
      remedy:
        'Leave one of them out: cluster creation fails with "volume driver needs cloud_provider_enabled label to be true or unset".',
    },
  ];
}

function managers({ clusterTemplates, clusters }: Site): Finding[] {
  return clusters.flatMap(({ name, clusterTemplate, managers }): Finding[] => {
    const template = clusterTemplates.find((one) => one.name === clusterTemplate);
    if (managers <= 1 || template?.masterLbEnabled === true) return [];
    return [
      {
        name: 'ManagersWithoutLoadBalancer',
        severity: 'error',
        evidence: `cluster ${name} wants ${managers} managers, template ${clusterTemplate} has no masterLbEnabled`,
        remedy: 'Set masterLbEnabled to true: Magnum answers "master_count must be 1 when master_lb_enabled is False".',
      },
    ];
  });
}

/** Zero came with microversion 1.10. */
function workers({ clusters }: Site, release: Release): Finding[] {
  return clusters.flatMap(({ name, workers }): Finding[] =>
    workers > 0 || atLeast(release, 'wallaby')
      ? []
      : [
          {
            name: 'NoWorkersUnsupported',
            severity: 'error',
            evidence: `cluster ${name} wants 0 workers, the release is ${release}`,
            remedy: 'Want at least one: before Wallaby (12.0.0) Magnum refuses clusters without workers.',
          },
        ],
  );
}

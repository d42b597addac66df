import { namesOf, writtenOptions } from './written-options';
import type { Site } from '../site/document';
import { atLeast, type Release } from '../site/releases';
import type { Finding } from './finding';
import { describe, extraOption, isTrue } from '../config/options';

export function rabbitOptions(site: Site, installed: Release): Finding[] {
  if (!atLeast(installed, 'ocata')) return [];
  const names = ['hosts', 'host', 'port', 'userid', 'password', 'virtual_host'].map((name) => `rabbit_${name}`);
  const written = namesOf(writtenOptions(site, 'oslo_messaging_rabbit'));
  const set = names.filter((option) => written.has(option));
  if (set.length === 0) return [];
  const ofDialect = !atLeast(site.release, 'ocata');
  const whose = ofDialect ? `release is ${site.release}, whose dialect sets` : 'extraOptions sets';
  return [
    {
      name: 'RabbitOptionsIgnored',
      severity: atLeast(installed, 'stein') ? 'error' : 'warning',
      evidence: `${whose} [oslo_messaging_rabbit] ${set.join(', ')}`,
      remedy:
        `${ofDialect ? `Set release to ${installed}, which is installed` : 'Remove them'}: [DEFAULT] transport_url counts ` +
        'alone, and oslo.messaging 9.0.0 (Stein) has dropped them.',
    },
  ];
}

export function heartbeat(site: Site): Finding[] {
  const wrong = ['heartbeat_rate', 'heartbeat_timeout_threshold'].flatMap((option) => {
    const value = extraOption(site, 'oslo_messaging_rabbit', option);
    return value === undefined || /^[+-]?\d+$/.test(value.trim()) ? [] : [`${option} = ${value}`];
  });
  if (wrong.length === 0) return [];
  return [
    {
      name: 'HeartbeatNotInteger',
      severity: 'error',
      evidence: `extraOptions sets [oslo_messaging_rabbit] ${wrong.join(', ')}`,
      remedy: 'Set a whole number: magnum-conductor ends as soon as it reads another value.',
    },
  ];
}

export function queueTypes(site: Site): Finding[] {
  const written = writtenOptions(site, 'oslo_messaging_rabbit');
  const on = (name: string) => written.some(({ option, value }) => option === name && isTrue(describe(value)));
  if (!on('rabbit_ha_queues') || !on('rabbit_quorum_queue')) return [];
  return [
    {
      name: 'QueueTypesBoth',
      severity: 'error',
      evidence: `magnum.rabbit.queues is ${site.magnum.rabbit.queues}, and extraOptions turns the other type on too`,
      remedy: 'Remove rabbit_ha_queues and rabbit_quorum_queue from extraOptions: with both on oslo.messaging stops.',
    },
  ];
}

export function rabbitTls({ ca, magnum: { rabbit } }: Site): Finding[] {
  if (!rabbit.tls || ca?.file !== undefined) return [];
  return [
    {
      name: 'RabbitTlsUnchecked',
      severity: 'warning',
      evidence: 'magnum.rabbit.tls is true, ca.file is not set',
      remedy: 'Set ca.file: oslo.messaging takes any certificate otherwise, and so anybody for RabbitMQ.',
    },
  ];
}

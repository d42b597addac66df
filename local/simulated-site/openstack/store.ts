import { createHash } from 'node:crypto';

/** A row of `cluster_template`; attributes under Magnum's names. Times are ISO 8601. */
export interface ClusterTemplateRow {
  uuid: string;
  name: string;
  coe: string;
  image_id: string;
  cluster_distro: string;
  labels: Record<string, string> | null;
  master_lb_enabled: boolean;
  created_at: string;
  updated_at: string | null;
  [attribute: string]: unknown;
}

/** A row of `cluster`, with what its node groups add. */
export interface ClusterRow {
  uuid: string;
  name: string;
  cluster_template_id: string;
  keypair: string | null;
  master_count: number;
  node_count: number;
  create_timeout: number;
  status: string;
  status_reason: string | null;
  stack_id: string | null;
  api_address: string | null;
  node_addresses: string[];
  faults: Record<string, string>;
  created_at: string;
  updated_at: string | null;
  /** Magnum itself cannot read it any more: whatever shows it answers 400. */
  poisoned: boolean;
  /** What Heat is at, and when it will be through, in milliseconds since 1970. */
  heat?: { readonly doneAt: number; readonly outcome: 'complete' | 'failed' | 'gone'; readonly statusReason?: string };
  /** Attributes that have no meaning here, as given or taken from the template. */
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** A row of `magnum_service`. */
export interface ServiceRow {
  readonly id: number;
  /** `[DEFAULT] host` of the conductors whose row it is: null for all that have none. */
  readonly host: string | null;
  report_count: number;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  /** Milliseconds since 1970; null before the second heartbeat. */
  updatedAt: number | null;
}

/** Magnum's database. */
export class Store {
  readonly clusterTemplates: ClusterTemplateRow[] = [];
  readonly clusters: ClusterRow[] = [];
  readonly services: ServiceRow[] = [];
  private made = 0;

  /** Another UUID: the same one in each run. */
  uuid(): string {
    const digits = createHash('md5').update(`uuid ${++this.made}`).digest('hex');
    return `${digits.slice(0, 8)}-${digits.slice(8, 12)}-4${digits.slice(13, 16)}-a${digits.slice(17, 20)}-${digits.slice(20)}`;
  }
}

/** A time as Magnum writes it. */
export function isoTime(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 19)}+00:00`;
}

import { createHash } from 'node:crypto';
import type { ClusterFailure } from './faults';

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
  /** Of the default node group. */
  node_count: number;
  /** Node groups besides the two default ones, each with a stack of its own. */
  furtherGroups: { readonly name: string; readonly role: string; readonly node_count: number }[];
  create_timeout: number;
  status: string;
  status_reason: string | null;
  api_address: string | null;
  node_addresses: string[];
  faults: Record<string, string>;
  created_at: string;
  updated_at: string | null;
  /** Magnum itself can no longer read it: every request that shows it is answered with 400. */
  poisoned: boolean;
  /** Its stack in Heat; null if no conductor got as far as asking for one. */
  stack: StackRow | null;
  /** What is under way; times are milliseconds since 1970. */
  work?: Work;
  /** Attributes that have no meaning here, as given or taken from the template. */
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** What a conductor has asked Heat for, or is about to. */
export interface Work {
  /** The controller whose conductor does it. */
  readonly by: string;
  /** When Heat takes the request and the conductor writes the status: until then only the number of workers is another. */
  readonly takenAt: number;
  taken: boolean;
  readonly doneAt: number;
  readonly outcome: 'complete' | 'gone' | ClusterFailure;
}

/** A stack of Heat. */
export interface StackRow {
  readonly id: string;
  readonly name: string;
  status: string;
  reason: string;
  /** Its parameter `number_of_nodes`. */
  workers: number;
  updatedAt: string | null;
}

/** A row of `magnum_service`. */
export interface ServiceRow {
  readonly id: number;
  /** `[DEFAULT] host` of the conductors whose row it is: null for all that have none. */
  readonly host: string | null;
  report_count: number;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  /** Milliseconds since 1970. */
  updatedAt: number;
}

/** All that Magnum's database holds. */
export interface StoreImage {
  readonly clusterTemplates: ClusterTemplateRow[];
  readonly clusters: ClusterRow[];
  readonly services: ServiceRow[];
  readonly made: number;
}

/** Magnum's database. */
export class Store {
  readonly clusterTemplates: ClusterTemplateRow[];
  readonly clusters: ClusterRow[];
  readonly services: ServiceRow[];
  private made: number;

  constructor(image: StoreImage = { clusterTemplates: [], clusters: [], services: [], made: 0 }) {
    const { clusterTemplates, clusters, services, made } = structuredClone(image);
    this.clusterTemplates = clusterTemplates;
    this.clusters = clusters;
    this.services = services;
    this.made = made;
  }

  get image(): StoreImage {
    const { clusterTemplates, clusters, services, made } = this;
    return structuredClone({ clusterTemplates, clusters, services, made });
  }

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

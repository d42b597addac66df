import type { RequestListener } from 'node:http';
import type { Duplex } from 'node:stream';
import type { SeenCloud } from '../../../domain/findings/seen-in-cloud';
import type { Site } from '../../../domain/site/document';
import type { Clock, Random } from '../../../domain/world';
import { type Timings, timings as timingsOf } from '../timings';
import { certificateFor, speakingTls } from '../tls';
import { serveAmqp } from './amqp';
import { presetCloud, type Cloud } from './cloud';
import { CLOUD_APIS, createCloudApi } from './cloud-apis';
import { type Backing, backingOf, type BackingPart, databaseLoginError, driverBytes } from './backing';
import type { CatalogueService } from './catalogue';
import { Conductors, type ConductorsImage } from './conductor';
import { createFaults, type OpenStackFaults } from './faults';
import { createKeystone, type Token } from './keystone';
import { createMagnumApi } from './magnum-api';
import { serveMysql } from './mysql';
import { accountsOf } from './accounts';
import { readSettings, type OsloConfig } from './settings';
import { Store, type StoreImage, type ClusterRow, type ClusterTemplateRow, type ServiceRow } from './store';

export { NEWEST_REVISION } from './backing';
export type { Backing, BackingPart } from './backing';
export { connectToDatabase } from './settings';
export type { OsloConfig } from './settings';

export interface OpenStackOptions {
  /** The site whose cloud this is: addresses, users, databases and queues exist as it says. */
  readonly document: Site;
  /** The value of each secret by the name of its SSM parameter. */
  readonly secrets: Readonly<Record<string, string>>;
  readonly clock: Clock;
  readonly random: Random;
  /**
   * Single timings, in milliseconds.
   * @default as measured
   */
  readonly timings?: Partial<Timings>;
  /**
   * Images, flavors and so on that the cloud has.
   * @default those of the guide
   */
  readonly has?: SeenCloud;
  /**
   * Parts of what Magnum needs outside of itself that nobody has made.
   * @default none
   */
  readonly bare?: readonly BackingPart[];
  /**
   * What the API is: the program magnum-api, which reads the database through a conductor, or Magnum's WSGI application in
   * another server, which reads it on its own.
   * @default 'magnum-api'
   */
  readonly api?: 'magnum-api' | 'wsgi';
  /** What another one held, to start from; its conductors go on with `resume`. */
  readonly image?: OpenStackImage;
}

/** An OpenStack in which nobody waits for a conductor, for another site to start from. */
export interface OpenStackImage {
  readonly store: StoreImage;
  readonly backing: Backing;
  readonly cloud: Cloud;
  readonly tokens: ReadonlyMap<string, Token>;
  readonly conductors: ConductorsImage;
}

/** Keystone and Magnum of one simulated site, in memory; they answer as Keystone and Magnum 15.0.1 were seen to. */
export interface SimulatedOpenStack {
  /** Keystone v3, served behind the VIP on 5000 and 35357. */
  readonly keystone: RequestListener;
  /** The services that clusters are made of, served behind the VIP, by their ports. */
  readonly apis: ReadonlyMap<number, RequestListener>;
  /** Takes a connection to RabbitMQ. */
  readonly rabbit: (connection: Duplex) => void;
  /** Takes a connection to the database. */
  readonly database: (connection: Duplex) => void;
  /** Starts one API process; it reads its configuration now and never again. */
  startMagnumApi(config: OsloConfig): RequestListener;
  /**
   * Starts a conductor: it registers and sends heartbeats until the returned function stops it.
   * @throws Error if it dies of its configuration
   */
  startConductor(controller: string, config: OsloConfig): () => void;
  /** Cluster templates in the database; tests may add and change rows. */
  readonly clusterTemplates: ClusterTemplateRow[];
  /** Clusters in the database, brought up to now; tests may add and change rows. */
  readonly clusters: ClusterRow[];
  /** Conductors in the database, brought up to now. */
  readonly services: ServiceRow[];
  /** Tokens by their ID; delete one to revoke it, change `expiresAt` to let it expire. */
  readonly tokens: Map<string, Token>;
  /** Database, RabbitMQ and Keystone, as far as Magnum has something there; tests may change it. */
  readonly backing: Backing;
  /** Keystone's catalogue; tests may change it. */
  readonly catalogue: CatalogueService[];
  /** Images, flavors, keypairs and networks; tests may change them. */
  readonly cloud: Cloud;
  readonly faults: OpenStackFaults;
  /** @throws Error while a message waits for a conductor */
  readonly image: OpenStackImage;
  /** Lets the conductors that were started be as those of the image were. */
  resume(image: OpenStackImage): void;
  /** Stops every conductor. Time passes only when somebody looks, so there is no timer to clear. */
  close(): void;
}

/** The OpenStack of a simulated site. */
export function simulateOpenStack(options: OpenStackOptions): SimulatedOpenStack {
  const { document, secrets, clock, random, bare = [], api = 'magnum-api' } = options;
  const timings = timingsOf(options.timings);
  /** A password that nobody has. */
  const nobodys = random.bytes(18).toString('hex');
  const faults = createFaults((controller) => {
    conductors.drop(controller);
  });
  const cloud = structuredClone(options.image?.cloud ?? (options.has as Cloud | undefined) ?? presetCloud(document));
  const accounts = accountsOf(document, secrets);
  const backing = options.image ? structuredClone(options.image.backing) : backingOf(document, accounts, bare);
  const store = new Store(options.image?.store);
  const keystone = createKeystone({ backing, faults, clock, random });
  for (const [id, token] of options.image?.tokens ?? []) keystone.tokens.set(id, { ...token });
  const conductors = new Conductors({ store, cloud, faults, clock, timings });
  const clusters = () => {
    conductors.catchUp();
    return store.clusters;
  };
  const { rabbit, database } = document.magnum;
  const named = (hosts: readonly string[]) =>
    speakingTls(certificateFor(hosts.map((host) => host.replace(/:\d+$/, ''))));
  const secured = {
    rabbit: rabbit.tls ? named(rabbit.hosts) : undefined,
    database: database.tls ? named([database.host]) : undefined,
  };
  const settings = (config: OsloConfig) => readSettings(config, document, accounts, backing);
  return {
    keystone: keystone.listener,
    apis: new Map(
      CLOUD_APIS.map(
        (one) => [one.port, createCloudApi(one, { cloud, tokens: keystone.tokens, faults, clusters, clock })] as const,
      ),
    ),
    rabbit: (connection) => {
      const { user } = document.magnum.rabbit;
      const { users, permissions } = backing.rabbitmq;
      const closed = permissions.has(user) ? undefined : `NOT_ALLOWED - access to vhost '/' refused for user '${user}'`;
      serveAmqp(secured.rabbit?.(connection) ?? connection, () => ({
        ...{ user, password: users.get(user)?.password ?? nobodys, closed },
      }));
    },
    database: (connection) => {
      const { user, name, driver } = document.magnum.database;
      const bytes = driverBytes(driver, accounts.databasePassword);
      const known = databaseLoginError(backing.database, user, bytes, name) === undefined;
      const allowed = () => ({ user, password: known ? bytes : Buffer.from(nobodys), database: name });
      serveMysql(connection, random, allowed, secured.database);
    },
    startMagnumApi: (config) =>
      createMagnumApi({
        store,
        cloud,
        faults,
        conductors,
        tokens: keystone.tokens,
        settings: settings(config),
        replyTimeoutMs: api === 'magnum-api' ? timings.rpcTimeout : undefined,
        clock,
        random,
      }),
    startConductor: (controller, config) => conductors.start(controller, settings(config)),
    clusterTemplates: store.clusterTemplates,
    get clusters() {
      return clusters();
    },
    get services() {
      conductors.catchUp();
      return store.services;
    },
    tokens: keystone.tokens,
    backing,
    catalogue: backing.catalogue,
    cloud,
    faults,
    get image() {
      conductors.catchUp();
      return {
        store: store.image,
        backing: structuredClone(backing),
        cloud: structuredClone(cloud),
        tokens: structuredClone(keystone.tokens),
        conductors: conductors.image,
      };
    },
    resume: (image) => {
      conductors.resume(image.conductors, image.store.services);
    },
    close: () => {
      conductors.stopAll();
    },
  };
}

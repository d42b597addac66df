import { catalogue } from '../../domain/commands/catalogue';
import type { Answer, HttpRequest } from '../../domain/openstack/http-messages';
import type { Command } from '../../domain/ssh/command';
import { reportOf } from '../workflow/local';
import { contractDocument, type ContractSite, startContractSite } from './site';

// How Keystone and Magnum 15 answer. The API is the program magnum-api, which reads the database through a conductor.

const document = contractDocument('openstack');
const { magnum, openstack, virtualIp } = document;
const ALL = document.controllers.map(({ name }) => name);
const [ONE = '', ...OTHERS] = ALL;
const KEYSTONE = `http://${virtualIp}:5000`;
const VIP = `http://${virtualIp}:${magnum.apiPort}`;
/** The API of the first controller, past HAProxy. */
const OWN = `http://${document.controllers[0].address}:${magnum.apiPort}`;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00$/;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

let site: ContractSite;
let token: string;
/** magnum.conf of the first controller, as the workflow wrote it. */
let conf: string;
beforeAll(async () => {
  site = await startContractSite('openstack');
  reportOf(await site.execute('apply', { ...site.document, clusterTemplates: [], clusters: [] }));
  conf = (await site.readFile(ONE, magnum.configFile)) ?? '';
  token = await freshToken();
});
afterAll(() => site.close());

const authentication = (password: string) => ({
  auth: {
    identity: {
      methods: ['password'],
      password: { user: { name: openstack.username, domain: { id: openstack.userDomainId }, password } },
    },
    scope: { project: { name: openstack.projectName, domain: { id: openstack.projectDomainId } } },
  },
});
const authenticate = (password = site.secret(openstack.password)) =>
  site.request(ONE, { method: 'POST', url: `${KEYSTONE}/v3/auth/tokens`, body: authentication(password) });
const ownProject = async () => ((await authenticate()).json as { token: { project: { id: string } } }).token.project.id;
/** A token that Magnum has not seen yet: one that it has seen is good for five minutes, whatever Keystone says. */
const freshToken = async () => String((await authenticate()).headers['x-subject-token']);

interface Asked extends Pick<HttpRequest, 'headers'> {
  /** The API's address: the VIP's by default. */
  readonly at?: string;
  /** Null for none. */
  readonly with?: string | null;
  /** A microversion. */
  readonly version?: string;
}
const ask = (
  method: HttpRequest['method'],
  path: string,
  body?: unknown,
  { at = VIP, with: given = token, version, headers }: Asked = {},
) =>
  site.request(ONE, {
    method,
    url: at + path,
    headers: {
      ...(given !== null && { 'x-auth-token': given }),
      ...(version !== undefined && { 'openstack-api-version': `container-infra ${version}` }),
      ...headers,
    },
    ...(body !== undefined && { body }),
  });

const TEMPLATE = {
  name: 'contract',
  coe: 'swarm-mode',
  image_id: 'fedora-atomic',
  keypair_id: 'fuel',
  external_network_id: 'public',
  fixed_network: 'private',
  fixed_subnet: 'private-subnet',
  dns_nameserver: '8.8.8.8',
  flavor_id: 'm1.small',
  docker_volume_size: 5,
  master_lb_enabled: true,
  floating_ip_enabled: false,
};
const createTemplate = (changed: object) => ask('POST', '/v1/clustertemplates', { ...TEMPLATE, ...changed });
const CLUSTER = { name: 'contract', cluster_template_id: 'contract', node_count: 1 };
const createCluster = (changed: object = {}, asked?: Asked) =>
  ask('POST', '/v1/clusters', { ...CLUSTER, ...changed }, asked);
const replace = (path: string, value: unknown) => [{ op: 'replace', path, value }];
const uuidOf = ({ json }: Answer) => (json as { uuid: string }).uuid;

/** What Magnum says of an error: its status, and its detail. */
const refusal = ({ status, json }: Answer): unknown[] => {
  const { errors } = json as { errors: { status: number; title: string; detail: string }[] };
  return [status, ...errors.map(({ detail }) => detail)];
};
/** An error in the shape of Magnum. */
const magnumError = (status: number, detail: unknown) => ({
  errors: [
    {
      request_id: '',
      code: status >= 500 ? 'server' : 'client',
      status,
      title: expect.any(String) as string,
      detail,
      links: [],
    },
  ],
});
/** A text that contains another. */
const having = (text: string) => expect.stringContaining(text) as string;
const matching = (pattern: RegExp) => expect.stringMatching(pattern) as string;

interface Shown {
  readonly status: string;
  readonly status_reason: string | null;
  readonly node_count: number;
  readonly faults?: Readonly<Record<string, string>>;
}
const cluster = async (ident: string) => (await ask('GET', `/v1/clusters/${ident}`)).json as Shown;
/** Waits until a cluster has a status. */
const status = async (ident: string, wanted: RegExp, seconds?: number) => {
  let last = '';
  await site.until(
    () => `${ident} is ${wanted.source}, and not ${last}`,
    async () => wanted.test((last = (await cluster(ident)).status)),
    seconds,
  );
};

it("Magnum's version, from its package and from the program", async () => {
  const { magnumPackageVersion, magnumVersion } = catalogue(site.document);

  const fromPackage = await site.run(ONE, magnumPackageVersion);

  expect(fromPackage).toEqual({
    exitCode: 0,
    stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) as string,
    stderr: '',
  });
  expect(await site.run(ONE, magnumVersion)).toEqual(fromPackage);
});

describe('Keystone', () => {
  it('issues a token with a catalogue: 201', async () => {
    const answer = await authenticate();

    expect(answer.status).toBe(201);
    expect(answer.headers['x-subject-token']).toEqual(expect.any(String));
    expect(answer.json).toMatchObject({ token: { methods: ['password'], catalog: expect.any(Array) as unknown[] } });
  });

  it('refuses a wrong password: 401 in a shape of its own', async () => {
    const { status: code, json } = await authenticate('wrong');

    expect([code, json]).toEqual([
      401,
      {
        error: { code: 401, title: 'Unauthorized', message: 'The request you have made requires authentication.' },
      },
    ]);
  });
});

describe('answers', () => {
  it('GET /: the versions, also without a token', async () => {
    const answers = await Promise.all([ask('GET', '/'), ask('GET', '/', undefined, { with: null })]);

    for (const { status: code, json } of answers) {
      expect(code).toBe(200);
      expect(json).toEqual({
        name: 'OpenStack Magnum API',
        description: expect.any(String) as string,
        versions: [
          {
            id: 'v1',
            links: [{ href: `${VIP}/v1/`, rel: 'self' }],
            status: 'CURRENT',
            max_version: '1.10',
            min_version: '1.1',
          },
        ],
      });
    }
  });

  it('GET /v1: what there is, also without a token', async () => {
    const { status: code, json } = await ask('GET', '/v1', undefined, { with: null });

    expect(code).toBe(200);
    expect(json).toMatchObject({ id: 'v1', clusters: [{ href: `${VIP}/v1/clusters/`, rel: 'self' }, {}] });
  });

  it('GET /v1/mservices: a row for each conductor, with its [DEFAULT] host', async () => {
    const { status: code, json } = await ask('GET', '/v1/mservices');

    expect(code).toBe(200);
    expect(json).toEqual({
      mservices: ALL.map((host, index) => ({
        host,
        binary: 'magnum-conductor',
        state: 'up',
        id: index + 1,
        report_count: expect.any(Number) as number,
        disabled: false,
        disabled_reason: null,
        created_at: matching(TIME),
        updated_at: matching(TIME),
      })),
    });
  });

  it.each([
    ['no token', null],
    ['a bad one', 'gAAAAAnope'],
  ])('with %s: 401 in the shape of Keystone', async (_, given) => {
    const { status: code, json, headers } = await ask('GET', '/v1/mservices', undefined, { with: given });

    expect([code, json]).toEqual([
      401,
      {
        error: { code: 401, title: 'Unauthorized', message: 'The request you have made requires authentication.' },
      },
    ]);
    expect(headers['www-authenticate']).toBe(`Keystone uri="${magnum.keystone.wwwAuthenticateUri}"`);
  });

  it('of what there is not: 404, without a code', async () => {
    const { status: code, json } = await ask('GET', '/v1/nothing');

    expect([code, json]).toEqual([
      404,
      { errors: [{ request_id: '', code: '', status: 404, title: 'Not Found', detail: '', links: [] }] },
    ]);
  });

  it.each([
    ['clustertemplates', 'ClusterTemplate none could not be found.'],
    ['clusters', 'Cluster none could not be found.'],
  ])('GET of none of %s: 404', async (collection, detail) => {
    const answer = await ask('GET', `/v1/${collection}/none`);

    expect([answer.status, answer.json]).toEqual([404, magnumError(404, detail)]);
  });
});

describe('microversions', () => {
  it.each([
    [undefined, '1.1'],
    ['1.1', '1.1'],
    ['1.10', '1.10'],
    ['latest', '1.10'],
  ])('asked for %s: %s', async (version, served) => {
    const { status: code, headers } = await ask('GET', '/v1/clusters', undefined, version ? { version } : {});

    expect(code).toBe(200);
    expect(headers).toMatchObject({
      'openstack-api-version': `container-infra ${served}`,
      'openstack-api-minimum-version': 'container-infra 1.1',
      'openstack-api-maximum-version': 'container-infra 1.10',
      vary: 'OpenStack-API-Version',
    });
  });

  it.each([
    ['1.0', 'Version 1.0 was requested but the minor version is not supported by this service. '],
    ['1.11', 'Version 1.11 was requested but the minor version is not supported by this service. '],
    ['2.0', 'Mutually exclusive versions requested. Version 2.0 requested but not supported by this service.'],
  ])('asked for %s: 406, which says why under another name', async (version, why) => {
    const { status: code, json } = await ask('GET', '/v1/clusters', undefined, { version });

    expect([code, json]).toEqual([
      406,
      {
        errors: [
          {
            code: 'magnum.microversion-unsupported',
            title: 'Requested microversion is unsupported',
            description: `${why}The supported version range is: [container-infra 1.1, container-infra 1.10].`,
            max_version: '1.10',
            min_version: '1.1',
            links: [expect.objectContaining({ rel: 'help' })],
          },
        ],
      },
    ]);
  });

  it.each([
    ['compute 1.1', 'service type'],
    ['nonsense', 'service type'],
    ['container-infra nonsense', 'value'],
  ])('asked for %s: 406', async (version, what) => {
    const headers = { 'openstack-api-version': version };
    const { status: code, json } = await ask('GET', '/v1/clusters', undefined, { headers });

    expect([code, json]).toMatchObject([
      406,
      { errors: [{ code: '', title: 'Not Acceptable', detail: `Invalid ${what} for OpenStack-API-Version header` }] },
    ]);
  });
});

describe('cluster templates', () => {
  it('POST: 201 with the whole body and where it is; labels are null there, and {} in a GET', async () => {
    const { status: code, headers, json } = await createTemplate({});

    const found = await ask('GET', '/v1/clustertemplates/contract');

    expect(code).toBe(201);
    expect(json).toMatchObject({
      ...TEMPLATE,
      uuid: matching(UUID),
      project_id: await ownProject(),
      public: false,
      master_flavor_id: null,
      labels: null,
      tls_disabled: false,
      server_type: 'vm',
      network_driver: 'docker',
      cluster_distro: 'fedora-atomic',
      created_at: matching(TIME),
      updated_at: null,
    });
    const { uuid } = json as { uuid: string };
    expect(headers.location).toBe(`${VIP}/v1/clustertemplates/${uuid}`);
    expect([found.status, found.json]).toEqual([200, { ...(json as object), labels: {} }]);
  });

  it.each([
    ['a missing image', { image_id: 'nope' }, 'Cluster type (vm, Unset, swarm-mode) not supported.'],
    [
      'an image without os_distro',
      { image_id: 'without-distribution' },
      'Cluster type (vm, None, swarm-mode) not supported.',
    ],
    ["the guide's image", { image_id: 'ubuntu_xenial' }, 'Cluster type (vm, ubuntu, swarm-mode) not supported.'],
    ['a missing flavor', { flavor_id: 'nope' }, 'Unable to find flavor nope.'],
    ["a missing masters' flavor", { master_flavor_id: 'nope' }, 'Unable to find flavor nope.'],
    ['a missing external network', { external_network_id: 'nope' }, 'Unable to find external network nope.'],
    ['a network that is not external', { external_network_id: 'private' }, 'Unable to find external network private.'],
    ['an unknown attribute', { bogus: 1 }, 'Unknown attribute for argument cluster_template: bogus'],
    [
      'two of them',
      { bogus: 1, foo: 2 },
      // In the order of a set of Python's.
      /^Unknown attributes for argument cluster_template: (bogus, foo|foo, bogus)$/,
    ],
    [
      'no image',
      { image_id: undefined },
      "Invalid input for field/attribute image_id. Value: 'None'. Mandatory field missing.",
    ],
    ['no coe', { coe: undefined }, 'Requested COE type Unset is not supported.'],
    ['a coe without a driver', { coe: 'mesos' }, 'Requested COE type mesos is not supported.'],
    ['a size that is no number', { docker_volume_size: 'big' }, /invalid literal for int\(\) with base 10: 'big'$/],
    [
      'a size too small',
      { docker_volume_size: 0 },
      "Invalid input for field/attribute docker_volume_size. Value: '0'. Value should be greater or equal to 1",
    ],
    ['labels that are none', { labels: 'x' }, /Value not a valid dict: x$/],
    [
      'a network driver of another coe',
      { network_driver: 'calico' },
      'Network driver type calico is not supported, expecting a docker/flannel/unspecified network driver.',
    ],
    [
      'a name that is no text',
      { name: 7 },
      "Invalid input for field/attribute name. Value: '7'. Value should be string",
    ],
  ])('%s: 400', async (_, changed, detail) => {
    const { status: code, json } = await createTemplate({ name: 'refused', ...changed });

    expect([code, json]).toEqual([400, magnumError(400, typeof detail === 'string' ? detail : matching(detail))]);
  });

  it('a bad coe: 400, with those that there are, in any order', async () => {
    const [code, detail] = refusal(await createTemplate({ coe: 'nope' }));

    expect(code).toBe(400);
    const [, known = ''] =
      /^Invalid input for field\/attribute coe. Value: 'nope'. Value should be one of: (.*)$/.exec(String(detail)) ??
      [];
    expect(known.split(', ').sort()).toEqual(['dcos', 'kubernetes', 'mesos', 'swarm', 'swarm-mode']);
  });

  it('a body that is no dictionary: 500', async () => {
    const answer = await ask('POST', '/v1/clustertemplates', []);

    expect(refusal(answer)).toEqual([500, "'list' object has no attribute 'keys'"]);
  });

  it('a truth value that is none: 500 as a page of HTML', async () => {
    const { status: code, headers } = await createTemplate({ tls_disabled: 'perhaps' });

    expect([code, headers['content-type']]).toEqual([500, matching(/^text\/html/)]);
  });

  it.each([
    ['a missing keypair', { name: 'keyless', keypair_id: 'nokey' }],
    ['a missing fixed network', { name: 'networkless', fixed_network: 'nope' }],
    ['no fixed subnet', { name: 'subnetless', fixed_subnet: undefined }],
    ['no load balancer', { name: 'balancerless', master_lb_enabled: false }],
  ])('%s: 201 all the same', async (_, changed) => {
    const answer = await createTemplate(changed);

    expect(answer.status).toBe(201);
  });

  it('a name that is there already: 201 again, then nothing can be looked up by it: 409', async () => {
    const created = [await createTemplate({ name: 'twice' }), await createTemplate({ name: 'twice' })];

    const found = await ask('GET', '/v1/clustertemplates/twice');
    const byUuid = await ask('GET', `/v1/clustertemplates/${uuidOf(created[0] as Answer)}`);

    expect(created.map((answer) => answer.status)).toEqual([201, 201]);
    expect([found.status, found.json]).toEqual([
      409,
      magnumError(409, 'Multiple ClusterTemplates exist with same name. Please use the ClusterTemplate uuid instead.'),
    ]);
    expect(byUuid.status).toBe(200);
  });

  it('PATCH: 200 with the whole body; DELETE: 204', async () => {
    const uuid = uuidOf(await createTemplate({ name: 'changed' }));

    const patched = await ask('PATCH', `/v1/clustertemplates/${uuid}`, [
      ...replace('/dns_nameserver', '1.1.1.1'),
      ...replace('/labels', "{'a': 'b'}"),
    ]);
    const deleted = await ask('DELETE', `/v1/clustertemplates/${uuid}`);

    expect([patched.status, patched.json]).toEqual([
      200,
      expect.objectContaining({ ...TEMPLATE, name: 'changed', uuid, dns_nameserver: '1.1.1.1', labels: { a: 'b' } }),
    ]);
    expect([deleted.status, deleted.text]).toEqual([204, '']);
  });

  it.each([
    [
      'labels as a dictionary',
      replace('/labels', { a: 'b' }),
      "Invalid input for field/attribute value. Value: '{'a': 'b'}'. Wrong type. Expected '(<class 'str'>, <class 'int'>)', got '<class 'dict'>'",
    ],
    [
      'an unknown attribute',
      replace('/bogus', 1),
      "Couldn't apply patch '[{'path': '/bogus', 'op': 'replace', 'value': 1}]'. Reason: can't replace a non-existent object 'bogus'",
    ],
    ['the UUID', replace('/uuid', 'x'), "'/uuid' is an internal attribute and can not be updated"],
    ['no value', [{ op: 'replace', path: '/name' }], "'add' and 'replace' operations needs value"],
    ['a missing image', replace('/image_id', 'nope'), 'Image nope could not be found.'],
  ])('PATCH with %s: 400', async (_, patch, detail) => {
    const answer = await ask('PATCH', '/v1/clustertemplates/keyless', patch);

    expect(refusal(answer)).toEqual([400, detail]);
  });
});

describe('clusters', () => {
  it.each([
    ['an unknown template', { cluster_template_id: 'none' }, 400, 'ClusterTemplate none could not be found.'],
    [
      'a template of which there are two',
      { cluster_template_id: 'twice' },
      409,
      'Multiple ClusterTemplates exist with same name. Please use the ClusterTemplate uuid instead.',
    ],
    ['a missing keypair', { cluster_template_id: 'keyless' }, 404, 'Unable to find keypair nokey.'],
    [
      'three masters without a load balancer',
      { cluster_template_id: 'balancerless', master_count: 3 },
      400,
      'master_count must be 1 when master_lb_enabled is False',
    ],
    ['an unknown attribute', { bogus: 1 }, 400, 'Unknown attribute for argument cluster: bogus'],
    [
      'no workers',
      { node_count: 0 },
      400,
      'Resizing a nodegroup to zero is not supported in the provided microversion.',
    ],
    [
      'a bad name',
      { name: '1st' },
      400,
      "Invalid input for field/attribute name. Value: '1st'. Value should match the pattern ^[a-zA-Z][a-zA-Z0-9_.-]*$",
    ],
    [
      'no template',
      { cluster_template_id: undefined },
      400,
      "Invalid input for field/attribute cluster_template_id. Value: 'None'. Mandatory field missing.",
    ],
  ])('POST with %s is refused', async (_, changed, code, detail) => {
    const answer = await createCluster({ name: 'refused', ...changed });

    expect([answer.status, answer.json]).toEqual([code, magnumError(code, detail)]);
  });

  it('POST with an unknown template in the newest microversion: 404', async () => {
    const answer = await createCluster({ name: 'refused', cluster_template_id: 'none' }, { version: 'latest' });

    expect(refusal(answer)).toEqual([404, 'ClusterTemplate none could not be found.']);
  });

  it('POST: 202 with nothing but a UUID; a conductor makes the cluster', async () => {
    const answer = await createCluster();

    await status('contract', /^CREATE_IN_PROGRESS$/);
    expect([answer.status, answer.json]).toEqual([202, { uuid: matching(UUID) }]);
    expect(await cluster('contract')).toMatchObject({
      uuid: uuidOf(answer),
      project_id: await ownProject(),
      keypair: 'fuel',
      master_count: 1,
      node_count: 1,
      create_timeout: 60,
      api_address: null,
      node_addresses: [],
      labels: {},
    });
  });

  it.each([
    ['PATCH', replace('/dns_nameserver', '1.1.1.1')],
    ['DELETE', undefined],
  ] as const)('%s of a template that one uses: 400', async (method, body) => {
    const answer = await ask(method, '/v1/clustertemplates/contract', body);

    expect(refusal(answer)).toEqual([
      400,
      matching(/^ClusterTemplate [0-9a-f-]{36} is referenced by one or multiple clusters\.$/),
    ]);
  });

  it('a list shows less of each', async () => {
    const { clusters } = (await ask('GET', '/v1/clusters')).json as { clusters: object[] };

    expect(clusters.map((one) => Object.keys(one).sort())).toEqual([
      [
        'cluster_template_id',
        'create_timeout',
        'docker_volume_size',
        'flavor_id',
        'health_status',
        'keypair',
        'labels',
        'links',
        'master_count',
        'master_flavor_id',
        'merge_labels',
        'name',
        'node_count',
        'stack_id',
        'status',
        'uuid',
      ],
    ]);
  });

  it.each([
    ['master_count', [...replace('/master_count', 3)]],
    ['name', [...replace('/name', 'other')]],
    // Likewise.
    ['(name, master_count|master_count, name)', [...replace('/name', 'other'), ...replace('/master_count', 3)]],
  ])('PATCH of %s: 400', async (fields, patch) => {
    const answer = await ask('PATCH', '/v1/clusters/contract', patch);

    expect(refusal(answer)).toEqual([
      400,
      matching(new RegExp(`^cannot change cluster property\\(ies\\) ${fields}\\.$`)),
    ]);
  });

  it('resize before 1.7: 406', async () => {
    const answer = await ask('POST', '/v1/clusters/contract/actions/resize', { node_count: 2 }, { version: '1.6' });

    expect(refusal(answer)).toEqual([
      406,
      'Version 1.6 was requested but the requested API resize is not supported for this version.',
    ]);
  });

  it('in the end: CREATE_COMPLETE, with addresses', async () => {
    await status('contract', /^CREATE_COMPLETE$/, 300);

    const found = await cluster('contract');
    expect(found).toMatchObject({
      api_address: matching(/^tcp:.*:2375$/),
      master_addresses: [],
      node_addresses: [expect.any(String)],
      stack_id: matching(UUID),
    });
    expect(found).not.toHaveProperty('faults');
  });

  it('resize: 202 with the UUID, also while another is in progress', async () => {
    const resize = (nodes: number) =>
      ask('POST', '/v1/clusters/contract/actions/resize', { node_count: nodes }, { version: '1.7' });

    const first = await resize(2);
    await status('contract', /^UPDATE_IN_PROGRESS$/);
    const second = await resize(1);

    for (const answer of [first, second]) {
      expect([answer.status, answer.json]).toEqual([202, { uuid: matching(UUID) }]);
    }
  });

  it('PATCH of node_count: 202 with the UUID, whatever is in progress', async () => {
    const answer = await ask('PATCH', '/v1/clusters/contract', replace('/node_count', 3));

    expect([answer.status, answer.json]).toEqual([202, { uuid: matching(UUID) }]);
  });

  it('DELETE: 204', async () => {
    const answer = await ask('DELETE', '/v1/clusters/contract');

    expect([answer.status, answer.text]).toEqual([204, '']);
  });

  it.each([
    ['networkless', /Unable to find network with name or id 'nope'$/],
    ['subnetless', /IP allocation requires subnet_id or ip_address/],
  ])('of the template %s: 202, then CREATE_FAILED with faults', async (template, fault) => {
    const answer = await createCluster({ name: template, cluster_template_id: template });

    await status(uuidOf(answer), /^CREATE_FAILED$/, 120);
    expect(answer.status).toBe(202);
    expect(await cluster(template)).toMatchObject({
      status_reason: 'default-master failed, default-worker failed',
      faults: { 'default-master': matching(fault), 'default-worker': matching(fault) },
    });
    await ask('DELETE', `/v1/clusters/${template}`);
  });
});

/** Options that differ from what the workflow wrote, by `section.option`; undefined takes one away. */
type Changes = Readonly<Record<string, string | undefined>>;

/** magnum.conf of the first controller, with changes. */
const configure = (changes: Changes) => {
  let section = '';
  const lines = conf.split('\n').flatMap((line) => {
    const option = `${section}.${/^(\w+) *=/.exec(line)?.[1] ?? ''}`;
    section = /^\[(.*)\]/.exec(line)?.[1] ?? section;
    if (!line.startsWith('[')) return Object.hasOwn(changes, option) ? [] : [line];
    const added = Object.entries(changes).filter(
      ([name, value]) => name.startsWith(`${section}.`) && value !== undefined,
    );
    return [line, ...added.map(([name, value]) => `${name.slice(section.length + 1)} = ${value ?? ''}`)];
  });
  return site.writeFile(ONE, magnum.configFile, lines.join('\n'));
};
const restart = async (service: string) => {
  await site.stopService(ONE, service);
  await site.startService(ONE, service);
};
/** Asks the first controller's API with a token it has not seen. */
const askOwn = async (path = '/v1/mservices') => ask('GET', path, undefined, { at: OWN, with: await freshToken() });
const optionOf = (section: string, option: string) => {
  const [, text = ''] = conf.split(`[${section}]\n`);
  return new RegExp(`^${option} *= *(.*)$`, 'm').exec(text.split('\n[')[0] ?? '')?.[1] ?? '';
};
const NO_TRUST: Changes = {
  'trust.trustee_domain_name': undefined,
  'trust.trustee_domain_admin_name': undefined,
  'trust.trustee_domain_admin_password': undefined,
};
const OF_OLD: Changes = {
  'DEFAULT.transport_url': undefined,
  'oslo_messaging_rabbit.rabbit_hosts': magnum.rabbit.hosts.join(', '),
  'oslo_messaging_rabbit.rabbit_userid': magnum.rabbit.user,
  'oslo_messaging_rabbit.rabbit_password': 'of-old',
};

describe('an API whose magnum.conf has', () => {
  const start = async (changes: Changes) => {
    await configure(changes);
    await restart(magnum.apiService);
    await site.until('it answers', async () => {
      const { ok } = await ask('GET', '/', undefined, { at: OWN }).then(
        ({ status: code }) => ({ ok: code === 200 }),
        () => ({ ok: false }),
      );
      return ok;
    });
  };
  afterAll(() => start({}));

  it.each([
    [
      'auth_uri alone',
      {
        'keystone_authtoken.www_authenticate_uri': undefined,
        'keystone_authtoken.auth_uri': magnum.keystone.wwwAuthenticateUri,
      },
    ],
    [
      'a dead memcached among others',
      { 'keystone_authtoken.memcached_servers': `127.0.0.1:11211,${magnum.memcachedServers.join(',')}` },
    ],
    [
      'options of old of the middleware',
      {
        'keystone_authtoken.auth_host': '192.0.2.1',
        'keystone_authtoken.auth_protocol': 'https',
        'keystone_authtoken.admin_user': 'nobody',
        'keystone_authtoken.admin_password': '',
        'keystone_authtoken.admin_tenant_name': 'nothing',
      },
    ],
    // It reads the database through a conductor.
    ['no database', { 'database.connection': undefined }],
  ])('%s: works', async (_, changes: Changes) => {
    await start(changes);

    const { status: code } = await askOwn();

    expect(code).toBe(200);
  });

  it.each([
    ['wrong credentials in [keystone_authtoken]', { 'keystone_authtoken.password': 'wrong' }],
    ['an auth_url on a closed port 35357', { 'keystone_authtoken.auth_url': 'http://127.0.0.1:35357/v3' }],
  ])('%s: 503, as HTML or in a third shape of JSON, as the client likes', async (_, changes: Changes) => {
    await start(changes);

    const { status: code, json } = await askOwn();
    const page = await ask('GET', '/v1/mservices', undefined, {
      at: OWN,
      with: await freshToken(),
      headers: { accept: '*/*' },
    });

    expect([code, json]).toEqual([
      503,
      {
        code: '503 Service Unavailable',
        title: 'Service Unavailable',
        message: having('The Keystone service is temporarily unavailable.'),
      },
    ]);
    expect([page.status, page.headers['content-type'], page.text]).toEqual([
      503,
      matching(/^text\/html/),
      having('The Keystone service is temporarily unavailable.'),
    ]);
  });

  it('neither auth_uri nor www_authenticate_uri: 500, but 401 without a token', async () => {
    await start({ 'keystone_authtoken.www_authenticate_uri': undefined });

    const [answer, withoutToken] = [
      await askOwn(),
      await ask('GET', '/v1/mservices', undefined, { at: OWN, with: null }),
    ];

    expect([answer.status, answer.json]).toEqual([
      500,
      magnumError(500, "'NoneType' object has no attribute 'rstrip'"),
    ]);
    expect(withoutToken.status).toBe(401);
  });

  it.each([
    ['no [trust]', NO_TRUST, 500, /Invalid input for field 'identity\/password\/user\/password': None is not of type/],
    [
      'a wrong password in [trust]',
      { 'trust.trustee_domain_admin_password': 'wrong' },
      403,
      /^reason: Keystone client authentication failed$/,
    ],
  ])('%s: every request is refused', async (_, changes: Changes, code, detail) => {
    await start(changes);

    const answers = [await askOwn(), await askOwn('/v1/clustertemplates')];

    for (const answer of answers) expect(refusal(answer)).toEqual([code, matching(detail)]);
  });

  it('rabbit_* in place of transport_url: its versions are there, what needs a conductor never answers', async () => {
    await start(OF_OLD);

    const versions = await ask('GET', '/', undefined, { at: OWN });
    const late = askOwn().then(
      ({ status: code }) => code,
      () => 'none',
    );
    const answer = await Promise.race([late, site.sleep(2000).then(() => 'none')]);

    expect([versions.status, answer]).toEqual([200, 'none']);
  });
});

describe('a single conductor whose magnum.conf has', () => {
  const runs = async () => (await site.daemons(ONE)).some((line) => line.includes(magnum.conductorService));
  /** It runs alone, and answers the API. */
  const start = async (changes: Changes) => {
    await configure(changes);
    await restart(magnum.conductorService);
  };
  const MYSQLDB = '/usr/lib/python3/dist-packages/MySQLdb';
  const root = (...argv: string[]): Command => ({ argv, root: true, timeoutSeconds: 20 });
  /** The row of the first controller. */
  const row = async () => {
    const { json } = await ask('GET', '/v1/mservices');
    const { mservices = [] } = (json ?? {}) as { mservices?: { host: string | null; report_count: number }[] };
    return mservices.find(({ host }) => host === ONE);
  };
  /** Waits until it has registered anew. */
  const started = async (changes: Changes) => {
    const before = (await row())?.report_count ?? 0;
    await start(changes);
    await site.until('it sends a heartbeat', async () => ((await row())?.report_count ?? 0) > before, 120);
  };
  beforeAll(async () => {
    for (const name of OTHERS) await site.stopService(name, magnum.conductorService);
  });
  afterAll(async () => {
    await start({});
    for (const name of OTHERS) await site.startService(name, magnum.conductorService);
  });

  it.each([
    [
      'a bogus cert_manager_type',
      { 'certificates.cert_manager_type': 'bogus' },
      /^Failed to create certificates for Cluster/,
    ],
    ['none', { 'certificates.cert_manager_type': undefined }, /^Failed to create certificates for Cluster/],
    [
      'no [keystone_auth], and the admin_* with an empty password',
      {
        // Its auth_type is `password` by default.
        'keystone_auth.auth_url': undefined,
        'keystone_authtoken.admin_user': openstack.username,
        'keystone_authtoken.admin_password': '',
        'keystone_authtoken.admin_tenant_name': openstack.projectName,
      },
      /^Failed to list services\.$/,
    ],
  ])('%s: POST 202, then CREATE_FAILED', async (_, changes: Changes, reason) => {
    await started(changes);

    const answer = await createCluster({ name: 'failing' });

    const uuid = uuidOf(answer);
    await status(uuid, /^CREATE_FAILED$/);
    expect(answer.status).toBe(202);
    expect(await cluster(uuid)).toMatchObject({ status_reason: matching(reason), faults: {} });
    await ask('DELETE', `/v1/clusters/${uuid}`);
  });

  it.each([
    [
      'no [trust]',
      NO_TRUST,
      500,
      /^Remote error: BadRequest Invalid input for field 'identity\/password\/user\/password'/,
    ],
    [
      'a wrong password in [trust]',
      { 'trust.trustee_domain_admin_password': 'wrong' },
      403,
      /^reason: Keystone client authentication failed$/,
    ],
  ])(
    '%s: a POST of a cluster is refused, nothing is made, and the list is not spoilt',
    async (_, changes: Changes, code, detail) => {
      await started(changes);

      const answer = await createCluster({ name: 'untrusted' });

      const [one, list] = [await ask('GET', '/v1/clusters/untrusted'), await ask('GET', '/v1/clusters')];
      expect(refusal(answer)).toEqual([code, matching(detail)]);
      expect([one.status, list.status]).toEqual([404, 200]);
    },
  );

  it('mysql://, and no MySQLdb in Python: 500 to every request', async () => {
    // The lab has it, because of Nova.
    if (site.kind === 'lab') await site.run(ONE, root('mv', MYSQLDB, `${MYSQLDB}.away`));
    await start({ 'database.connection': optionOf('database', 'connection').replace('mysql+pymysql:', 'mysql:') });

    const answer = await askOwn();

    if (site.kind === 'lab') await site.run(ONE, root('mv', `${MYSQLDB}.away`, MYSQLDB));
    expect(refusal(answer)).toEqual([500, having("No module named 'MySQLdb'")]);
  });

  it('heartbeat_rate=two: it dies, and what is asked waits until another one is there', async () => {
    await start({ 'oslo_messaging_rabbit.heartbeat_rate': 'two' });
    await site.until('it is dead', async () => !(await runs()));

    const waiting = askOwn();
    await start({});

    expect((await waiting).status).toBe(200);
  });

  it('no host: it has a row without a host', async () => {
    await start({ 'DEFAULT.host': undefined });

    await site.until('its row is there', async () => {
      const { json } = await ask('GET', '/v1/mservices');
      return (json as { mservices: { host: string | null }[] }).mservices.some(({ host }) => host === null);
    });

    const { mservices } = (await ask('GET', '/v1/mservices')).json as { mservices: object[] };
    expect(mservices).toHaveLength(ALL.length + 1);
    expect(mservices.at(-1)).toMatchObject({ host: null, state: 'up' });
  });

  it('rabbit_* in place of transport_url: it runs and has a row, and answers nobody', async () => {
    await start(OF_OLD);
    await site.until('it runs', runs);
    const waiting = askOwn();
    // What waits is answered as soon as another one is there, whose row says what the first one did.
    for (const name of OTHERS) await site.startService(name, magnum.conductorService);

    const { status: code } = await waiting;
    for (const name of OTHERS) await site.stopService(name, magnum.conductorService);

    expect(code).toBe(200);
    expect(await runs()).toBe(true);
  });
});

describe('with no conductor at all', () => {
  beforeAll(async () => {
    for (const name of ALL) await site.stopService(name, magnum.conductorService);
  });
  afterAll(async () => {
    for (const name of ALL) await site.startService(name, magnum.conductorService);
  });

  it('versions and 401 are answered; all else waits for a minute: 500', async () => {
    const [versions, withoutToken, answer, created] = await Promise.all([
      ask('GET', '/', undefined, { at: OWN }),
      ask('GET', '/v1/mservices', undefined, { at: OWN, with: null }),
      // A request that changes something is waited for longer.
      ask('PATCH', '/v1/clustertemplates/keyless', replace('/name', 'x')),
      createCluster({ name: 'late' }),
    ]);

    expect([versions.status, withoutToken.status]).toEqual([200, 401]);
    for (const late of [answer, created]) {
      expect(refusal(late)).toEqual([500, matching(/^Timed out waiting for a reply to message ID [0-9a-f]{32}$/)]);
    }
  });

  it('what was waited for is done when one is there again', async () => {
    const waiting = createCluster({ name: 'waiting' });

    for (const name of ALL) await site.startService(name, magnum.conductorService);

    expect((await waiting).status).toBe(202);
  });

  it('mservices says up of one that has just died', async () => {
    const [, TWO = ''] = ALL;
    await site.stopService(TWO, magnum.conductorService);

    const { json } = await ask('GET', '/v1/mservices');

    expect(json).toMatchObject({
      mservices: expect.arrayContaining([expect.objectContaining({ host: TWO, state: 'up' })]) as object,
    });
  });
});

describe('with no API at all', () => {
  beforeAll(async () => {
    for (const name of ALL) await site.stopService(name, magnum.apiService);
  });

  it('503 of HAProxy: HTML', async () => {
    const { status: code, headers, text } = await ask('GET', '/v1/mservices');

    expect([code, headers['content-type']]).toEqual([503, 'text/html']);
    expect(text).toBe(
      '<html><body><h1>503 Service Unavailable</h1>\nNo server is available to handle this request.\n</body></html>\n',
    );
  });

  it('HAProxy routes to them again', async () => {
    for (const name of ALL) await site.startService(name, magnum.apiService);

    await site.until('HAProxy routes', async () => (await ask('GET', '/')).status === 200);

    expect((await ask('GET', '/')).status).toBe(200);
  });
});

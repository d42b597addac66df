import { since } from './generations';
import { remembering } from '../../domain/remembering';

/** A file of HAProxy's configuration. */
export interface ConfigFile {
  /** As it was named on the command line; alerts name it so. */
  readonly path: string;
  readonly content: string;
}

/** A `server` line. */
export interface Server {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly check: boolean;
  /** File and line. */
  readonly where: string;
}

/** Where a section listens. */
export interface Bind {
  readonly address: string;
  readonly port: number;
  /** File with the certificate and its key: TLS is spoken there. */
  readonly certificate?: string;
  /** File and line. */
  readonly where: string;
}

/** A listen, frontend or backend section. */
export interface Proxy {
  readonly kind: 'listen' | 'frontend' | 'backend';
  readonly name: string;
  readonly where: string;
  mode: string;
  httpclose: boolean;
  stats: boolean;
  defaultBackend: string | undefined;
  /** Where `option httplog` stands. */
  httplog: string | undefined;
  readonly binds: Bind[];
  readonly servers: Server[];
}

/** What HAProxy makes of its configuration. */
export interface ParsedConfig {
  readonly proxies: readonly Proxy[];
  /** What it complains about, without `[ALERT]` in front; empty if the configuration is valid. */
  readonly alerts: readonly string[];
  /** What it does otherwise than it is told, likewise. */
  readonly warnings: readonly string[];
}

/** Which HAProxy reads the configuration. */
interface Dialect {
  readonly version: string;
  /** How `include GLOB` is resolved, if Fuel's patched HAProxy is installed. */
  readonly include?: ((pattern: string) => readonly ConfigFile[]) | undefined;
}

/** Parses a configuration as HAProxy 1.5 to 3.0 does, as far as a controller's configuration goes. */
export function parseHaproxyConfig(files: readonly ConfigFile[], dialect: Dialect): ParsedConfig {
  const parser = new Parser(dialect);
  for (const file of files) parser.file(file);
  // Errors of syntax come first, and alone.
  if (parser.alerts.length === 0) parser.checkValidity();
  return parser;
}

class Parser implements ParsedConfig {
  readonly proxies: Proxy[] = [];
  readonly alerts: string[] = [];
  readonly warnings: string[] = [];
  private section: string | undefined;
  private proxy: Proxy | undefined;
  private readonly defaults = { mode: 'tcp', httpclose: false };
  private at = '';

  constructor(private readonly dialect: Dialect) {}

  file({ path, content }: ConfigFile): void {
    const before = this.alerts.length;
    const { section, proxy } = this;
    // A section ends with its file.
    this.section = undefined;
    const { lines, rest } = splitFile(content);
    lines.forEach((words, index) => {
      if (words.length === 0) return;
      this.at = `${path}:${index + 1}`;
      this.line(words);
    });
    const { version } = this.dialect;
    if (rest !== '' && !since(version, '2.3')) {
      this.at = `${path}:${lines.length + 1}`;
      this.line(splitLine(rest));
      if (since(version, '2.1')) {
        this.warnings.push(
          `parsing [${path}:${lines.length + 1}]: Missing LF on last line, file might have been truncated at position ` +
            `${rest.length + 1}. This will become a hard error in HAProxy 2.3.`,
        );
      }
    } else if (rest !== '') {
      this.alerts.push(
        `parsing [${path}:${lines.length + 1}]: Missing LF on last line, file might have been truncated at position ${rest.length + 1}.`,
      );
    }
    if (this.alerts.length > before) this.alerts.push(`Error(s) found in configuration file : ${path}`);
    Object.assign(this, { section, proxy });
  }

  /** What can be said only when all is read. */
  checkValidity(): void {
    for (const { kind, name, mode, httplog, binds, servers, defaultBackend } of this.proxies) {
      if (kind !== 'backend' && binds.length === 0) {
        this.warnings.push(
          `proxy '${name}' has no 'bind' directive. Please declare it as a backend if this was intended.`,
        );
      }
      if (httplog !== undefined && mode !== 'http') {
        this.warnings.push(
          `parsing [${httplog}] : 'option httplog' not usable with proxy '${name}' (needs 'mode http'). Falling back to 'option tcplog'.`,
        );
      }
      if (defaultBackend !== undefined && !this.proxies.some((one) => one.name === defaultBackend)) {
        this.alerts.push(`Proxy '${name}': unable to find required default_backend: '${defaultBackend}'.`);
      }
      servers.forEach((server, index) => {
        const twin = servers.slice(0, index).find((one) => one.name === server.name);
        if (!twin) return;
        this.alerts.push(
          `parsing [${server.where}] : proxy '${name}', another server named '${server.name}' was already defined at line ` +
            `${twin.where.split(':')[1] ?? ''}, please use distinct names.`,
        );
      });
    }
  }

  private line([keyword, ...rest]: readonly string[]): void {
    if (keyword === undefined) return;
    if (SECTIONS.includes(keyword)) this.startSection(keyword, rest);
    else if (keyword === 'include' && this.dialect.include) {
      for (const file of this.dialect.include(rest[0] ?? '')) this.file(file);
    } else if (this.section === undefined)
      this.alerts.push(`parsing [${this.at}]: unknown keyword '${keyword}' out of section.`);
    else if (this.section === 'global') this.known(GLOBAL, keyword);
    else if (PROXY_SECTIONS.includes(this.section)) this.proxyLine(keyword, rest);
  }

  private startSection(keyword: string, [name]: string[]): void {
    this.section = keyword;
    this.proxy = undefined;
    if (keyword === 'defaults') Object.assign(this.defaults, { mode: 'tcp', httpclose: false });
    if (keyword !== 'listen' && keyword !== 'frontend' && keyword !== 'backend') return;
    if (name === undefined) {
      this.alert(`'${keyword}' expects an <id> argument`);
      return;
    }
    const twin = this.proxies.find(
      (one) => one.name === name && (one.kind === keyword || one.kind === 'listen' || keyword === 'listen'),
    );
    if (twin) {
      this.alerts.push(
        `Parsing [${this.at}]: ${kindOf(keyword)} '${name}' has the same name as ${kindOf(twin.kind)} '${name}' declared at ${twin.where}.`,
      );
    }
    this.proxy = {
      kind: keyword,
      name,
      where: this.at,
      ...this.defaults,
      stats: false,
      defaultBackend: undefined,
      httplog: undefined,
      binds: [],
      servers: [],
    };
    this.proxies.push(this.proxy);
  }

  private proxyLine(keyword: string, rest: string[]): void {
    const [first] = rest;
    const { proxy } = this;
    if (keyword === 'server') this.server(rest);
    else if (keyword === 'bind') this.bind(rest);
    else if (keyword === 'option') {
      if (first === undefined || !this.knowsOption(first)) this.alert(`unknown option '${first ?? ''}'.`);
      if (first === 'httpclose') (proxy ?? this.defaults).httpclose = true;
      if (first === 'httplog' && proxy) proxy.httplog = this.at;
    } else if (keyword === 'timeout') this.timeout(rest);
    else if (keyword === 'mode') {
      if (first !== 'http' && first !== 'tcp') this.alert(`unknown proxy mode '${first ?? ''}'.`);
      else (proxy ?? this.defaults).mode = first;
    } else if (
      keyword === 'balance' &&
      !/^(roundrobin|static-rr|leastconn|first|source|uri|url_param|random|hdr\(.+\)|rdp-cookie(\(.+\))?)$/.test(
        first ?? 'roundrobin',
      )
    ) {
      this.alert(
        "balance only supports 'roundrobin', 'static-rr', 'leastconn', 'source', 'uri', 'url_param', 'hdr(name)' and 'rdp-cookie(name)' options.",
      );
    } else if (keyword === 'stats') {
      if (proxy) proxy.stats = true;
    } else if (keyword === 'default_backend') {
      if (proxy) proxy.defaultBackend = first;
    } else this.known(PROXY, keyword);
  }

  private server([name, address, ...params]: string[]): void {
    const [host, port] = (address ?? '').split(':');
    if (name === undefined || address === undefined) {
      this.alerts.push(`[${this.at}] : 'server' expects <name> and <addr>[:<port>] as arguments.`);
      return;
    }
    const label = `'server ${this.proxy?.name ?? ''}/${name}'`;
    for (let at = 0; at < params.length; at++) {
      const param = params[at] ?? '';
      const takes = SERVER_PARAMS[param];
      if (takes === undefined) {
        this.alerts.push(`[${this.at}] : ${label} : unknown keyword '${param}'.`);
        return;
      }
      at += takes;
      if (at >= params.length) {
        this.alerts.push(`[${this.at}] : ${label} : '${param}' expects an argument`);
        return;
      }
    }
    this.proxy?.servers.push({
      name,
      address: host ?? '',
      port: Number(port ?? this.proxy.binds[0]?.port ?? 0),
      check: params.includes('check'),
      where: this.at,
    });
  }

  private bind([addresses, ...params]: string[]): void {
    if (addresses === undefined) {
      this.alert("'bind' expects {<path>|[addr1]:port1[-end1]}{,[addr]:port[-end]}... as arguments.");
      return;
    }
    const certificate = params[params.indexOf('crt') + 1];
    for (const one of addresses.split(',')) {
      const [address, port, ...more] = one.split(':');
      if (port === undefined) this.alert(`'bind' : missing port specification in '${one}'`);
      else if (more.length > 0 || !/^\d+$/.test(port) || Number(port) < 1 || Number(port) > 65535) {
        this.alert(`'bind' : invalid port '${port}'`);
      } else
        this.proxy?.binds.push({
          address: address === '' || address === '*' || address === undefined ? '0.0.0.0' : address,
          port: Number(port),
          where: this.at,
          ...(params.includes('ssl') && certificate !== undefined && { certificate }),
        });
    }
  }

  private timeout([name, value]: string[]): void {
    if (name === undefined || !TIMEOUTS.includes(name)) {
      this.alert(
        "'timeout' supports 'client', 'server', 'connect', 'check', 'queue', 'http-keep-alive', 'http-request', 'tunnel', 'tarpit', " +
          `'client-fin' and 'server-fin' (got '${name ?? ''}')`,
      );
    } else if (value === undefined) this.alert(`'timeout ${name}' expects an integer value (in milliseconds)`);
    else if (!/^\d+(us|ms|s|m|h|d)?$/.test(value)) {
      this.alert(`unexpected character '${value.replace(/^\d*/, '').charAt(0)}' in 'timeout ${name}'`);
    }
  }

  private knowsOption(name: string): boolean {
    const { version } = this.dialect;
    return OPTIONS.includes(name) && (name !== 'http-buffer-request' || since(version, '1.6'));
  }

  private known(keywords: readonly string[], keyword: string): void {
    if (!keywords.includes(keyword)) this.alert(`unknown keyword '${keyword}' in '${this.section ?? ''}' section`);
  }

  private alert(message: string): void {
    this.alerts.push(`parsing [${this.at}] : ${message}`);
  }
}

function kindOf(kind: string): string {
  return kind === 'listen' ? 'proxy' : kind;
}

/** The words of each line, and what follows the last line feed. */
const splitFile = remembering((content) => {
  const lines = content.split('\n');
  const rest = lines.pop() ?? '';
  return { lines: lines.map(splitLine), rest };
});

/** Splits a line: blanks between, `#` starts a comment, quotes and backslashes keep blanks. */
function splitLine(line: string): string[] {
  const words: string[] = [];
  for (const [word] of line.matchAll(/#.*|(?:"[^"]*"|'[^']*'|\\.|[^\s#"'\\])+/g)) {
    if (word.startsWith('#')) break;
    words.push(word.replace(/"([^"]*)"|'([^']*)'|\\(.)/g, '$1$2$3'));
  }
  return words;
}

const PROXY_SECTIONS: readonly string[] = ['defaults', 'listen', 'frontend', 'backend'];
const SECTIONS: readonly string[] = [
  ...PROXY_SECTIONS,
  'global',
  'userlist',
  'peers',
  'resolvers',
  'mailers',
  'cache',
  'ring',
];

const GLOBAL: readonly string[] =
  `ca-base chroot cpu-map crt-base daemon description external-check gid group hard-stop-after log log-send-hostname log-tag
  lua-load maxconn maxconnrate maxpipes maxsslconn nbproc nbthread node noepoll nokqueue nopoll nosplice pidfile quiet
  server-state-base server-state-file setenv spread-checks ssl-default-bind-ciphers ssl-default-bind-ciphersuites
  ssl-default-bind-options ssl-default-server-ciphers ssl-default-server-options ssl-dh-param-file ssl-server-verify stats
  tune.bufsize tune.chksize tune.maxaccept tune.maxrewrite tune.ssl.default-dh-param uid ulimit-n unix-bind user`.split(
    /\s+/,
  );

const PROXY: readonly string[] =
  `acl appsession backlog balance bind-process block capture compression cookie declare default-server default_backend description
  disabled dispatch email-alert enabled errorfile errorloc errorloc302 errorloc303 filter force-persist fullconn grace hash-type
  http-after-response http-check http-request http-response http-reuse http-send-name-header id ignore-persist log log-format
  log-format-sd log-tag max-keep-alive-queue maxconn monitor monitor-uri no persist rate-limit redirect reqadd reqirep reqrep
  retries retry-on rspadd rspirep server-state-file-name source srvtimeout clitimeout contimeout stick stick-table tcp-check
  tcp-request tcp-response transparent unique-id-format unique-id-header use-server use_backend`.split(/\s+/);

const OPTIONS: readonly string[] =
  `abortonclose accept-invalid-http-request accept-invalid-http-response allbackups checkcache clitcpka contstats dontlog-normal
  dontlognull forwardfor http-buffer-request http-ignore-probes http-keep-alive http-no-delay http-pretend-keepalive
  http-server-close http-use-proxy-header httpchk httpclose httplog ldap-check log-health-checks log-separate-errors logasap
  mysql-check nolinger originalto persist pgsql-check prefer-last-server redis-check redispatch smtpchk socket-stats
  splice-auto splice-request splice-response srvtcpka ssl-hello-chk tcp-check tcp-smart-accept tcp-smart-connect tcpka tcplog
  transparent`.split(/\s+/);

const TIMEOUTS: readonly string[] =
  `check client client-fin connect http-keep-alive http-request queue server server-fin tarpit tunnel`.split(' ');

/** Parameters of `server` and how many words follow each. */
const SERVER_PARAMS: Readonly<Record<string, number>> = {
  ...Object.fromEntries(
    'backup check check-ssl disabled enabled non-stick send-proxy send-proxy-v2 ssl'
      .split(' ')
      .map((name) => [name, 0]),
  ),
  ...Object.fromEntries(
    `addr ca-file cookie crt downinter error-limit fall fastinter id init-addr inter maxconn maxqueue minconn observe on-error
    on-marked-down on-marked-up pool-max-conn port redir resolvers rise slowstart sni source track verify verifyhost weight`
      .split(/\s+/)
      .map((name) => [name, 1]),
  ),
};

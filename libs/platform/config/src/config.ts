import { isIP } from 'node:net';
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { unsafeUrls, type StoreSetting } from './unsafe-urls.js';

/** What one process does. Any number of processes share the work by `ROLES`. */
export const PROCESS_ROLES = ['api', 'projector', 'timers', 'notifier'] as const;
export type ProcessRole = (typeof PROCESS_ROLES)[number];

const ENVIRONMENTS = ['development', 'test', 'production'] as const;

export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Stands for the PostgreSQL that the server starts by itself under `DATA_DIR`. */
export const EMBEDDED = 'embedded:';

/** Where access tokens come from when they are not the local issuer's. */
export interface OidcConfig {
  /** Exactly as in the tokens' `iss`, e.g. `https://id.example.gov.cn/realms/street`. */
  readonly issuer: string;
  readonly audience: string;
}

/** How many requests are taken in one window, by all processes together; 0 takes any number (never in production). */
export interface LimitsConfig {
  /** 1 to 3,600. */
  readonly windowSeconds: number;
  /** Of one account, whatever its addresses and tokens. */
  readonly token: number;
  /** Of one address, without a token or with one that is not accepted. */
  readonly address: number;
  /** Commands without a token, of one address. */
  readonly anonymous: number;
  /** Commands without a token, of all addresses together. */
  readonly anonymousTotal: number;
  /** Receipt codes that are nobody's or do not fit, of one account or address. */
  readonly receiptMisses: number;
}

export interface Config {
  /** 0 lets the system choose. */
  readonly port: number;
  readonly host: string;
  /** Absolute path. */
  readonly dataDir: string;
  readonly roles: readonly ProcessRole[];
  /** Memory in MiB that the embedded PostgreSQL may count on; 0: all that the machine or the container has. */
  readonly postgresMemoryMb: number;
  /**
   * 2: a server that plays `api` and other roles plays the others in a process beside it. 1: all in one, which saves some
   * 70 MiB. Default 2, and 1 on a machine with one core, where two processes would only take turns.
   */
  readonly processes: number;
  /** {@link EMBEDDED}, `postgres:`, `postgresql:`, `esdb:` or `esdb+discover:` (also spelt `kurrentdb:`, `kdb:`). */
  readonly eventStoreUrl: string;
  /** {@link EMBEDDED}, `postgres:` or `postgresql:`. */
  readonly readModelUrl: string;
  /** {@link EMBEDDED}, `postgres:`, `postgresql:`, `redis:` or `rediss:`. */
  readonly timersUrl: string;
  /** {@link EMBEDDED}: a folder under `dataDir`; or `s3://bucket?endpoint=…&region=…`. */
  readonly filesUrl: string;
  /** The largest photo that is taken. */
  readonly fileBytesMax: number;
  /** New files that one person may send in a day. */
  readonly filesPerDay: number;
  /** New files by receipt codes in a day, of one account or address. */
  readonly reporterFilesPerDay: number;
  /** The same of everybody. */
  readonly reporterFilesPerDayTotal: number;
  /** Nothing unsafe is started: what would be, is refused with a sentence (`NODE_ENV=production`). */
  readonly production: boolean;
  /** Null: the local issuer is trusted instead (never in production). */
  readonly oidc: OidcConfig | null;
  readonly allowAnonymousReports: boolean;
  /** The longest that an API key may live. Default 365, 1 to 1,095. */
  readonly apiKeyDaysMax: number;
  /** Addresses and networks inside that webhooks may call, for trying out and tests; none in production. */
  readonly webhookLocalAddresses: readonly string[];
  /** Absolute path of the jurisdiction published into an empty log. */
  readonly jurisdictionFile: string;
  readonly logLevel: LogLevel;
  readonly limits: LimitsConfig;
  /** Addresses and networks whose `X-Forwarded-For` is believed; none: the address is that of the connection. */
  readonly trustedProxies: readonly string[];
  /** Origins whose pages may call the API from a browser; none by default. */
  readonly corsOrigins: readonly string[];
  /** Connections open at once; further ones are closed as they come. */
  readonly connectionsMax: number;
  readonly audit: AuditConfig;
}

/** How the log is made provable (docs/how-to/audit.md). */
export interface AuditConfig {
  /** Name of the log in checkpoints, and of the keys that sign them: without spaces and `+`. */
  readonly origin: string;
  /** Of the tree; for the life of a log. */
  readonly algorithm: 'sha256' | 'sm3';
  /** Absolute path; null: a key of its own in the data folder (never in production). */
  readonly keyFile: string | null;
  /** Where checkpoints go: an absolute path, or an `https:` URL (outside production `http:` too). */
  readonly export: string;
  /** A checkpoint is signed when so many events came. Default and maximum 1,000. */
  readonly checkpointEvents: number;
  /** Or when some came and the last is so old. Default and maximum 60; 0: none is signed (never in production). */
  readonly checkpointSeconds: number;
}

/** Thrown when settings are missing or wrong. Lists every problem, not the first one; never quotes a URL, for its password. */
export class ConfigError extends Error {
  readonly code = 'CONFIG_INVALID';
  constructor(readonly problems: readonly string[]) {
    super(`The configuration cannot be used:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
  }
}

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads the settings of one process. An empty variable counts as absent, as in a compose file.
 * `HOST` defaults to 127.0.0.1, since a fresh `npm start` trusts tokens it prints itself; containers set `0.0.0.0`.
 * @throws ConfigError
 */
export function loadConfig(env: Environment, cwd: string = process.cwd()): Config {
  const problems: string[] = [];
  const read = new SettingReader(env, problems);
  // A misspelt word would quietly be a trial that trusts tokens of its own.
  const production = read.oneOf('NODE_ENV', ENVIRONMENTS, 'development') === 'production';
  const roles = read.list('ROLES', PROCESS_ROLES);
  const config: Config = {
    port: read.integer('PORT', 3000, 0, 65_535),
    host: read.text('HOST', '127.0.0.1'),
    dataDir: resolve(cwd, read.text('DATA_DIR', '.data')),
    roles,
    postgresMemoryMb: read.integer('POSTGRES_MEMORY_MB', 0, 0, 100_000_000),
    processes: read.integer('PROCESSES', availableParallelism() > 1 ? 2 : 1, 1, 2),
    eventStoreUrl: read.url('EVENT_STORE_URL', [
      ...['postgres:', 'postgresql:'],
      ...['esdb', 'kurrentdb', 'kdb'].flatMap((scheme) => [`${scheme}:`, `${scheme}+discover:`]),
    ]),
    readModelUrl: read.url('READ_MODEL_URL', ['postgres:', 'postgresql:']),
    timersUrl: read.url('TIMERS_URL', ['redis:', 'rediss:', 'postgres:', 'postgresql:']),
    filesUrl: read.url('FILES_URL', ['s3:']),
    fileBytesMax: read.integer('FILE_BYTES_MAX', 10 * 1024 * 1024, 1_024, 50 * 1024 * 1024),
    filesPerDay: read.integer('FILES_PER_DAY', 200, 1, 1_000_000),
    // A mobile network may hide a district behind one address; all together 20,000 are some 20 GB on the disk.
    reporterFilesPerDay: read.integer('REPORTER_FILES_PER_DAY', 300, 1, 1_000_000),
    reporterFilesPerDayTotal: read.integer('REPORTER_FILES_PER_DAY_TOTAL', 20_000, 1, 100_000_000),
    production,
    oidc: readOidc(read, production),
    allowAnonymousReports: read.flag('ALLOW_ANONYMOUS_REPORTS', true),
    apiKeyDaysMax: read.integer('API_KEY_DAYS_MAX', 365, 1, 1_095),
    webhookLocalAddresses: read.words(
      ...(['WEBHOOK_LOCAL_ADDRESSES', isNetwork, 'IP addresses and networks such as 127.0.0.1'] as const),
    ),
    jurisdictionFile: resolve(cwd, read.text('JURISDICTION_FILE', 'samples/lindong.yaml')),
    logLevel: read.oneOf('LOG_LEVEL', LOG_LEVELS, 'info'),
    limits: readLimits(read, production),
    trustedProxies: read.words('TRUSTED_PROXIES', isNetwork, 'IP addresses and networks such as 10.0.0.0/8'),
    corsOrigins: read.words('CORS_ORIGINS', isOrigin, 'origins such as https://street.example.gov.cn'),
    connectionsMax: read.integer('CONNECTIONS_MAX', 10_000, 10, 100_000),
    audit: readAudit(read, cwd, production),
  };
  if (production && roles.includes('api') && config.oidc === null && !read.has('OIDC_ISSUER')) {
    problems.push(
      'OIDC_ISSUER and OIDC_AUDIENCE must be set in production: tokens of the local issuer are for trying out.',
    );
  }
  if (production && config.webhookLocalAddresses.length > 0)
    problems.push(
      'WEBHOOK_LOCAL_ADDRESSES must be empty in production: webhooks would call inside of the network.',
    );
  if (production && roles.includes('projector') && config.audit.keyFile === null) {
    problems.push(
      'CHECKPOINT_KEY_FILE must be set in production: a key that the server makes for itself proves nothing to others.',
    );
  }
  if (production) problems.push(...unsafeUrls(storesOf(config), read.hosts('PLAINTEXT_HOSTS')));
  if (problems.length > 0) throw new ConfigError(problems);
  return config;
}

const storesOf = ({ eventStoreUrl, readModelUrl, timersUrl }: Config): StoreSetting[] => [
  { name: 'EVENT_STORE_URL', url: eventStoreUrl },
  { name: 'READ_MODEL_URL', url: readModelUrl },
  { name: 'TIMERS_URL', url: timersUrl },
];

function readOidc(read: SettingReader, production: boolean): OidcConfig | null {
  const issuer = read.text('OIDC_ISSUER', '');
  const audience = read.text('OIDC_AUDIENCE', '');
  if (issuer === '' && audience === '') return null;
  if (issuer === '' || audience === '') {
    read.problem(
      'OIDC_ISSUER and OIDC_AUDIENCE must be set together: a token for another audience must not be accepted here.',
    );
    return null;
  }
  const protocol = URL.canParse(issuer) ? new URL(issuer).protocol : '';
  if (protocol !== 'https:' && !(protocol === 'http:' && !production)) {
    read.problem('OIDC_ISSUER must be an https:// URL (http:// is accepted outside production only).');
    return null;
  }
  return { issuer, audience };
}

const LIMIT_MAX = 100_000_000;

/**
 * Defaults by the minute. A token: a thousand a second, ten times a busy department's system and an eighth of what a server
 * answers. An address: fifty a second, since a whole street office may share one; its people are counted by their tokens.
 * Anonymous commands: two a second, since a mobile network may hide a district behind one address.
 */
function readLimits(read: SettingReader, production: boolean): LimitsConfig {
  const limit = (name: string, fallback: number): number => {
    const value = read.integer(name, fallback, 0, LIMIT_MAX);
    if (value === 0 && production)
      read.problem(`${name} must not be 0 in production: it would switch the limit off.`);
    return value;
  };
  return {
    windowSeconds: read.integer('RATE_LIMIT_WINDOW_SECONDS', 60, 1, 3_600),
    token: limit('RATE_LIMIT_TOKEN', 60_000),
    address: limit('RATE_LIMIT_ADDRESS', 3_000),
    anonymous: limit('RATE_LIMIT_ANONYMOUS', 120),
    anonymousTotal: limit('RATE_LIMIT_ANONYMOUS_TOTAL', 6_000),
    receiptMisses: limit('RATE_LIMIT_RECEIPT_MISSES', 20),
  };
}

const AUDIT_HASHES = ['sha256', 'sm3'] as const;

function readAudit(read: SettingReader, cwd: string, production: boolean): AuditConfig {
  const origin = read.text('AUDIT_ORIGIN', 'shaoying.local/log');
  if (/[\s+\p{Cc}]/u.test(origin) || origin.length > 200) {
    read.problem(
      'AUDIT_ORIGIN must have 1 to 200 characters without spaces and "+", such as audit.example.gov.cn/log.',
    );
  }
  const keyFile = read.text('CHECKPOINT_KEY_FILE', '');
  const checkpointSeconds = read.integer('CHECKPOINT_SECONDS', 60, 0, 60);
  if (checkpointSeconds === 0 && production) {
    read.problem('CHECKPOINT_SECONDS must not be 0 in production: no checkpoint would be signed.');
  }
  return {
    origin,
    algorithm: read.oneOf('AUDIT_HASH', AUDIT_HASHES, 'sha256'),
    keyFile: keyFile === '' ? null : resolve(cwd, keyFile),
    export: readExport(read, cwd, production),
    checkpointEvents: read.integer('CHECKPOINT_EVENTS', 1_000, 1, 1_000),
    checkpointSeconds,
  };
}

/** By default a file in the data folder: good for trying out, and for noticing a database that was set back without it. */
function readExport(read: SettingReader, cwd: string, production: boolean): string {
  const target = read.text('CHECKPOINT_EXPORT', '');
  if (target === '') return resolve(cwd, read.text('DATA_DIR', '.data'), 'audit', 'checkpoints.txt');
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(target)) return resolve(cwd, target);
  const protocol = URL.canParse(target) ? new URL(target).protocol : '';
  if (protocol !== 'https:' && !(protocol === 'http:' && !production)) {
    read.problem(
      'CHECKPOINT_EXPORT must be a path or an https:// URL (http:// is accepted outside production only).',
    );
  }
  return target;
}

/** An address, or one with a prefix length. */
function isNetwork(text: string): boolean {
  const [address = '', prefix, ...rest] = text.split('/');
  const bits = { 4: 32, 6: 128 }[isIP(address)];
  if (bits === undefined || rest.length > 0) return false;
  return prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= bits);
}

/** As a browser sends it: without a path, and never `*` or `null`. */
function isOrigin(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol) && new URL(text).origin === text;
}

class SettingReader {
  constructor(
    private readonly env: Environment,
    private readonly problems: string[],
  ) {}

  problem(sentence: string): void {
    this.problems.push(sentence);
  }

  has(name: string): boolean {
    return this.text(name, '') !== '';
  }

  text(name: string, fallback: string): string {
    const value = this.env[name]?.trim();
    return value === undefined || value === '' ? fallback : value;
  }

  /** A comma list of anything, in lower case; absent means none. */
  hosts(name: string): readonly string[] {
    const words = this.text(name, '').toLowerCase().split(',');
    return words.map((word) => word.trim()).filter((word) => word !== '');
  }

  integer(name: string, fallback: number, min: number, max: number): number {
    const text = this.text(name, String(fallback));
    const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    this.problem(`${name} must be a whole number from ${min} to ${max}.`);
    return fallback;
  }

  flag(name: string, fallback: boolean): boolean {
    const text = this.text(name, String(fallback)).toLowerCase();
    if (text === 'true' || text === '1') return true;
    if (text === 'false' || text === '0') return false;
    this.problem(`${name} must be true or false.`);
    return fallback;
  }

  oneOf<Value extends string>(name: string, allowed: readonly Value[], fallback: Value): Value {
    const found = allowed.find((value) => value === this.text(name, fallback));
    if (found === undefined) this.problem(`${name} must be one of ${allowed.join(', ')}.`);
    return found ?? fallback;
  }

  /** A comma list without repetitions, in the order of `allowed`; absent means all. */
  list<Value extends string>(name: string, allowed: readonly Value[]): readonly Value[] {
    const words = this.text(name, allowed.join(','))
      .split(',')
      .map((word) => word.trim());
    if (words.some((word) => !(allowed as readonly string[]).includes(word))) {
      this.problem(`${name} must be a comma-separated list out of ${allowed.join(', ')}.`);
      return allowed;
    }
    return allowed.filter((value) => words.includes(value));
  }

  /** A comma list of anything that `accepts`; absent means none. */
  words(name: string, accepts: (word: string) => boolean, what: string): readonly string[] {
    const text = this.text(name, '');
    const words = text === '' ? [] : text.split(',').map((word) => word.trim());
    if (words.every(accepts)) return words;
    this.problem(`${name} must be a comma-separated list of ${what}.`);
    return [];
  }

  url(name: string, schemes: readonly string[]): string {
    const text = this.text(name, EMBEDDED);
    if (text === EMBEDDED) return EMBEDDED;
    const scheme = /^([a-z][a-z0-9+.-]*:)\/\/[^/]/i.exec(text)?.[1]?.toLowerCase();
    if (scheme !== undefined && schemes.includes(scheme)) return text;
    const accepted = schemes.map((known) => `${known}//`).join(', ');
    this.problem(
      `${name} must start with one of ${accepted} and name a host, or be absent for the embedded default.`,
    );
    return EMBEDDED;
  }
}

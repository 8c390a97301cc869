import { availableParallelism } from 'node:os';
import { ConfigError, EMBEDDED, loadConfig, type Environment } from './config.js';

function problemsOf(env: Environment): readonly string[] {
  try {
    loadConfig(env, '/srv');
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

const withKey = { CHECKPOINT_KEY_FILE: '/etc/shaoying/checkpoint.key' };

describe('loadConfig', () => {
  it('needs nothing: everything embedded, every role, on the loopback address', () => {
    expect(loadConfig({}, '/srv')).toEqual({
      port: 3000,
      host: '127.0.0.1',
      dataDir: '/srv/.data',
      postgresMemoryMb: 0,
      roles: ['api', 'projector', 'timers', 'notifier'],
      processes: availableParallelism() > 1 ? 2 : 1,
      eventStoreUrl: EMBEDDED,
      readModelUrl: EMBEDDED,
      timersUrl: EMBEDDED,
      filesUrl: EMBEDDED,
      fileBytesMax: 10_485_760,
      filesPerDay: 200,
      reporterFilesPerDay: 300,
      reporterFilesPerDayTotal: 20_000,
      production: false,
      oidc: null,
      allowAnonymousReports: true,
      apiKeyDaysMax: 365,
      webhookLocalAddresses: [],
      jurisdictionFile: '/srv/samples/lindong.yaml',
      logLevel: 'info',
      limits: {
        ...{ windowSeconds: 60, token: 60_000, address: 3_000, anonymous: 120, anonymousTotal: 6_000 },
        receiptMisses: 20,
      },
      trustedProxies: [],
      corsOrigins: [],
      connectionsMax: 10_000,
      audit: {
        ...{ origin: 'shaoying.local/log', algorithm: 'sha256', keyFile: null },
        ...{ export: '/srv/.data/audit/checkpoints.txt', checkpointEvents: 1_000, checkpointSeconds: 60 },
      },
    });
  });

  it('takes every setting', () => {
    const config = loadConfig(
      {
        PORT: '0',
        HOST: '0.0.0.0',
        DATA_DIR: '/var/lib/shaoying',
        ROLES: 'timers, api',
        PROCESSES: '1',
        EVENT_STORE_URL: 'esdb+discover://one,two:2113?tls=true',
        READ_MODEL_URL: 'postgresql://u:k9-Wq_27hJ~x4Tz@db/read',
        PLAINTEXT_HOSTS: 'DB, cache',
        TIMERS_URL: 'rediss://cache:6380',
        FILES_URL: 's3://evidence?endpoint=https://s3.example.gov.cn&region=cn-north-1',
        FILE_BYTES_MAX: '5000000',
        FILES_PER_DAY: '50',
        ...{ REPORTER_FILES_PER_DAY: '30', REPORTER_FILES_PER_DAY_TOTAL: '900' },
        NODE_ENV: 'production',
        OIDC_ISSUER: 'https://id.example.gov.cn/realms/street',
        OIDC_AUDIENCE: 'shaoying',
        ALLOW_ANONYMOUS_REPORTS: 'false',
        API_KEY_DAYS_MAX: '90',
        LOG_LEVEL: 'warn',
        ...{
          AUDIT_ORIGIN: 'audit.example.gov.cn/log',
          AUDIT_HASH: 'sm3',
          CHECKPOINT_KEY_FILE: 'keys/log.key',
        },
        CHECKPOINT_EXPORT: 'https://witness.example.gov.cn/log',
        ...{ CHECKPOINT_EVENTS: '10', CHECKPOINT_SECONDS: '5' },
      },
      '/srv',
    );
    expect(config).toMatchObject({
      port: 0,
      roles: ['api', 'timers'],
      processes: 1,
      eventStoreUrl: 'esdb+discover://one,two:2113?tls=true',
      timersUrl: 'rediss://cache:6380',
      filesUrl: 's3://evidence?endpoint=https://s3.example.gov.cn&region=cn-north-1',
      fileBytesMax: 5_000_000,
      filesPerDay: 50,
      reporterFilesPerDay: 30,
      reporterFilesPerDayTotal: 900,
      production: true,
      oidc: { issuer: 'https://id.example.gov.cn/realms/street', audience: 'shaoying' },
      allowAnonymousReports: false,
      apiKeyDaysMax: 90,
      audit: {
        ...{ origin: 'audit.example.gov.cn/log', algorithm: 'sm3', keyFile: '/srv/keys/log.key' },
        ...{ export: 'https://witness.example.gov.cn/log', checkpointEvents: 10, checkpointSeconds: 5 },
      },
    });
  });

  it('names every problem at once', () => {
    const problems = problemsOf({
      PORT: '65536',
      ROLES: 'api,worker',
      EVENT_STORE_URL: 'mysql://db',
      READ_MODEL_URL: 'esdb://db',
      TIMERS_URL: 'redis',
      FILES_URL: 'https://bucket',
      ALLOW_ANONYMOUS_REPORTS: 'perhaps',
      LOG_LEVEL: 'loud',
      OIDC_AUDIENCE: 'shaoying',
    });
    expect(problems).toHaveLength(9);
    for (const problem of problems) expect(problem).toMatch(/^[A-Z_]+ .+\.$/);
  });

  it('never quotes a URL, which may carry a password', () => {
    expect(problemsOf({ EVENT_STORE_URL: 'mysql://root:hunter2@db' }).join()).not.toContain('hunter2');
  });

  it('refuses the local issuer in production, but only where tokens are checked', () => {
    expect(problemsOf({ ...withKey, NODE_ENV: 'production' })).toHaveLength(1);
    expect(problemsOf({ ...withKey, NODE_ENV: 'production', ROLES: 'projector' })).toHaveLength(0);
  });

  it('refuses to sign checkpoints in production with a key of its own, but only where they are signed', () => {
    const problem = expect.stringMatching(/^CHECKPOINT_KEY_FILE must be set in production: .+\.$/);
    expect(problemsOf({ NODE_ENV: 'production', ROLES: 'projector' })).toEqual([problem]);
    expect(problemsOf({ NODE_ENV: 'production', ROLES: 'timers' })).toHaveLength(0);
  });

  it.each([
    { AUDIT_ORIGIN: 'two words' },
    { AUDIT_ORIGIN: 'a+b' },
    { AUDIT_HASH: 'md5' },
    { CHECKPOINT_EVENTS: '1001' },
    { CHECKPOINT_SECONDS: '61' },
    { CHECKPOINT_EXPORT: 'ftp://witness.example.gov.cn' },
  ])('refuses %j', (env) => {
    expect(problemsOf(env)).toHaveLength(1);
  });

  it('signs checkpoints in production, always', () => {
    const env = { CHECKPOINT_SECONDS: '0' };
    expect(problemsOf(env)).toHaveLength(0);
    expect(problemsOf({ ...env, ...withKey, NODE_ENV: 'production', ROLES: 'projector' })).toEqual([
      expect.stringMatching(/^CHECKPOINT_SECONDS must not be 0 in production/),
    ]);
  });

  it('exports checkpoints over http:// outside production only', () => {
    const env = { CHECKPOINT_EXPORT: 'http://witness.local/log' };
    expect(problemsOf(env)).toHaveLength(0);
    expect(problemsOf({ ...env, ...withKey, NODE_ENV: 'production', ROLES: 'projector' })).toHaveLength(1);
  });

  it('refuses an unencrypted OIDC issuer in production', () => {
    const oidc = { OIDC_ISSUER: 'http://id.local', OIDC_AUDIENCE: 'shaoying' };
    expect(problemsOf(oidc)).toHaveLength(0);
    expect(problemsOf({ ...oidc, ...withKey, NODE_ENV: 'production' })).toHaveLength(1);
  });

  it('refuses unsafe addresses in production, together with everything else', () => {
    const env = {
      ...{ EVENT_STORE_URL: 'postgres://shaoying:change-me@db/log', TIMERS_URL: 'redis://cache' },
      ...{ OIDC_ISSUER: 'http://id.local', OIDC_AUDIENCE: 'shaoying', PORT: 'x' },
      ...withKey,
    };
    expect(problemsOf(env)).toHaveLength(1);
    expect(problemsOf({ ...env, NODE_ENV: 'production' })).toHaveLength(5);
    expect(problemsOf({ ...env, NODE_ENV: 'production', PLAINTEXT_HOSTS: 'db,cache' })).toHaveLength(3);
  });

  it.each(['prod', 'Production', 'PRODUCTION'])('does not take NODE_ENV=%s for a trial', (word) => {
    expect(problemsOf({ NODE_ENV: word })).toEqual([expect.stringMatching(/^NODE_ENV must be one of /)]);
  });

  it.each(['-1', '80.5', '1e3', '0x50', 'http'])('refuses the port %s', (port) => {
    expect(problemsOf({ PORT: port })).toHaveLength(1);
  });

  describe('limits and doors', () => {
    it('are settings', () => {
      const config = loadConfig({
        ...{ RATE_LIMIT_WINDOW_SECONDS: '1', RATE_LIMIT_TOKEN: '7', RATE_LIMIT_ADDRESS: '0' },
        ...{ TRUSTED_PROXIES: '10.0.0.0/8, fd00::/8,127.0.0.1', CONNECTIONS_MAX: '50' },
        CORS_ORIGINS: 'https://street.example.gov.cn, http://localhost:5173',
      });
      expect(config).toMatchObject({
        limits: { windowSeconds: 1, token: 7, address: 0, anonymous: 120 },
        trustedProxies: ['10.0.0.0/8', 'fd00::/8', '127.0.0.1'],
        corsOrigins: ['https://street.example.gov.cn', 'http://localhost:5173'],
        connectionsMax: 50,
      });
    });

    it('open no inside address to webhooks in production', () => {
      const WEBHOOK_LOCAL_ADDRESSES = '127.0.0.1, 10.0.0.0/8';
      expect(loadConfig({ WEBHOOK_LOCAL_ADDRESSES }).webhookLocalAddresses).toEqual([
        '127.0.0.1',
        '10.0.0.0/8',
      ]);
      expect(problemsOf({ WEBHOOK_LOCAL_ADDRESSES: 'localhost' })).toHaveLength(1);
      const production = { NODE_ENV: 'production', ROLES: 'notifier', WEBHOOK_LOCAL_ADDRESSES };
      expect(problemsOf(production)).toEqual([
        expect.stringContaining('WEBHOOK_LOCAL_ADDRESSES must be empty'),
      ]);
    });

    it('cannot be switched off in production', () => {
      const production = { ...withKey, NODE_ENV: 'production', ROLES: 'projector' };
      expect(problemsOf({ RATE_LIMIT_TOKEN: '0', RATE_LIMIT_ANONYMOUS: '0' })).toHaveLength(0);
      expect(problemsOf({ ...production, RATE_LIMIT_TOKEN: '0', RATE_LIMIT_ANONYMOUS: '0' })).toEqual([
        expect.stringContaining('RATE_LIMIT_TOKEN must not be 0 in production'),
        expect.stringContaining('RATE_LIMIT_ANONYMOUS must not be 0 in production'),
      ]);
    });

    it.each(['proxy.example.cn', '10.0.0.0/33', '10.0.0.0/8/8', 'true', '*', '10.0.0.1,,10.0.0.2'])(
      'trust no proxy called %s',
      (proxies) => {
        expect(problemsOf({ TRUSTED_PROXIES: proxies })).toHaveLength(1);
      },
    );

    it.each(['*', 'null', 'https://a.example/', 'https://a.example/path', 'ftp://a.example', 'a.example'])(
      'open to no origin called %s',
      (origins) => {
        expect(problemsOf({ CORS_ORIGINS: origins })).toHaveLength(1);
      },
    );
  });
});

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

describe('loadConfig', () => {
  it('needs nothing: everything embedded, every role, on the loopback address', () => {
    expect(loadConfig({}, '/srv')).toEqual({
      port: 3000,
      host: '127.0.0.1',
      dataDir: '/srv/.data',
      roles: ['api', 'projector', 'timers', 'notifier'],
      processes: availableParallelism() > 1 ? 2 : 1,
      eventStoreUrl: EMBEDDED,
      readModelUrl: EMBEDDED,
      timersUrl: EMBEDDED,
      production: false,
      oidc: null,
      allowAnonymousReports: true,
      apiKeyDaysMax: 365,
      jurisdictionFile: '/srv/samples/lindong.yaml',
      logLevel: 'info',
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
        NODE_ENV: 'production',
        OIDC_ISSUER: 'https://id.example.gov.cn/realms/street',
        OIDC_AUDIENCE: 'shaoying',
        ALLOW_ANONYMOUS_REPORTS: 'false',
        API_KEY_DAYS_MAX: '90',
        LOG_LEVEL: 'warn',
      },
      '/srv',
    );
    expect(config).toMatchObject({
      port: 0,
      roles: ['api', 'timers'],
      processes: 1,
      eventStoreUrl: 'esdb+discover://one,two:2113?tls=true',
      timersUrl: 'rediss://cache:6380',
      production: true,
      oidc: { issuer: 'https://id.example.gov.cn/realms/street', audience: 'shaoying' },
      allowAnonymousReports: false,
      apiKeyDaysMax: 90,
    });
  });

  it('names every problem at once', () => {
    const problems = problemsOf({
      PORT: '65536',
      ROLES: 'api,worker',
      EVENT_STORE_URL: 'mysql://db',
      READ_MODEL_URL: 'esdb://db',
      TIMERS_URL: 'redis',
      ALLOW_ANONYMOUS_REPORTS: 'perhaps',
      LOG_LEVEL: 'loud',
      OIDC_AUDIENCE: 'shaoying',
    });
    expect(problems).toHaveLength(8);
    for (const problem of problems) expect(problem).toMatch(/^[A-Z_]+ .+\.$/);
  });

  it('never quotes a URL, which may carry a password', () => {
    expect(problemsOf({ EVENT_STORE_URL: 'mysql://root:hunter2@db' }).join()).not.toContain('hunter2');
  });

  it('refuses the local issuer in production, but only where tokens are checked', () => {
    expect(problemsOf({ NODE_ENV: 'production' })).toHaveLength(1);
    expect(problemsOf({ NODE_ENV: 'production', ROLES: 'projector' })).toHaveLength(0);
  });

  it('refuses an unencrypted OIDC issuer in production', () => {
    const oidc = { OIDC_ISSUER: 'http://id.local', OIDC_AUDIENCE: 'shaoying' };
    expect(problemsOf(oidc)).toHaveLength(0);
    expect(problemsOf({ ...oidc, NODE_ENV: 'production' })).toHaveLength(1);
  });

  it('refuses unsafe addresses in production, together with everything else', () => {
    const env = {
      ...{ EVENT_STORE_URL: 'postgres://shaoying:change-me@db/log', TIMERS_URL: 'redis://cache' },
      ...{ OIDC_ISSUER: 'http://id.local', OIDC_AUDIENCE: 'shaoying', PORT: 'x' },
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
});

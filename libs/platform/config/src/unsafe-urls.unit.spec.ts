import { unsafeUrls } from './unsafe-urls.js';

const problemsOf = (url: string, plaintextHosts: readonly string[] = []): string =>
  unsafeUrls([{ name: 'READ_MODEL_URL', url }], plaintextHosts).join('\n');

const long = 'k9-Wq_27hJ~x4Tz';

describe('an address is safe', () => {
  it.each([
    'embedded:',
    `postgres://u:${long}@localhost/db`,
    `postgres://u:${long}@127.0.0.1:5432/db?sslmode=disable`,
    `postgres://u:${long}@[::1]:5432/db`,
    `postgres://u:${long}@%2Fvar%2Frun%2Fpostgresql/db`,
    `postgres://u:${long}@/db?host=/var/run/postgresql`,
    `postgres://u:${long}@db.example/db?sslmode=verify-full`,
    `postgres://u:${long}@db.example/db?sslmode=require`,
    `postgresql://u:${long}@db.example/db?ssl=true`,
    `postgres://u:${long}@db.example/db?uselibpqcompat=true&sslmode=verify-full`,
    'postgres://db.example/db?sslmode=verify-full',
    `rediss://:${long}@cache.example:6380`,
    'redis://127.0.0.1:6379',
    `esdb+discover://u:${long}@one.example,two.example:2113`,
    `esdb://u:${long}@one.example:2113?tls=true`,
    'esdb://localhost:2113?tls=false',
    'postgres://u:k9-Wq_27hJ~@x@localhost/db',
  ])('%s', (url) => {
    expect(problemsOf(url)).toBe('');
  });

  it('in the clear over a network that is said to be private, host by host', () => {
    const url = `postgres://u:${long}@postgres:5432/db`;
    expect(problemsOf(url, ['redis', 'postgres'])).toBe('');
    expect(problemsOf(url, ['postgres.example'])).toMatch(/without TLS/);
    expect(problemsOf('esdb://one,two:2113?tls=false', ['one'])).toMatch(/without TLS/);
    expect(problemsOf('esdb://one,two:2113?tls=false', ['one', 'two'])).toBe('');
  });
});

describe('an address is refused', () => {
  it.each([
    [`postgres://u:${long}@db.example/db`, /without TLS.*sslmode=verify-full/],
    [`postgres://u:${long}@db.example/db?sslmode=disable`, /without TLS/],
    [`postgres://u:${long}@db.example/db?ssl=false`, /without TLS/],
    [`postgres://u:${long}@localhost.example/db`, /without TLS/],
    [`postgres://u:${long}@127.0.0.1.example/db`, /without TLS/],
    [`postgres://u:${long}@localhost/db?host=db.example`, /without TLS/],
    [`postgres://u:${long}@db.example/db?sslmode=no-verify`, /who answers/],
    [`postgres://u:${long}@db.example/db?sslmode=prefer`, /who answers/],
    [`postgres://u:${long}@db.example/db?uselibpqcompat=true&sslmode=require`, /who answers/],
    ['redis://cache.example:6379', /without TLS.*rediss:/],
    ['esdb://one.example:2113?tls=false', /without TLS/],
    ['esdb://localhost,one.example:2113?Tls=False', /without TLS/],
    ['esdb://one.example:2113?tlsVerifyCert=false', /who answers/],
    ['postgres://shaoying:change-me@localhost/db', /documentation/],
    ['postgres://shaoying:shaoying@localhost/db', /documentation/],
    ['postgres://u:CHANGEME@localhost/db', /documentation/],
    ['postgres://u:change%2Dme@localhost/db', /documentation/],
    ['postgres://localhost/db?user=u&password=postgres', /documentation/],
    ['postgres://water-office:water-office@localhost/db', /documentation/],
    ['esdb://admin:changeit@localhost:2113', /documentation/],
    ['redis://:redis@localhost', /documentation/],
    ['postgres://u:@localhost/db', /fewer than 12/],
    ['postgres://u:k9-Wq_27h@localhost/db', /fewer than 12/],
  ])('%s', (url, sentence) => {
    expect(problemsOf(url)).toMatch(sentence);
  });

  it('with all that is wrong, and nothing of it quoted', () => {
    const problems = unsafeUrls(
      [
        { name: 'EVENT_STORE_URL', url: 'postgres://hunter:hunter@db.example/secret?sslmode=disable' },
        { name: 'TIMERS_URL', url: 'redis://:hunter2@cache.example' },
      ],
      [],
    );
    expect(problems).toHaveLength(4);
    for (const problem of problems) expect(problem).toMatch(/^(EVENT_STORE_URL|TIMERS_URL) [\s\S]+\.$/);
    expect(problems.join()).not.toMatch(/hunter|example|secret/);
  });
});

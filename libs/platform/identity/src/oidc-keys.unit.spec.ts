import { SimulatedClock } from '@shaoying/config';
import type { JWTPayload } from 'jose';
import { OidcIssuer, type KeyPair } from './testing/index.js';
import { TokenVerifier } from './token-verifier.js';

const NOW = '2026-03-01T00:00:00.000Z';

let first: KeyPair;
let second: KeyPair;
let issuer: OidcIssuer;
let clock: SimulatedClock;
let verifier: TokenVerifier;
let subjects = 0;

beforeAll(async () => {
  [first, second] = await Promise.all([OidcIssuer.keyPair('ES256'), OidcIssuer.keyPair('ES256')]);
});
beforeEach(async () => {
  issuer = await OidcIssuer.listen();
  await issuer.publish({ first });
  clock = new SimulatedClock(NOW);
  verifier = TokenVerifier.forOidc({ issuer: issuer.url, audience: 'shaoying' }, { clock });
});
afterEach(() => issuer.close());

const minute = 60_000;

/** A new one each time: a token that was checked before asks for no key. */
function tokenOf(key: KeyPair, kid: string, claims: JWTPayload = {}): Promise<string> {
  const now = clock.now().getTime() / 1000;
  const sub = `user-${(subjects += 1)}`;
  return issuer.sign(key.privateKey, { alg: 'ES256', kid }, { sub, ...claims }, now);
}

const accepted = async (key: KeyPair, kid: string): Promise<void> => {
  expect(await verifier.verify(await tokenOf(key, kid))).toMatchObject({ roles: ['oversight'] });
};
const refused = async (code: string, key: KeyPair, kid: string): Promise<void> => {
  await expect(verifier.verify(await tokenOf(key, kid))).rejects.toMatchObject({ code });
};
const away = (): void => {
  issuer.answer = (request) => request.destroy();
};
const back = (): void => {
  issuer.answer = undefined;
};

it('the issuer is asked once for any number of tokens', async () => {
  await Promise.all(Array.from({ length: 10 }, () => accepted(first, 'first')));
  await accepted(first, 'first');
  expect(issuer.fetches).toEqual(['/realms/street/.well-known/openid-configuration', '/realms/street/keys']);
});

it('a key that is new at the issuer counts without a restart, and one that it has withdrawn no more', async () => {
  await accepted(first, 'first');
  await issuer.publish({ first, second });
  clock.advanceMs(11_000);
  await accepted(second, 'second');
  await accepted(first, 'first');
  await issuer.publish({ second });
  clock.advanceMs(6 * minute);
  await refused('TOKEN_INVALID', first, 'first');
  await accepted(second, 'second');
});

it('a token that was checked before ends with its key, ten minutes later at the most', async () => {
  const token = await tokenOf(first, 'first', { exp: clock.now().getTime() / 1000 + 3_600 });
  await verifier.verify(token);
  await issuer.publish({ second });
  clock.advanceMs(10 * minute);
  await expect(verifier.verify(token)).rejects.toMatchObject({ code: 'TOKEN_INVALID' });
});

it('a hundred tokens with ids of keys that nobody knows are one fetch in ten seconds', async () => {
  await accepted(first, 'first');
  const before = issuer.fetches.length;
  for (let n = 0; n < 50; n += 1) await refused('TOKEN_INVALID', second, `unknown-${n}`);
  expect(issuer.fetches.length - before).toBe(0);
  clock.advanceMs(10_000);
  await Promise.all(Array.from({ length: 50 }, (_, n) => refused('TOKEN_INVALID', second, `unknown-${n}`)));
  expect(issuer.fetches.length - before).toBe(1);
});

describe('while the issuer is away', () => {
  it('nothing is said about a token before its keys were seen: 503, not 401; and it is left alone for a while', async () => {
    away();
    await refused('IDENTITY_PROVIDER_UNAVAILABLE', first, 'first');
    const asked = issuer.fetches.length;
    for (let n = 0; n < 20; n += 1) await refused('IDENTITY_PROVIDER_UNAVAILABLE', first, 'first');
    expect(issuer.fetches).toHaveLength(asked);
    back();
    clock.advanceMs(5_000);
    await accepted(first, 'first');
  });

  it('the keys it gave last count, for four hours', async () => {
    await accepted(first, 'first');
    away();
    for (const hours of [1, 2, 3]) {
      clock.set(new Date(Date.parse(NOW) + hours * 60 * minute));
      await accepted(first, 'first');
    }
    clock.set(new Date(Date.parse(NOW) + 240 * minute));
    await refused('IDENTITY_PROVIDER_UNAVAILABLE', first, 'first');
    back();
    clock.advanceMs(5_000);
    await accepted(first, 'first');
  });

  it('a key that is not among them may be a new one: 503, and no burst of fetches', async () => {
    await accepted(first, 'first');
    away();
    clock.advanceMs(11_000);
    const before = issuer.fetches.length;
    for (let n = 0; n < 20; n += 1) await refused('IDENTITY_PROVIDER_UNAVAILABLE', second, 'second');
    expect(issuer.fetches.length - before).toBe(1);
    await accepted(first, 'first');
  });

  it('keys that it has moved are found again', async () => {
    await accepted(first, 'first');
    issuer.answer = (request, response) => {
      if (request.url?.endsWith('/keys')) return void response.writeHead(404).end();
      issuer.answer = undefined;
      issuer.discovery = { jwks_uri: `${issuer.url}/moved` };
      const document = { issuer: issuer.url, jwks_uri: `${issuer.url}/moved` };
      response.end(JSON.stringify(document));
    };
    clock.advanceMs(6 * minute);
    await accepted(first, 'first');
    clock.advanceMs(5_000);
    await accepted(first, 'first');
    expect(issuer.fetches.at(-1)).toBe('/realms/street/moved');
  });
});

describe('an issuer that is not who it should be, or does what it should not, is one whose keys are not known', () => {
  const answers: [string, (issuer: OidcIssuer) => void][] = [
    ['another name', (it) => (it.discovery = { issuer: 'https://evil.example' })],
    ['its name with a slash more', (it) => (it.discovery = { issuer: `${it.url}/` })],
    ['no address of its keys', (it) => (it.discovery = { jwks_uri: undefined })],
    ['an address of its keys that is a file', (it) => (it.discovery = { jwks_uri: 'file:///etc/passwd' })],
    ['a document that is no object', (it) => (it.answer = (_request, response) => response.end('null'))],
    ['a document that is no JSON', (it) => (it.answer = (_request, response) => response.end('<html>'))],
    [
      'a redirect to somebody else',
      (it) =>
        (it.answer = (_request, response) =>
          response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end()),
    ],
    [
      'a redirect of its keys',
      (it) => {
        const { url } = it;
        it.answer = (request, response) => {
          if (request.url?.endsWith('/keys')) response.writeHead(307, { location: `${url}/others` }).end();
          else response.end(JSON.stringify({ issuer: url, jwks_uri: `${url}/keys` }));
        };
      },
    ],
    [
      'a document without an end',
      (it) =>
        (it.answer = (_request, response) => {
          const more = (): void => void (response.destroyed || response.write(' '.repeat(64 * 1024), more));
          more();
        }),
    ],
    [
      'keys that are none',
      (it) => it.publishAsItIs({ kty: 'EC', kid: 'first', crv: 'P-256', x: 'AA', y: 'AA' }),
    ],
    [
      'an error with keys in it',
      (it) => (it.answer = (_request, response) => response.writeHead(500).end('{}')),
    ],
  ];
  it.each(answers)('%s', async (_what, misbehave) => {
    misbehave(issuer);
    await refused('IDENTITY_PROVIDER_UNAVAILABLE', first, 'first');
    expect(issuer.fetches).not.toContain('/realms/street/others');
  });

  it('one that accepts and says nothing', async () => {
    issuer.answer = () => undefined;
    const startedMs = performance.now();
    await refused('IDENTITY_PROVIDER_UNAVAILABLE', first, 'first');
    expect(performance.now() - startedMs).toBeLessThan(10_000);
  });

  it('an https issuer that sends for its keys in the clear', async () => {
    const https = 'https://id.example.gov.cn/realms/street';
    const asked = jest.spyOn(globalThis, 'fetch').mockImplementation((url) => {
      const document = { issuer: https, jwks_uri: `${issuer.url}/keys` };
      return Promise.resolve(
        new Response(String(url).startsWith(https) ? JSON.stringify(document) : '{"keys":[]}'),
      );
    });
    try {
      const secure = TokenVerifier.forOidc({ issuer: https, audience: 'shaoying' }, { clock });
      const token = await tokenOf(first, 'first', { iss: https });
      await expect(secure.verify(token)).rejects.toMatchObject({ code: 'IDENTITY_PROVIDER_UNAVAILABLE' });
      expect(asked).toHaveBeenCalledTimes(1);
    } finally {
      asked.mockRestore();
    }
  });
});

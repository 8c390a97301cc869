import { SimulatedClock } from '@shaoying/config';
import { CompactSign, exportJWK, exportSPKI, type CryptoKey, type JWK, type JWTPayload } from 'jose';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { OidcIssuer, type Header, type KeyPair } from './testing/index.js';
import { TokenVerifier } from './token-verifier.js';

const NOW = '2026-03-01T00:00:00.000Z';
const nowSeconds = Date.parse(NOW) / 1000;

let issuer: OidcIssuer;
let keys: Record<string, KeyPair>;
let jwks: Record<string, JWK>;

beforeAll(async () => {
  issuer = await OidcIssuer.listen();
  const algorithms = ['RS256', 'ES256', 'EdDSA', 'PS256', 'ES384', 'RS512'];
  const pairs = await Promise.all(algorithms.map((alg) => OidcIssuer.keyPair(alg)));
  keys = Object.fromEntries(algorithms.map((alg, index) => [alg, pairs[index] as KeyPair]));
  await issuer.publish(keys);
  jwks = {};
  for (const alg of algorithms) jwks[alg] = await exportJWK(keys[alg]!.publicKey);
});
afterAll(() => issuer.close());
beforeEach(() => issuer.fetches.splice(0));

const privateKey = (alg: string): CryptoKey => keys[alg]!.privateKey;

function sign(alg: string, claims: JWTPayload = {}, header: Partial<Header> = {}): Promise<string> {
  return issuer.sign(privateKey(alg), { alg, kid: alg, ...header }, claims, nowSeconds);
}

const newVerifier = (): TokenVerifier =>
  TokenVerifier.forOidc({ issuer: issuer.url, audience: 'shaoying' }, { clock: new SimulatedClock(NOW) });

const verify = (token: string) => newVerifier().verify(token);

/** A signed token whose claims or header are this very text. */
async function signText(claims: string, header: string | null = null): Promise<string> {
  const usual = { alg: 'ES256', kid: 'ES256' };
  const token = await new CompactSign(Buffer.from(claims))
    .setProtectedHeader(usual)
    .sign(privateKey('ES256'));
  if (header === null) return token;
  const input = `${Buffer.from(header).toString('base64url')}.${token.split('.')[1]}`;
  const algorithm = { name: 'ECDSA', hash: 'SHA-256' };
  const signature = await crypto.subtle.sign(algorithm, privateKey('ES256'), Buffer.from(input));
  return `${input}.${Buffer.from(signature).toString('base64url')}`;
}

const usualClaims = (): string =>
  `"sub":"chen","roles":["resident"],"iss":"${issuer.url}","aud":"shaoying","exp":${nowSeconds + 60}`;

describe('a token is accepted', () => {
  it.each(['RS256', 'ES256', 'EdDSA'])(
    'signed by %s; roles that are unknown here are dropped',
    async (alg) => {
      const token = await sign(alg, { roles: ['oversight', 'offline_access', 'ADMIN', 'admin '], org: null });
      expect(await verify(token)).toEqual({
        ...{ id: 'chen', roles: ['oversight'], orgUnitId: null },
        expiresAt: new Date((nowSeconds + 60) * 1000),
      });
    },
  );

  it.each<[string, JWTPayload, Partial<Header>]>([
    ['for several audiences, one of them this', { aud: ['payroll', 'shaoying'] }, {}],
    ['of type JWT', {}, { typ: 'JWT' }],
    ['of type at+jwt', {}, { typ: 'at+jwt' }],
    ['of type application/at+jwt', {}, { typ: 'application/at+jwt' }],
    ['that begins within the tolerance', { nbf: nowSeconds + 5 }, {}],
    ['that ended within the tolerance', { exp: nowSeconds - 4 }, {}],
    ['of a clock that is a little ahead', { iat: nowSeconds + 60 }, {}],
    ['with claims of its own, 5 KB of them', { groups: 'x'.repeat(5 * 1024) }, {}],
  ])('%s', async (_what, claims, header) => {
    expect(await verify(await sign('ES256', claims, header))).toMatchObject({ id: 'chen' });
  });
});

describe('a token of the true issuer is refused', () => {
  it.each<[string, JWTPayload]>([
    ['another audience', { aud: 'payroll' }],
    ['other audiences', { aud: ['payroll', 'shaoying '] }],
    ['no audience', { aud: undefined }],
    ['an audience that only contains this one', { aud: 'shaoying-test' }],
    ['an audience that is no text', { aud: { shaoying: true } as never }],
    ['another issuer', { iss: 'https://evil.example' }],
    ['no issuer', { iss: undefined }],
    ['a start in the future', { nbf: nowSeconds + 6 }],
    ['a start that is no number', { nbf: 'now' as never }],
    ['an issue far in the future', { iat: nowSeconds + 61 }],
    ['an issue that is no number', { iat: 'now' as never }],
    ['no expiry', { exp: undefined }],
    ['an expiry that is no number', { exp: '2099-01-01' as never }],
    ['an expiry that is no date', { exp: 1e300 }],
    ['no subject', { sub: undefined }],
    ['a subject that is no text', { sub: 42 as never }],
    ['no roles', { roles: undefined }],
    ['roles that are no list', { roles: 'admin' }],
    ['roles that are an object', { roles: { 0: 'admin', length: 1 } }],
    ['roles that are no texts', { roles: [['admin']] }],
    ['a thousand roles', { roles: Array.from({ length: 1_000 }, () => 'admin') }],
    ['an org that is no id', { org: '../st-1' }],
    ['an org that is a list', { org: ['st-hepan'] }],
    ['an org that is a number', { org: 7 }],
    ['an empty org', { org: '' }],
  ])('with %s', async (_what, claims) => {
    await expect(verify(await sign('ES256', claims))).rejects.toMatchObject({ code: 'TOKEN_INVALID' });
  });

  it('once it has expired', async () => {
    const token = await sign('ES256', { exp: nowSeconds - 5 });
    await expect(verify(token)).rejects.toMatchObject({ code: 'TOKEN_EXPIRED' });
  });

  it.each(['PS256', 'ES384', 'RS512'])(
    'by %s, outside the list, though the key is published',
    async (alg) => {
      await expect(verify(await sign(alg))).rejects.toMatchObject({ code: 'TOKEN_INVALID' });
      // Not even a key is asked for.
      expect(issuer.fetches).toEqual([]);
    },
  );

  it.each<[string, Partial<Header>]>([
    ['a logout token', { typ: 'logout+jwt' }],
    ['a token of another kind', { typ: 'secevent+jwt' }],
    ['a type that is no text', { typ: 7 }],
    [
      'a critical extension nobody here knows',
      { crit: ['http://example.com/ext'], 'http://example.com/ext': 1 },
    ],
    ['an unencoded payload', { crit: ['b64'], b64: false }],
  ])('that is %s', async (_what, header) => {
    const token = await sign('ES256', {}, { typ: 'JWT' });
    const [, payload] = token.split('.');
    const text = Buffer.from(payload ?? '', 'base64url').toString();
    const crafted = await signText(text, JSON.stringify({ alg: 'ES256', kid: 'ES256', ...header }));
    await expect(verify(crafted)).rejects.toMatchObject({ code: 'TOKEN_INVALID' });
  });

  it('that is as long as no token is', async () => {
    const token = await sign('ES256', { groups: 'x'.repeat(8 * 1024) });
    await expect(verify(token)).rejects.toMatchObject({ code: 'TOKEN_INVALID' });
  });

  it.each<[string, () => string, string | null]>([
    ['a claim twice', () => `{${usualClaims()},"roles":["admin"]}`, null],
    ['a claim twice, spelt in two ways', () => `{${usualClaims()}, "r\\u006fles" : ["admin"]}`, null],
    ['a header twice', () => `{${usualClaims()}}`, '{"alg":"ES256","kid":"PS256","kid":"ES256"}'],
    ['claims that are a list', () => '["admin"]', null],
    ['claims that are null', () => 'null', null],
    ['claims that are no JSON', () => `{${usualClaims()}`, null],
    [
      'claims of a prototype',
      () => `{"__proto__":{"roles":["admin"]},${usualClaims().replace('roles', 'rolls')}}`,
      null,
    ],
  ])('with %s', async (_what, claims, header) => {
    await expect(verify(await signText(claims(), header))).rejects.toMatchObject({ code: 'TOKEN_INVALID' });
  });

  it('and the same text is accepted when each claim stands there once', async () => {
    const nested = `{${usualClaims()},"realm":{"roles":[{"roles":1},"\\"roles\\":"]}}`;
    expect(await verify(await signText(nested))).toMatchObject({ id: 'chen', roles: ['resident'] });
  });
});

describe('a token that somebody else made is refused', () => {
  it.each(['RS256', 'ES256', 'EdDSA'])(
    'signed by HMAC with the public key of %s as its secret',
    async (alg) => {
      const { publicKey } = keys[alg]!;
      const spki = await exportSPKI(publicKey);
      const der = Buffer.from(await crypto.subtle.exportKey('spki', publicKey));
      for (const secret of [
        Buffer.from(spki),
        Buffer.from(spki.trim()),
        der,
        Buffer.from(JSON.stringify(jwks[alg])),
      ]) {
        const token = await issuer.sign(secret, { alg: 'HS256', kid: alg }, { roles: ['admin'] }, nowSeconds);
        await expect(verify(token)).rejects.toMatchObject({ code: 'TOKEN_INVALID' });
      }
      expect(issuer.fetches).toEqual([]);
    },
  );

  it.each(['none', 'None', 'nOnE', '', 'HS256', 'ES256 ', 'es256'])(
    'with alg %j and no signature',
    async (alg) => {
      const part = (value: string): string => Buffer.from(value).toString('base64url');
      const token = `${part(JSON.stringify({ alg, kid: 'ES256' }))}.${part(`{${usualClaims()}}`)}.`;
      await expect(verify(token)).rejects.toMatchObject({ code: 'TOKEN_INVALID' });
      expect(issuer.fetches).toEqual([]);
    },
  );

  it('with a key, a certificate or an address of a key in its header, and nobody is asked there', async () => {
    const forged = await OidcIssuer.keyPair('ES256');
    const jwk = await exportJWK(forged.publicKey);
    const asked: unknown[] = [];
    const evil = createServer((request, response) => {
      asked.push(request.url);
      response.end(JSON.stringify({ keys: [{ ...jwk, kid: 'ES256' }] }));
    });
    await new Promise<void>((listening) => evil.listen(0, '127.0.0.1', listening));
    const address = `http://127.0.0.1:${(evil.address() as AddressInfo).port}/keys`;
    try {
      for (const header of [
        { jwk },
        { jku: address },
        { x5u: address },
        { x5c: ['MIIB'] },
        { jwk, kid: undefined },
      ]) {
        const crafted: Header = { alg: 'ES256', kid: 'ES256', ...header };
        const token = await issuer.sign(forged.privateKey, crafted, { roles: ['admin'] }, nowSeconds);
        await expect(verify(token)).rejects.toMatchObject({ code: 'TOKEN_INVALID' });
      }
    } finally {
      await new Promise((closed) => evil.close(closed));
    }
    expect(asked).toEqual([]);
  });

  it.each<unknown>([
    '../../../../dev/null',
    "ES256' OR '1'='1",
    'http://127.0.0.1:1/keys',
    '__proto__',
    'ES256\u0000',
    'x'.repeat(4_000),
    ['ES256'],
    0,
  ])('with the key id %j', async (kid) => {
    const forged = await OidcIssuer.keyPair('ES256');
    const token = await issuer.sign(
      forged.privateKey,
      { alg: 'ES256', kid },
      { roles: ['admin'] },
      nowSeconds,
    );
    await expect(verify(token)).rejects.toMatchObject({ code: 'TOKEN_INVALID' });
  });

  it.each([
    ['RS256', 'ES256'],
    ['ES256', 'EdDSA'],
    ['EdDSA', 'RS256'],
  ])('signed by a key of %s, naming one of %s', async (alg, kid) => {
    const forged = await OidcIssuer.keyPair(alg);
    const token = await issuer.sign(forged.privateKey, { alg, kid }, { roles: ['admin'] }, nowSeconds);
    await expect(verify(token)).rejects.toMatchObject({ code: 'TOKEN_INVALID' });
  });

  it('though a symmetric key or one for encryption stands among the published ones', async () => {
    const secret = Buffer.from('a secret that was published by mistake');
    const { ES256 } = keys;
    issuer.publishAsItIs(
      { kty: 'oct', k: secret.toString('base64url'), kid: 'oct', alg: 'HS256' },
      { ...jwks['ES256'], use: 'enc', kid: 'enc' },
    );
    try {
      const tokens = [
        await issuer.sign(secret, { alg: 'HS256', kid: 'oct' }, {}, nowSeconds),
        await issuer.sign(ES256!.privateKey, { alg: 'ES256', kid: 'enc' }, {}, nowSeconds),
      ];
      for (const token of tokens) {
        await expect(verify(token)).rejects.toMatchObject({ code: 'TOKEN_INVALID' });
      }
    } finally {
      await issuer.publish(keys);
    }
  });
});

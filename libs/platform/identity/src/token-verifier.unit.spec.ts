import { SimulatedClock } from '@shaoying/config';
import { exportJWK, exportSPKI, generateKeyPair, SignJWT, type CryptoKey, type JWTPayload } from 'jose';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LOCAL_AUDIENCE, LOCAL_ISSUER, LocalIssuer } from './local-issuer.js';
import { TokenVerifier } from './token-verifier.js';

const NOW = '2026-03-01T00:00:00.000Z';
const nowSeconds = Date.parse(NOW) / 1000;

function base64url(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

describe('TokenVerifier with the local issuer', () => {
  let dataDir: string;
  let clock: SimulatedClock;
  let issuer: LocalIssuer;
  let verifier: TokenVerifier;

  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'token-verifier-'));
    clock = new SimulatedClock(NOW);
    issuer = await LocalIssuer.open(dataDir, { clock });
    verifier = TokenVerifier.forLocalIssuer(issuer, { clock });
  });
  afterEach(() => rm(dataDir, { recursive: true }));

  it('refuses an expired token, also one it has accepted before', async () => {
    const token = await issuer.issue({ sub: 'chen', roles: [], ttlSeconds: 60 });
    await verifier.verify(token);
    clock.advanceMs(64_999);
    await verifier.verify(token);
    clock.advanceMs(1);
    await expect(verifier.verify(token)).rejects.toMatchObject({ code: 'TOKEN_EXPIRED' });
    await expect(verifier.verify(token)).rejects.toMatchObject({ code: 'TOKEN_EXPIRED' });
  });

  it('checks a signature once, not on every request', async () => {
    const token = await issuer.issue({ sub: 'chen', roles: ['admin'] });
    const first = await verifier.verify(token);
    expect(await verifier.verify(token)).toBe(first);
    clock.advanceMs(6 * 60_000);
    expect(await verifier.verify(token)).not.toBe(first);
  });

  it('refuses a token without a signature', async () => {
    const claims = {
      sub: 'chen',
      roles: ['admin'],
      iss: LOCAL_ISSUER,
      aud: LOCAL_AUDIENCE,
      exp: nowSeconds + 60,
    };
    for (const alg of ['none', 'None', 'NONE']) {
      const token = `${base64url({ alg })}.${base64url(claims)}.`;
      await expect(verifier.verify(token)).rejects.toMatchObject({ code: 'TOKEN_INVALID' });
    }
  });

  it('refuses a token signed with the public key as an HMAC secret', async () => {
    for (const secret of [await exportSPKI(issuer.publicKey), (await exportJWK(issuer.publicKey)).x ?? '']) {
      const token = await new SignJWT({ roles: ['admin'] })
        .setProtectedHeader({ alg: 'HS256', kid: issuer.keyId })
        .setSubject('chen')
        .setIssuer(LOCAL_ISSUER)
        .setAudience(LOCAL_AUDIENCE)
        .setExpirationTime(nowSeconds + 60)
        .sign(new TextEncoder().encode(secret.padEnd(32, '=')));
      await expect(verifier.verify(token)).rejects.toMatchObject({ code: 'TOKEN_INVALID' });
    }
  });

  it('refuses a key the token brings along, and an algorithm the key is not for', async () => {
    const forged = await generateKeyPair('ES256', { extractable: true });
    const token = await new SignJWT({ roles: ['admin'] })
      .setProtectedHeader({ alg: 'ES256', jwk: await exportJWK(forged.publicKey) })
      .setSubject('chen')
      .setIssuer(LOCAL_ISSUER)
      .setAudience(LOCAL_AUDIENCE)
      .setExpirationTime(nowSeconds + 60)
      .sign(forged.privateKey);
    await expect(verifier.verify(token)).rejects.toMatchObject({ code: 'TOKEN_INVALID' });
  });

  it('refuses a token with one changed character, and what is no token at all', async () => {
    const token = await issuer.issue({ sub: 'chen', roles: ['department'], org: 'dep-1' });
    const [header, , signature] = token.split('.');
    const other = base64url({
      sub: 'chen',
      roles: ['admin'],
      iss: LOCAL_ISSUER,
      aud: LOCAL_AUDIENCE,
      exp: nowSeconds + 60,
    });
    for (const bad of [`${header}.${other}.${signature}`, '', 'a.b.c', 'x'.repeat(9_000), `${token}.x`]) {
      await expect(verifier.verify(bad)).rejects.toMatchObject({ code: 'TOKEN_INVALID' });
    }
  });

  it.each(['anonymous', 'system:timers', '', 'a b', 'line\nbreak', 'x'.repeat(201)])(
    'refuses the subject %j, which must not stand in an event',
    async (sub) => {
      const token = await issuer.issue({ sub, roles: ['admin'] });
      await expect(verifier.verify(token)).rejects.toMatchObject({ code: 'TOKEN_INVALID' });
    },
  );

  it('refuses the tokens of another data folder', async () => {
    const elsewhere = await LocalIssuer.open(join(dataDir, 'elsewhere'), { clock });
    const token = await elsewhere.issue({ sub: 'chen', roles: ['admin'] });
    await expect(verifier.verify(token)).rejects.toMatchObject({ code: 'TOKEN_INVALID' });
  });
});

describe('TokenVerifier with an OIDC issuer', () => {
  let server: Server;
  let issuer: string;
  let keys: Record<string, { publicKey: CryptoKey; privateKey: CryptoKey }>;
  let fetches: string[];
  let named: string | undefined;
  let clock: SimulatedClock;

  beforeAll(async () => {
    keys = {
      RS256: await generateKeyPair('RS256', { extractable: true }),
      ES256: await generateKeyPair('ES256', { extractable: true }),
      EdDSA: await generateKeyPair('EdDSA', { extractable: true }),
      PS256: await generateKeyPair('PS256', { extractable: true }),
    };
  });

  beforeEach(async () => {
    clock = new SimulatedClock(NOW);
    fetches = [];
    named = undefined;
    const jwks = await Promise.all(
      Object.entries(keys).map(async ([kid, { publicKey }]) => ({ ...(await exportJWK(publicKey)), kid })),
    );
    server = createServer((request, response) => {
      fetches.push(request.url ?? '');
      const document = request.url?.endsWith('/keys')
        ? { keys: jwks }
        : { issuer: named ?? issuer, jwks_uri: `${issuer}/keys` };
      response.setHeader('content-type', 'application/json').end(JSON.stringify(document));
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}/realms/street`;
  });
  afterEach(() => new Promise((closed) => server.close(closed)));

  function sign(alg: string, claims: JWTPayload = {}): Promise<string> {
    return new SignJWT({
      sub: 'chen',
      roles: ['oversight', 'offline_access'],
      iss: issuer,
      aud: ['other', 'shaoying'],
      exp: nowSeconds + 60,
      ...claims,
    })
      .setProtectedHeader({ alg, kid: alg })
      .sign(keys[alg]!.privateKey);
  }

  function verify(token: string): Promise<unknown> {
    return TokenVerifier.forOidc({ issuer, audience: 'shaoying' }, { clock }).verify(token);
  }

  it.each(['RS256', 'ES256', 'EdDSA'])(
    'accepts %s by discovery, and drops roles it does not know',
    async (alg) => {
      expect(await verify(await sign(alg))).toMatchObject({
        id: 'chen',
        roles: ['oversight'],
        orgUnitId: null,
      });
      expect(fetches).toEqual(['/realms/street/.well-known/openid-configuration', '/realms/street/keys']);
    },
  );

  it('asks the issuer once for any number of tokens', async () => {
    const verifier = TokenVerifier.forOidc({ issuer, audience: 'shaoying' }, { clock });
    const tokens = await Promise.all(
      Array.from({ length: 10 }, (_, n) => sign('ES256', { sub: `user-${n}` })),
    );
    await Promise.all(tokens.map((token) => verifier.verify(token)));
    expect(fetches).toHaveLength(2);
  });

  it.each<[string, JWTPayload]>([
    ['another audience', { aud: 'payroll' }],
    ['another issuer', { iss: 'https://evil.example' }],
    ['a start in the future', { nbf: nowSeconds + 3600 }],
    ['no expiry', { exp: undefined }],
    ['roles that are no list', { roles: 'admin' }],
    ['an org that is no id', { org: '../st-1' }],
  ])('refuses %s', async (_what, claims) => {
    await expect(verify(await sign('ES256', claims))).rejects.toMatchObject({ code: 'TOKEN_INVALID' });
  });

  it('refuses an algorithm outside the list even with a published key', async () => {
    await expect(verify(await sign('PS256'))).rejects.toMatchObject({ code: 'TOKEN_INVALID' });
  });

  it('refuses a key id the issuer does not publish', async () => {
    const token = await new SignJWT({
      sub: 'chen',
      roles: [],
      iss: issuer,
      aud: 'shaoying',
      exp: nowSeconds + 60,
    })
      .setProtectedHeader({ alg: 'ES256', kid: 'unknown' })
      .sign(keys['ES256']!.privateKey);
    await expect(verify(token)).rejects.toMatchObject({ code: 'TOKEN_INVALID' });
  });

  it('says that it cannot know when the issuer is away or is not who it should be', async () => {
    const token = await sign('ES256');
    named = 'https://evil.example';
    await expect(verify(token)).rejects.toMatchObject({ code: 'IDENTITY_PROVIDER_UNAVAILABLE' });
    const gone = 'http://127.0.0.1:1';
    await expect(
      TokenVerifier.forOidc({ issuer: gone, audience: 'shaoying' }, { clock }).verify(token),
    ).rejects.toMatchObject({
      code: 'IDENTITY_PROVIDER_UNAVAILABLE',
    });
  });
});

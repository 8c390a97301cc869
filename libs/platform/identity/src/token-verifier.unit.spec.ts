import { SimulatedClock } from '@shaoying/config';
import { exportJWK, exportSPKI, generateKeyPair, SignJWT } from 'jose';
import { mkdtemp, rm } from 'node:fs/promises';
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

  it.each(['anonymous', 'system:timers', 'key-4f0c', '', 'a b', 'line\nbreak', 'x'.repeat(201)])(
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

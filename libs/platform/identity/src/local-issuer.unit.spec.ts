import { SimulatedClock } from '@shaoying/config';
import { decodeProtectedHeader } from 'jose';
import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LocalIssuer } from './local-issuer.js';
import { TokenVerifier } from './token-verifier.js';

describe('LocalIssuer', () => {
  let dataDir: string;

  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'local-issuer-'));
  });
  afterEach(() => rm(dataDir, { recursive: true }));

  it('gives tokens that the next process accepts', async () => {
    const token = await (
      await LocalIssuer.open(dataDir)
    ).issue({ sub: 'chen', roles: ['department'], org: 'dep-1' });
    const verifier = TokenVerifier.forLocalIssuer(await LocalIssuer.open(dataDir));
    expect(await verifier.verify(token)).toMatchObject({
      id: 'chen',
      roles: ['department'],
      orgUnitId: 'dep-1',
    });
  });

  it('has one key however many processes start at once', async () => {
    const issuers = await Promise.all(Array.from({ length: 8 }, () => LocalIssuer.open(dataDir)));
    expect(new Set(issuers.map((issuer) => issuer.keyId)).size).toBe(1);
    const token = await issuers[0]!.issue({ sub: 'chen', roles: [] });
    expect(decodeProtectedHeader(token)).toEqual({ alg: 'EdDSA', kid: issuers[7]!.keyId, typ: 'JWT' });
  });

  it('keeps the key from other users of the machine', async () => {
    await LocalIssuer.open(dataDir);
    expect((await stat(join(dataDir, 'keys', 'local-issuer.jwk'))).mode & 0o777).toBe(0o600);
  });

  it('is refused in production with a sentence', async () => {
    await expect(LocalIssuer.open(dataDir, { production: true })).rejects.toMatchObject({
      code: 'LOCAL_ISSUER_REFUSED',
      message: expect.stringContaining('OIDC_ISSUER') as string,
    });
  });

  it('does not replace a damaged key file, which somebody may want back', async () => {
    await mkdir(join(dataDir, 'keys'));
    await writeFile(join(dataDir, 'keys', 'local-issuer.jwk'), '{"kty":"OKP"');
    await expect(LocalIssuer.open(dataDir)).rejects.toMatchObject({ code: 'LOCAL_ISSUER_REFUSED' });
  });

  it('refuses a lifetime out of bounds', async () => {
    const issuer = await LocalIssuer.open(dataDir, { clock: new SimulatedClock('2026-01-01T00:00:00Z') });
    await expect(issuer.issue({ sub: 'chen', roles: [], ttlSeconds: 0 })).rejects.toThrow(RangeError);
    await expect(issuer.issue({ sub: 'chen', roles: [], ttlSeconds: 1e9 })).rejects.toThrow(RangeError);
  });
});

import { readOrCreateSecretFile, systemClock, type Clock } from '@shaoying/config';
import {
  calculateJwkThumbprint,
  exportJWK,
  generateKeyPair,
  importJWK,
  SignJWT,
  type CryptoKey,
  type JWK,
} from 'jose';
import { join } from 'node:path';
import { LocalIssuerRefused } from './identity.errors.js';
import type { Role } from './principal.js';

export const LOCAL_ISSUER = 'urn:shaoying:local-issuer';
export const LOCAL_AUDIENCE = 'shaoying';
const ALGORITHM = 'EdDSA';

/** 30 days: a token printed by `npm start` should outlive a trial, not the year. */
const TTL_SECONDS_MAX = 30 * 24 * 3600;

export interface LocalIssuerOptions {
  readonly production?: boolean;
  readonly clock?: Clock;
}

export interface TokenRequest {
  readonly sub: string;
  readonly roles: readonly Role[];
  readonly org?: string | null;
  /** Default 12 hours, 1 second to 30 days. */
  readonly ttlSeconds?: number;
}

/** Issues access tokens without an identity provider, for trying out and for tests. Its key stays in the data folder. */
export class LocalIssuer {
  private constructor(
    private readonly privateKey: CryptoKey,
    readonly publicKey: CryptoKey,
    readonly keyId: string,
    private readonly clock: Clock,
  ) {}

  /**
   * Opens `<dataDir>/keys/local-issuer.jwk`, creating it once; processes that start at once share one key.
   * @throws LocalIssuerRefused in production, or when the file is not such a key
   */
  static async open(dataDir: string, options: LocalIssuerOptions = {}): Promise<LocalIssuer> {
    if (options.production === true) {
      throw new LocalIssuerRefused(
        'The local issuer is not available in production: set OIDC_ISSUER and OIDC_AUDIENCE to your identity provider.',
      );
    }
    const path = join(dataDir, 'keys', 'local-issuer.jwk');
    const content = await readOrCreateSecretFile(path, generateKeyFile);
    try {
      const jwk = JSON.parse(content.toString('utf8')) as JWK;
      const { d: _private, ...publicJwk } = jwk;
      const [privateKey, publicKey, keyId] = await Promise.all([
        importJWK(jwk, ALGORITHM),
        importJWK(publicJwk, ALGORITHM),
        calculateJwkThumbprint(publicJwk),
      ]);
      return new LocalIssuer(
        asCryptoKey(privateKey),
        asCryptoKey(publicKey),
        keyId,
        options.clock ?? systemClock,
      );
    } catch (cause) {
      throw new LocalIssuerRefused(
        `${path} does not hold the local issuer's key; move it away to get a new one.`,
        {
          cause,
        },
      );
    }
  }

  /** An access token as `TokenVerifier` accepts it. @throws RangeError when `ttlSeconds` is out of bounds */
  async issue({ sub, roles, org = null, ttlSeconds = 12 * 3600 }: TokenRequest): Promise<string> {
    if (!(ttlSeconds >= 1 && ttlSeconds <= TTL_SECONDS_MAX)) {
      throw new RangeError(`ttlSeconds must be from 1 to ${TTL_SECONDS_MAX}`);
    }
    const issuedAt = Math.floor(this.clock.now().getTime() / 1000);
    return new SignJWT({ roles: [...roles], ...(org === null ? {} : { org }) })
      .setProtectedHeader({ alg: ALGORITHM, kid: this.keyId, typ: 'JWT' })
      .setSubject(sub)
      .setIssuer(LOCAL_ISSUER)
      .setAudience(LOCAL_AUDIENCE)
      .setIssuedAt(issuedAt)
      .setExpirationTime(issuedAt + Math.floor(ttlSeconds))
      .sign(this.privateKey);
  }
}

async function generateKeyFile(): Promise<Buffer> {
  const { privateKey } = await generateKeyPair(ALGORITHM, { extractable: true });
  return Buffer.from(`${JSON.stringify({ ...(await exportJWK(privateKey)), alg: ALGORITHM, use: 'sig' })}\n`);
}

function asCryptoKey(key: CryptoKey | Uint8Array): CryptoKey {
  if (key instanceof Uint8Array) throw new TypeError('a symmetric key cannot sign for others');
  return key;
}

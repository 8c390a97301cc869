import type { Clock, OidcConfig } from '@shaoying/config';
import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose';
import { IdentityProviderUnavailable } from './identity.errors.js';

const LIMITS = {
  /** For each of the two documents, to its last byte. */
  fetchMs: 3_000,
  /** A set of a hundred RSA keys with certificates is some 200 KB. */
  documentBytesMax: 256 * 1024,
  /** A key that the issuer has withdrawn is found out about after this long. */
  freshMs: 5 * 60_000,
  /**
   * While the issuer is away, the keys it gave last still count, for this long. It issues no tokens then, and those that are
   * out seldom live longer; a key that was withdrawn meanwhile is not trusted for ever.
   */
  staleMs: 4 * 3_600_000,
  /** Between two fetches for a key id that is not in the set: made-up ids must not become a burst at the issuer. */
  unknownKeyMs: 10_000,
  /** After a failed fetch the issuer is left alone this long. */
  failureMs: 5_000,
} as const;

interface HeldKeys {
  readonly find: JWTVerifyGetKey;
  readonly fetchedAtMs: number;
}

/**
 * The keys of an OIDC issuer: found by its discovery document on first need, kept, and followed as they change. Not jose's
 * own remote set: that one has no bound for the size of an answer, forgets its keys when the issuer is away for ten
 * minutes, and asks an issuer that is away again for every token.
 */
export class OidcKeys {
  private address: URL | undefined;
  private held: HeldKeys | undefined;
  private loading: Promise<HeldKeys> | undefined;
  private failedAtMs: number | undefined;

  constructor(
    private readonly config: OidcConfig,
    private readonly clock: Clock,
  ) {}

  /**
   * The key that a token names, for jose's `jwtVerify`. Keys, certificates and addresses in the token's header are not
   * looked at: only `alg` and `kid` choose, and only among the issuer's keys.
   * @throws IdentityProviderUnavailable, and jose's errors when no key of the issuer fits
   */
  readonly find: JWTVerifyGetKey = async (header, token) => {
    const held = await this.current();
    try {
      return await held.find(header, token);
    } catch (error) {
      const mayBeNew = error instanceof errors.JWKSNoMatchingKey;
      if (!mayBeNew || this.isWithin(LIMITS.unknownKeyMs, held.fetchedAtMs)) throw error;
      return (await this.fetched()).find(header, token);
    }
  };

  private async current(): Promise<HeldKeys> {
    const { held } = this;
    if (held && this.isWithin(LIMITS.freshMs, held.fetchedAtMs)) return held;
    try {
      return await this.fetched();
    } catch (error) {
      if (held && this.isWithin(LIMITS.staleMs, held.fetchedAtMs)) return held;
      throw error;
    }
  }

  private fetched(): Promise<HeldKeys> {
    if (this.failedAtMs !== undefined && this.isWithin(LIMITS.failureMs, this.failedAtMs)) {
      return Promise.reject(unavailable());
    }
    this.loading ??= this.load().finally(() => (this.loading = undefined));
    return this.loading;
  }

  private async load(): Promise<HeldKeys> {
    try {
      this.address ??= await this.discover();
      const find = createLocalJWKSet((await fetchJson(this.address)) as JSONWebKeySet);
      this.failedAtMs = undefined;
      return (this.held = { find, fetchedAtMs: this.clock.now().getTime() });
    } catch (cause) {
      // The issuer may have moved its keys.
      this.address = undefined;
      this.failedAtMs = this.clock.now().getTime();
      throw unavailable(cause);
    }
  }

  private async discover(): Promise<URL> {
    const issuer = this.config.issuer.replace(/\/$/, '');
    const document = await fetchJson(new URL(`${issuer}/.well-known/openid-configuration`));
    const { issuer: named, jwks_uri: address } = Object(document) as Record<string, unknown>;
    if (named !== this.config.issuer) throw new Error('the discovery document names another issuer');
    const url = new URL(String(address));
    // Keys fetched in the clear could be anybody's; plain http is for an issuer that is plain http itself (never in production).
    if (url.protocol !== 'https:' && url.protocol !== new URL(issuer).protocol) {
      throw new Error('the keys of an https issuer must be served over https');
    }
    return url;
  }

  /** A clock that was set back must neither keep keys for longer nor the issuer unasked. */
  private isWithin(durationMs: number, sinceMs: number): boolean {
    const passedMs = this.clock.now().getTime() - sinceMs;
    return passedMs >= 0 && passedMs < durationMs;
  }
}

/** A JSON document, whole and in time, from exactly this address. */
async function fetchJson(url: URL): Promise<unknown> {
  const response = await fetch(url, {
    signal: AbortSignal.timeout(LIMITS.fetchMs),
    redirect: 'error',
    headers: { accept: 'application/json' },
  });
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    // Leaving the loop cancels the rest.
    if (bytes > LIMITS.documentBytesMax) throw new Error('a document of the issuer is too large');
    chunks.push(chunk);
  }
  if (response.status !== 200)
    throw new Error(`a document of the issuer was answered with ${response.status}`);
  return JSON.parse(Buffer.concat(chunks).toString('utf8'));
}

function unavailable(cause?: unknown): IdentityProviderUnavailable {
  return new IdentityProviderUnavailable('the keys of the identity provider cannot be fetched', { cause });
}

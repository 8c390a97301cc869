import type { OidcConfig } from '@shaoying/config';
import { createRemoteJWKSet, type RemoteJWKSet } from 'jose';
import { IdentityProviderUnavailable } from './identity.errors.js';

const FETCH_TIMEOUT_MS = 5_000;
const DISCOVERY_CHARS_MAX = 256 * 1024;
/** After a failed discovery the issuer is left alone this long, so that a burst of requests does not become one of fetches. */
const RETRY_AFTER_MS = 2_000;

/** Finds the keys of an OIDC issuer by its discovery document, on first need and again after a failure. */
export class OidcKeys {
  private discovery: Promise<RemoteJWKSet> | undefined;
  private failedAtMs = Number.NEGATIVE_INFINITY;

  constructor(private readonly config: OidcConfig) {}

  /** @throws IdentityProviderUnavailable */
  async keySet(): Promise<RemoteJWKSet> {
    if (performance.now() - this.failedAtMs < RETRY_AFTER_MS) throw unavailable();
    this.discovery ??= this.discover().catch((cause: unknown) => {
      this.discovery = undefined;
      this.failedAtMs = performance.now();
      throw unavailable(cause);
    });
    return this.discovery;
  }

  private async discover(): Promise<RemoteJWKSet> {
    const issuer = this.config.issuer.replace(/\/$/, '');
    const response = await fetch(`${issuer}/.well-known/openid-configuration`, {
      signal: AbortSignal.timeout(FETCH_TIMEOUT_MS),
      redirect: 'error',
      headers: { accept: 'application/json' },
    });
    const text = await response.text();
    if (!response.ok || text.length > DISCOVERY_CHARS_MAX) {
      throw new Error(`the discovery document answered ${response.status} with ${text.length} characters`);
    }
    const document = JSON.parse(text) as { issuer?: unknown; jwks_uri?: unknown } | null;
    if (document?.issuer !== this.config.issuer)
      throw new Error('the discovery document names another issuer');
    return createRemoteJWKSet(this.keysUrl(document.jwks_uri), { timeoutDuration: FETCH_TIMEOUT_MS });
  }

  private keysUrl(address: unknown): URL {
    const url = new URL(String(address));
    // Keys fetched in the clear could be anybody's; plain http is for an issuer that is plain http itself (never in production).
    if (url.protocol !== 'https:' && url.protocol !== new URL(this.config.issuer).protocol) {
      throw new Error('the keys of an https issuer must be served over https');
    }
    return url;
  }
}

function unavailable(cause?: unknown): IdentityProviderUnavailable {
  return new IdentityProviderUnavailable('the keys of the identity provider cannot be fetched', { cause });
}

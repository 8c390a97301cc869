import type { ApiKeys } from './api-keys/api-keys.js';
import { looksLikeApiKey } from './api-keys/api-key.text.js';
import type { Principal } from './principal.js';
import type { TokenVerifier } from './token-verifier.js';

/** Access tokens of people and API keys of their systems, by what they look like. */
export class Credentials {
  constructor(
    private readonly tokens: Pick<TokenVerifier, 'verify'>,
    private readonly apiKeys: Pick<ApiKeys, 'verify'>,
  ) {}

  /** @throws what `TokenVerifier` and `ApiKeys` throw */
  verify(credential: string): Promise<Principal> {
    return looksLikeApiKey(credential) ? this.apiKeys.verify(credential) : this.tokens.verify(credential);
  }
}

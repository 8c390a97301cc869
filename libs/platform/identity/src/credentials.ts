import type { ApiKeys } from './api-keys/api-keys.js';
import { looksLikeApiKey } from './api-keys/api-key.text.js';
import type { Principal } from './principal.js';
import type { TokenVerifier } from './token-verifier.js';

/** Access tokens of people and API keys of their systems, by what they look like. */
export class Credentials {
  private readonly verified = new WeakMap<object, Promise<Principal>>();

  /** @param apiKeys null in a process that takes none */
  constructor(
    private readonly tokens: Pick<TokenVerifier, 'verify'>,
    private readonly apiKeys: Pick<ApiKeys, 'verify'> | null,
  ) {}

  /**
   * Who sends the request. Looked up once for each, whoever asks: the limits do before its body is read, the guard after.
   * @throws what `TokenVerifier` and `ApiKeys` throw
   */
  verifyFor(request: object, credential: string): Promise<Principal> {
    const known = this.verified.get(request);
    if (known !== undefined) return known;
    const verified = this.verify(credential);
    this.verified.set(request, verified);
    return verified;
  }

  private verify(credential: string): Promise<Principal> {
    if (this.apiKeys !== null && looksLikeApiKey(credential)) return this.apiKeys.verify(credential);
    return this.tokens.verify(credential);
  }
}

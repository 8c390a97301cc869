import { systemClock, type Clock, type OidcConfig } from '@shaoying/config';
import { errors, jwtVerify, type JWTPayload, type JWTVerifyGetKey } from 'jose';
import { hash } from 'node:crypto';
import { hasDuplicateMembers } from './duplicate-members.js';
import { IdentityProviderUnavailable, TokenExpired, TokenInvalid } from './identity.errors.js';
import { LOCAL_AUDIENCE, LOCAL_ISSUER, type LocalIssuer } from './local-issuer.js';
import { OidcKeys } from './oidc-keys.js';
import { ANONYMOUS, isRole, type Principal } from './principal.js';

const LIMITS = {
  /** A token with every role is some 600 characters; identity providers add claims of their own. */
  tokenCharsMax: 8 * 1024,
  rolesMax: 100,
  /** One entry is some 300 bytes. */
  cachedTokensMax: 10_000,
  /** A key withdrawn by the issuer is trusted no longer than this. */
  cacheMs: 5 * 60_000,
  /** Difference between the issuer's clock and ours. */
  clockToleranceSeconds: 5,
  /** A token from further ahead was made by a clock that nothing else in it can be believed of. */
  issuedAheadSecondsMax: 60,
} as const;

/** Asymmetric ones only: with an HMAC in the list, a public key could be used as its secret. */
const ALGORITHMS = ['RS256', 'ES256', 'EdDSA', 'Ed25519'];

/** `typ` of an access token (RFC 9068) and what most issuers write. Logout tokens and the like are signed by the same keys. */
const TYPES = /^(?:application\/)?(?:jwt|at\+jwt)$/i;

/** `sub` and `org`: visible characters, and a length that fits an event. */
const SUBJECT = /^[^\p{C}\p{Z}]{1,200}$/u;
const ORG = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$/;
const RESERVED_SUBJECT = /^(?:system:|key-)/;

interface TrustedKeys {
  readonly issuer: string;
  readonly audience: string;
  readonly find: JWTVerifyGetKey;
}

interface CachedToken {
  readonly principal: Principal;
  readonly expiresAtMs: number;
  readonly forgetAtMs: number;
}

export interface TokenVerifierOptions {
  readonly clock?: Clock;
}

/**
 * Turns an access token into a {@link Principal}. Remembers tokens it has checked by their SHA-256, since checking a
 * signature costs more than everything else in a request.
 */
export class TokenVerifier {
  private readonly cache = new Map<string, CachedToken>();

  private constructor(
    private readonly keys: TrustedKeys,
    private readonly clock: Clock,
  ) {}

  /** Trusts the tokens of this data folder's issuer. */
  static forLocalIssuer(
    issuer: LocalIssuer,
    { clock = systemClock }: TokenVerifierOptions = {},
  ): TokenVerifier {
    const key = issuer.publicKey;
    return new TokenVerifier(
      { issuer: LOCAL_ISSUER, audience: LOCAL_AUDIENCE, find: () => Promise.resolve(key) },
      clock,
    );
  }

  /** Trusts one OIDC issuer, whose keys are fetched on first need and followed as they change. */
  static forOidc(config: OidcConfig, { clock = systemClock }: TokenVerifierOptions = {}): TokenVerifier {
    return new TokenVerifier({ ...config, find: new OidcKeys(config, clock).find }, clock);
  }

  /** @throws TokenInvalid, TokenExpired, IdentityProviderUnavailable */
  async verify(token: string): Promise<Principal> {
    if (token.length > LIMITS.tokenCharsMax) throw new TokenInvalid('the access token is too long');
    const digest = hash('sha256', token, 'base64url');
    const cached = this.recall(digest);
    if (cached) return cached;
    const payload = await this.check(token);
    const principal = principalOf(payload);
    this.remember(digest, principal, payload);
    return principal;
  }

  private recall(digest: string): Principal | undefined {
    const cached = this.cache.get(digest);
    if (cached === undefined) return undefined;
    const nowMs = this.clock.now().getTime();
    if (nowMs < cached.expiresAtMs && nowMs < cached.forgetAtMs) return cached.principal;
    this.cache.delete(digest);
    if (nowMs >= cached.expiresAtMs) throw new TokenExpired();
    return undefined;
  }

  private remember(digest: string, principal: Principal, payload: JWTPayload): void {
    if (this.cache.size >= LIMITS.cachedTokensMax) {
      const oldest = this.cache.keys().next();
      if (oldest.done !== true) this.cache.delete(oldest.value);
    }
    const expiresAtMs = ((payload.exp ?? 0) + LIMITS.clockToleranceSeconds) * 1000;
    this.cache.set(digest, {
      principal,
      expiresAtMs,
      forgetAtMs: this.clock.now().getTime() + LIMITS.cacheMs,
    });
  }

  private async check(token: string): Promise<JWTPayload> {
    try {
      const { payload, protectedHeader } = await jwtVerify(token, this.keys.find, {
        algorithms: ALGORITHMS,
        issuer: this.keys.issuer,
        audience: this.keys.audience,
        requiredClaims: ['sub', 'exp'],
        clockTolerance: LIMITS.clockToleranceSeconds,
        currentDate: this.clock.now(),
      });
      if (!TYPES.test(protectedHeader.typ ?? 'JWT')) throw notAcceptable('typ');
      if (payload.iat !== undefined && payload.iat > this.secondsAhead()) throw notAcceptable('iat');
      if (token.split('.', 2).some(hasAmbiguousMembers))
        throw new TokenInvalid('the access token is ambiguous');
      return payload;
    } catch (error) {
      throw refusal(error);
    }
  }

  private secondsAhead(): number {
    return this.clock.now().getTime() / 1000 + LIMITS.issuedAheadSecondsMax;
  }
}

function hasAmbiguousMembers(part: string): boolean {
  return hasDuplicateMembers(Buffer.from(part, 'base64url').toString('utf8'));
}

function notAcceptable(claim: string): TokenInvalid {
  return new TokenInvalid(`${claim} of the access token is not acceptable`);
}

function refusal(error: unknown): Error {
  if (error instanceof TokenInvalid || error instanceof IdentityProviderUnavailable) return error;
  if (error instanceof errors.JWTExpired) return new TokenExpired();
  if (error instanceof errors.JWTClaimValidationFailed) {
    return new TokenInvalid(`the claim ${error.claim} of the access token is not acceptable`, {
      cause: error,
    });
  }
  if (isVerdict(error)) return new TokenInvalid('the access token cannot be trusted', { cause: error });
  return new IdentityProviderUnavailable('the keys of the identity provider cannot be fetched', {
    cause: error,
  });
}

/** Jose has judged the token; everything else (a published key that is none) is the issuer's fault. */
const VERDICTS = [
  errors.JWSInvalid,
  errors.JWTInvalid,
  errors.JOSEAlgNotAllowed,
  errors.JOSENotSupported,
  errors.JWSSignatureVerificationFailed,
  errors.JWKSNoMatchingKey,
  errors.JWKSMultipleMatchingKeys,
];

function isVerdict(error: unknown): boolean {
  // Jose answers a key of another type than the header's `alg` asks for with a TypeError.
  return error instanceof TypeError || VERDICTS.some((verdict) => error instanceof verdict);
}

function principalOf({ sub, roles, org, exp }: JWTPayload): Principal {
  if (typeof sub !== 'string' || !SUBJECT.test(sub)) throw notAcceptable('sub');
  // These ids stand in events for callers without a token, for machines with an API key, and for the server itself.
  if (sub === ANONYMOUS.id || RESERVED_SUBJECT.test(sub)) {
    throw new TokenInvalid('the claim sub of the access token is reserved');
  }
  if (!isListOfTexts(roles) || roles.length > LIMITS.rolesMax) {
    throw new TokenInvalid('the claim roles of the access token must be a list');
  }
  if (org !== undefined && org !== null && !(typeof org === 'string' && ORG.test(org))) {
    throw notAcceptable('org');
  }
  const expiresAt = new Date((exp ?? Number.NaN) * 1000);
  // `exp` may be any number, 1e300 too.
  if (Number.isNaN(expiresAt.getTime())) throw notAcceptable('exp');
  // Identity providers add roles of their own, which mean nothing here.
  const known = Object.freeze(roles.filter(isRole));
  return Object.freeze({ id: sub, roles: known, orgUnitId: org ?? null, expiresAt });
}

function isListOfTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

/** Thrown when a request needs an access token and carries none. */
export class TokenMissing extends Error {
  readonly code = 'TOKEN_MISSING';
  constructor() {
    super('the request carries no access token');
  }
}

/** Thrown when an access token cannot be trusted: signature, issuer, audience, algorithm or claims. */
export class TokenInvalid extends Error {
  readonly code = 'TOKEN_INVALID';
}

/** Thrown when an access token was good once. */
export class TokenExpired extends Error {
  readonly code = 'TOKEN_EXPIRED';
  constructor() {
    super('the access token has expired');
  }
}

/** Thrown when the OIDC issuer's keys cannot be fetched, so that nothing can be said about the token. */
export class IdentityProviderUnavailable extends Error {
  readonly code = 'IDENTITY_PROVIDER_UNAVAILABLE';
}

/** Thrown when none of the caller's roles may do this. */
export class RoleNotPermitted extends Error {
  readonly code = 'ROLE_NOT_PERMITTED';
  constructor() {
    super('none of the roles in the access token may do this');
  }
}

/** Thrown when the local issuer is asked for in production, or its key file cannot be read as a key. */
export class LocalIssuerRefused extends Error {
  readonly code = 'LOCAL_ISSUER_REFUSED';
}

import {
  createParamDecorator,
  SetMetadata,
  type CanActivate,
  type CustomDecorator,
  type ExecutionContext,
} from '@nestjs/common';
import { RoleNotPermitted, TokenMissing } from './identity.errors.js';
import { ANONYMOUS, hasAnyRole, type Principal, type Role } from './principal.js';
import type { TokenVerifier } from './token-verifier.js';

const ROLES_KEY = 'shaoying:roles';
const OPENNESS_KEY = 'shaoying:openness';

/**
 * `public`: tokens are not even looked at. `token-optional`: a token is checked when there is one.
 * `anonymous-allowed`: the same, where the settings allow anonymous reports.
 */
type Openness = 'public' | 'token-optional' | 'anonymous-allowed';

/** Any one of these roles may call it. Without this, any valid token may. Callers without a token, where allowed, pass. */
export const Roles = (...roles: Role[]): CustomDecorator => SetMetadata(ROLES_KEY, roles);

/** No token is asked for or looked at: health, metrics, receipts. */
export const Public = (): CustomDecorator => SetMetadata(OPENNESS_KEY, 'public' satisfies Openness);

/** Works without a token; a token that is sent must be valid and have one of the roles. */
export const TokenOptional = (): CustomDecorator =>
  SetMetadata(OPENNESS_KEY, 'token-optional' satisfies Openness);

/** As {@link TokenOptional}, as long as `ALLOW_ANONYMOUS_REPORTS` is on; else a token is required. */
export const AnonymousAllowed = (): CustomDecorator =>
  SetMetadata(OPENNESS_KEY, 'anonymous-allowed' satisfies Openness);

/** The caller, as found by {@link AccessGuard}; `ANONYMOUS` for one without a token. */
export const CurrentPrincipal = createParamDecorator((_data: unknown, context: ExecutionContext): Principal =>
  principalOf(context.switchToHttp().getRequest<AuthenticatedRequest>()),
);

export interface AuthenticatedRequest {
  readonly headers: { readonly authorization?: string | undefined };
  principal?: Principal;
}

/** @throws TokenMissing when no guard has been here, which is a fault of the route, closed rather than open */
export function principalOf(request: AuthenticatedRequest): Principal {
  if (request.principal === undefined) throw new TokenMissing();
  return request.principal;
}

export interface AccessGuardOptions {
  /** Setting `ALLOW_ANONYMOUS_REPORTS`. */
  readonly anonymousReports: boolean;
}

interface Access {
  readonly openness: Openness | undefined;
  readonly roles: readonly Role[] | undefined;
}

type Metadata = { readonly key: object; readonly access: Access };

/**
 * The one guard of the server, closed by default: without a decorator a valid token is required.
 * @throws TokenMissing, TokenInvalid, TokenExpired, RoleNotPermitted, IdentityProviderUnavailable
 */
export class AccessGuard implements CanActivate {
  /** By handler, for the controller it was last called on: reading metadata walks prototypes on every request. */
  private readonly known = new WeakMap<object, Metadata>();

  constructor(
    private readonly verifier: Pick<TokenVerifier, 'verify'>,
    private readonly options: AccessGuardOptions,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const { openness, roles } = this.accessOf(context);
    const request = context.switchToHttp().getRequest<AuthenticatedRequest>();
    const token = openness === 'public' ? undefined : bearerToken(request.headers.authorization);
    if (token === undefined) {
      if (!this.mayLackToken(openness)) throw new TokenMissing();
      request.principal = ANONYMOUS;
      return true;
    }
    const principal = await this.verifier.verify(token);
    if (roles !== undefined && !hasAnyRole(principal, roles)) throw new RoleNotPermitted();
    request.principal = principal;
    return true;
  }

  private mayLackToken(openness: Openness | undefined): boolean {
    if (openness === 'anonymous-allowed') return this.options.anonymousReports;
    return openness !== undefined;
  }

  private accessOf(context: ExecutionContext): Access {
    const handler = context.getHandler();
    const controller = context.getClass();
    const known = this.known.get(handler);
    if (known?.key === controller) return known.access;
    const read = <Value>(key: string): Value | undefined =>
      (Reflect.getMetadata(key, handler) as Value | undefined) ??
      (Reflect.getMetadata(key, controller) as Value | undefined);
    const access: Access = {
      openness: read<Openness>(OPENNESS_KEY),
      roles: read<readonly Role[]>(ROLES_KEY),
    };
    this.known.set(handler, { key: controller, access });
    return access;
  }
}

/** Undefined when there is no `Authorization` at all; a header of another scheme counts as a token, and a bad one. */
export function bearerToken(header: string | undefined): string | undefined {
  if (header === undefined || header === '') return undefined;
  const scheme = header.slice(0, 7);
  return scheme === 'Bearer ' || scheme.toLowerCase() === 'bearer ' ? header.slice(7).trim() : '';
}

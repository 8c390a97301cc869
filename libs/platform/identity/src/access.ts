import { createParamDecorator, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { ApiKeyReadOnly } from './api-keys/api-key.errors.js';
import { looksLikeApiKey } from './api-keys/api-key.text.js';
import type { Credentials } from './credentials.js';
import { RoleNotPermitted, TokenMissing } from './identity.errors.js';
import { ANONYMOUS, hasAnyRole, type Principal, type Role } from './principal.js';

/**
 * Who needs no token. `public`: tokens are not even looked at. `optional`: a token is checked when there is one.
 * `anonymous-reports`: the same, where the settings allow anonymous reports.
 */
export type Tokenless = 'public' | 'optional' | 'anonymous-reports';

/** What the guard has to know of a route. */
export interface RouteAccess {
  /** Any one of these roles may call it; in the order in which they are tried. Null for any valid token. */
  readonly roles: readonly Role[] | null;
  readonly tokenless: Tokenless | null;
}

/** Where the guard looks it up: method and path as OpenAPI spells it, `GET /v1/incidents/{id}`. */
export type AccessPolicy = (operation: string) => RouteAccess | undefined;

/** The caller, as found by {@link AccessGuard}; `ANONYMOUS` for one without a token. */
export const CurrentPrincipal = createParamDecorator((_data: unknown, context: ExecutionContext): Principal =>
  principalOf(context.switchToHttp().getRequest<AuthenticatedRequest>()),
);

/** The roles that may call the route, as the policy names them; whatever a door does, it does for one of these. */
export const PermittedRoles = createParamDecorator(
  (_data: unknown, context: ExecutionContext): readonly Role[] =>
    permittedRolesOf(context.switchToHttp().getRequest<AuthenticatedRequest>()),
);

export interface AuthenticatedRequest {
  readonly method: string;
  readonly headers: { readonly authorization?: string | undefined };
  principal?: Principal;
  permittedRoles?: readonly Role[];
}

/** @throws TokenMissing when no guard has been here, which is a fault of the route, closed rather than open */
export function principalOf(request: AuthenticatedRequest): Principal {
  if (request.principal === undefined) throw new TokenMissing();
  return request.principal;
}

/** None when no guard has been here, or the route asks for no role. */
export const permittedRolesOf = (request: AuthenticatedRequest): readonly Role[] =>
  request.permittedRoles ?? [];

/** A route as Fastify spells it, as the policy does: `GET /v1/incidents/{id}`. HEAD is what GET is. */
export const operationOf = (method: string, pattern: string): string =>
  `${method === 'HEAD' ? 'GET' : method} ${pattern.replace(/:(\w+)/g, '{$1}')}`;

export interface AccessGuardOptions {
  /** Setting `ALLOW_ANONYMOUS_REPORTS`. */
  readonly anonymousReports: boolean;
}

interface RoutedRequest extends AuthenticatedRequest {
  readonly method: string;
  readonly routeOptions: { readonly url?: string | undefined };
}

/**
 * The one guard of the server, and the only one that decides by roles: what it knows of a route is in the policy. Closed
 * by default: what the policy does not know is nobody's.
 * @throws TokenMissing, RoleNotPermitted, ApiKeyReadOnly, and what `Credentials` throws
 */
export class AccessGuard implements CanActivate {
  /** By handler, for the controller it was last called on: a handler answers one route. */
  private readonly known = new WeakMap<object, { readonly key: object; readonly access: RouteAccess }>();

  constructor(
    private readonly credentials: Pick<Credentials, 'verifyFor'>,
    private readonly policy: AccessPolicy,
    private readonly options: AccessGuardOptions,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<RoutedRequest>();
    const { tokenless, roles } = this.accessOf(context, request);
    const token = tokenless === 'public' ? undefined : bearerToken(request.headers.authorization);
    request.permittedRoles = roles ?? [];
    if (token === undefined) {
      if (!this.mayLackToken(tokenless)) throw new TokenMissing();
      request.principal = ANONYMOUS;
      return true;
    }
    const principal = await this.credentials.verifyFor(request, token);
    if (principal.readOnly === true && !isReading(request.method)) throw new ApiKeyReadOnly();
    if (roles !== null && !hasAnyRole(principal, roles)) throw new RoleNotPermitted();
    request.principal = principal;
    return true;
  }

  private mayLackToken(tokenless: Tokenless | null): boolean {
    return tokenless === 'anonymous-reports' ? this.options.anonymousReports : tokenless !== null;
  }

  private accessOf(context: ExecutionContext, { method, routeOptions }: RoutedRequest): RouteAccess {
    const handler = context.getHandler();
    const controller = context.getClass();
    const known = this.known.get(handler);
    if (known?.key === controller) return known.access;
    const access = this.policy(operationOf(method, routeOptions.url ?? '')) ?? NOBODY;
    this.known.set(handler, { key: controller, access });
    return access;
  }
}

const NOBODY: RouteAccess = { roles: [], tokenless: null };

/**
 * Undefined when there is no `Authorization` at all; a header of another scheme counts as a token, and a bad one. API keys
 * come as `Bearer` or `ApiKey`.
 */
export function bearerToken(header: string | undefined): string | undefined {
  if (header === undefined || header === '') return undefined;
  const scheme = header.slice(0, 7);
  const isBearer = scheme === 'Bearer ' || scheme.toLowerCase() === 'bearer ';
  const credential = header.slice(7).trim();
  if (isBearer || (scheme.toLowerCase() === 'apikey ' && looksLikeApiKey(credential))) return credential;
  return '';
}

const isReading = (method: string): boolean => method === 'GET' || method === 'HEAD';

import type { ExecutionContext } from '@nestjs/common';
import { AccessGuard, type AuthenticatedRequest, type RouteAccess } from './access.js';
import { ApiKeyInvalid } from './api-keys/index.js';
import { Credentials } from './credentials.js';
import { TokenInvalid } from './identity.errors.js';
import { ANONYMOUS, type Principal } from './principal.js';

const person: Principal = { id: 'chen', roles: ['admin'], orgUnitId: null };
const system: Principal = { id: 'key-1', roles: ['department'], orgUnitId: 'dp-water' };
const reader: Principal = { ...system, readOnly: true };

const credentials = new Credentials(
  { verify: (token) => (token === 'token' ? Promise.resolve(person) : Promise.reject(new TokenInvalid())) },
  {
    verify: (key) => {
      if (key === 'shy_writes') return Promise.resolve(system);
      return key === 'shy_reads' ? Promise.resolve(reader) : Promise.reject(new ApiKeyInvalid());
    },
  },
);

const doors = {
  closed: { roles: ['admin', 'department'], tokenless: null },
  admins: { roles: ['admin'], tokenless: null },
  either: { roles: null, tokenless: 'optional' },
  open: { roles: null, tokenless: 'public' },
} as const satisfies Record<string, RouteAccess>;

async function enter(
  way: keyof typeof doors,
  authorization: string | undefined,
  method = 'GET',
): Promise<unknown> {
  const request: AuthenticatedRequest & { readonly routeOptions: object } = {
    ...{ method, headers: { authorization }, routeOptions: { url: `/${way}` } },
  };
  const context = {
    getHandler: () => enter,
    getClass: () => Object,
    switchToHttp: () => ({ getRequest: () => request }),
  } as unknown as ExecutionContext;
  try {
    await new AccessGuard(credentials, () => doors[way], { anonymousReports: true }).canActivate(context);
    return request.principal;
  } catch (error) {
    return (error as { code: string }).code;
  }
}

it.each<[string, keyof typeof doors, string | undefined, unknown]>([
  ['a token', 'closed', 'Bearer token', person],
  ['a token, in another spelling of the scheme', 'closed', 'bearer  token ', person],
  ['an API key as Bearer', 'closed', 'Bearer shy_writes', system],
  ['an API key as ApiKey', 'closed', 'ApiKey shy_writes', system],
  ['an unknown API key', 'closed', 'Bearer shy_x', 'API_KEY_INVALID'],
  ['a token as ApiKey', 'closed', 'ApiKey token', 'TOKEN_INVALID'],
  ['a password', 'closed', 'Basic dXNlcjpwYXNzd29yZA==', 'TOKEN_INVALID'],
  ['an empty token', 'closed', 'Bearer ', 'TOKEN_INVALID'],
  ['nothing', 'closed', undefined, 'TOKEN_MISSING'],
  ['an API key without the role', 'admins', 'Bearer shy_writes', 'ROLE_NOT_PERMITTED'],
  ['nothing, where that is allowed', 'either', undefined, ANONYMOUS],
  [
    'a bad key, where none is needed but one that is sent must be good',
    'either',
    'Bearer shy_x',
    'API_KEY_INVALID',
  ],
  ['a bad key, where none is looked at', 'open', 'Bearer shy_x', ANONYMOUS],
])('%s', async (_what, way, header, outcome) => {
  expect(await enter(way, header)).toEqual(outcome);
});

it.each([
  ['GET', reader],
  ['HEAD', reader],
  ['POST', 'API_KEY_READ_ONLY'],
  ['DELETE', 'API_KEY_READ_ONLY'],
  ['PUT', 'API_KEY_READ_ONLY'],
  ['PATCH', 'API_KEY_READ_ONLY'],
])('a key for reading may %s: %j', async (method, outcome) => {
  expect(await enter('closed', 'Bearer shy_reads', method)).toEqual(outcome);
});

import type { ExecutionContext } from '@nestjs/common';
import { AccessGuard, operationOf, permittedRolesOf, principalOf, type AccessPolicy } from './access.js';
import type { Principal } from './principal.js';

const chen: Principal = { id: 'chen', roles: ['department'], orgUnitId: 'dp-water' };
const routes: Readonly<Record<string, ReturnType<AccessPolicy>>> = {
  'GET /v1/cases/{id}': { roles: ['department', 'oversight'], tokenless: null },
  'POST /v1/cases': { roles: ['resident'], tokenless: 'anonymous-reports' },
  'GET /health': { roles: null, tokenless: 'public' },
};

class Cases {}

interface Knocked {
  readonly method: string;
  readonly headers: { authorization?: string };
  readonly routeOptions: { url: string };
}

function knock(method: string, url: string, token?: string): Knocked {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  return { method, headers, routeOptions: { url } };
}

function guarding({ anonymousReports }: { anonymousReports: boolean }) {
  const guard = new AccessGuard(
    { verifyFor: () => Promise.resolve(chen) },
    (operation) => routes[operation],
    {
      anonymousReports,
    },
  );
  return (request: Knocked, handler: object = () => undefined): Promise<boolean> =>
    guard.canActivate({
      getHandler: () => handler,
      getClass: () => Cases,
      switchToHttp: () => ({ getRequest: () => request }),
    } as unknown as ExecutionContext);
}

const guard = guarding({ anonymousReports: true });

test('a route that the policy does not know is nobody’s, with a token or without', async () => {
  await expect(guard(knock('GET', '/v1/new', 'token'))).rejects.toMatchObject({ code: 'ROLE_NOT_PERMITTED' });
  await expect(guard(knock('GET', '/v1/new'))).rejects.toMatchObject({ code: 'TOKEN_MISSING' });
  const unrouted = { ...knock('GET', '', 'token'), routeOptions: {} } as unknown as Knocked;
  await expect(guard(unrouted)).rejects.toMatchObject({ code: 'ROLE_NOT_PERMITTED' });
});

test('a method of a known path that the policy does not know is nobody’s', async () => {
  await expect(guard(knock('DELETE', '/v1/cases/:id', 'token'))).rejects.toMatchObject({
    code: 'ROLE_NOT_PERMITTED',
  });
});

test('a role of the policy is admitted, and the door hears which are permitted', async () => {
  const request = knock('GET', '/v1/cases/:id', 'token');
  expect(await guard(request)).toBe(true);
  expect(principalOf(request)).toBe(chen);
  expect(permittedRolesOf(request)).toEqual(['department', 'oversight']);
  await expect(guard(knock('POST', '/v1/cases', 'token'))).rejects.toMatchObject({
    code: 'ROLE_NOT_PERMITTED',
  });
});

test('where no guard has been there is no caller and no role', () => {
  const request = knock('GET', '/v1/cases/:id');
  expect(() => principalOf(request)).toThrow('no access token');
  expect(permittedRolesOf(request)).toEqual([]);
});

test('without a token one is nobody, where that is allowed', async () => {
  const report = knock('POST', '/v1/cases');
  expect(await guard(report)).toBe(true);
  expect(principalOf(report).id).toBe('anonymous');
  await expect(guarding({ anonymousReports: false })(knock('POST', '/v1/cases'))).rejects.toMatchObject({
    code: 'TOKEN_MISSING',
  });
  const health = knock('GET', '/health', 'whatever it is');
  expect(await guard(health)).toBe(true);
  expect(principalOf(health).id).toBe('anonymous');
});

test('HEAD is what GET is, and paths are spelt as OpenAPI does', () => {
  expect(operationOf('HEAD', '/v1/cases/:id')).toBe('GET /v1/cases/{id}');
  expect(operationOf('POST', '/v1/a/:id/b/:taskId')).toBe('POST /v1/a/{id}/b/{taskId}');
});

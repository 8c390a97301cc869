import { ROLES, type Role } from '@shaoying/identity';
import { ACCESS_POLICY, accessPolicy, assertInPolicy, sightOfRole, withoutReceipt } from './access-policy.js';

const operations = Object.entries(ACCESS_POLICY);

test('oversight reads everything and changes nothing', () => {
  expect(sightOfRole.oversight).toBe('ALL');
  const granted = operations.filter(([, { grants }]) => grants?.oversight !== undefined);
  // A simulation lives the past again, beside the log: it is asked for and called off, and records nothing.
  const besideTheLog = ['POST /v1/simulations', 'DELETE /v1/simulations/{id}'];
  const others = granted.filter(([operation]) => !operation.startsWith('GET '));
  expect(others.map(([operation]) => operation)).toEqual(besideTheLog);
  for (const [, { note }] of others) expect(note).toBe('records nothing');
  // Whatever any role reads by its grant, oversight reads.
  const reads = operations.filter(
    ([operation, { grants }]) => operation.startsWith('GET ') && grants !== null,
  );
  expect(reads.filter(([, { grants }]) => grants?.oversight === undefined)).toEqual([]);
});

test('whoever may do something may do it by a token, a code or for everybody, and the guard knows', () => {
  for (const [operation, { grants, tokenless }] of operations) {
    const access = accessPolicy(operation);
    expect(access?.tokenless).toBe(tokenless);
    expect(access?.roles ?? null).toEqual(grants && Object.keys(grants));
  }
});

test('no role acts on an incident without a relation to it', () => {
  const unrelated = operations.flatMap(([operation, { grants }]) =>
    (Object.entries(grants ?? {}) as [Role, string][])
      .filter(([, relation]) => relation === 'ANY' && operation.includes('/incidents/{id}'))
      .map(([role]) => `${role} ${operation}`),
  );
  // Departments that are no more are an administrator's to wind up, wherever their tasks are; so is a person's wish to be
  // forgotten, wherever they reported.
  expect(unrelated).toEqual([
    'admin POST /v1/incidents/{id}/tasks/{taskId}/transfer',
    'admin POST /v1/incidents/{id}/reporter/forget',
  ]);
});

test('residents see nothing but what a code shows', () => {
  const relations = operations.flatMap(([operation, { grants }]) =>
    operation.includes('{id}') && grants?.resident !== undefined ? [grants.resident] : [],
  );
  expect(new Set(relations)).toEqual(new Set(['RECEIPT']));
});

test('what may be done without a receipt code', () => {
  expect(withoutReceipt('POST /v1/incidents/{id}/reopen')).toEqual(['street-office', 'supervision-centre']);
  expect(withoutReceipt('POST /v1/incidents/{id}/withdraw')).toEqual([]);
  expect(withoutReceipt('POST /v1/nothing')).toEqual([]);
});

test('a route without an entry ends the start; the documentation needs none', () => {
  expect(() => assertInPolicy('POST /v1/incidents/{id}/erase')).toThrow(
    'POST /v1/incidents/{id}/erase has no entry in the access policy',
  );
  expect(() => assertInPolicy('DELETE /v1/incidents')).toThrow('no entry');
  for (const known of ['GET /docs', 'GET /docs-json', 'GET /docs/*', 'GET /v1/incidents'])
    assertInPolicy(known);
  for (const near of ['GET /docs-secret', 'POST /docs', 'GET /documents'])
    expect(() => assertInPolicy(near)).toThrow('no entry');
});

test('every role has a sight', () => {
  expect(Object.keys(sightOfRole).sort()).toEqual([...ROLES].sort());
});

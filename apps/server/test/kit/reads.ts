import type { Life } from './lives.js';

/** How a route that is no door of an incident is asked well, each by its operation in the access policy. */
export interface Recipe {
  readonly path: (life: Life) => string;
  readonly body?: object;
  /** Names the incident to whoever sees it, or the department to whoever it is open to; to nobody else. */
  readonly names?: 'incident' | 'department';
  /** Does not end by itself. */
  readonly streams?: true;
}

const department = '/v1/departments/dp-urban-management';
const at = (path: string): Recipe => ({ path: () => path });
const of = (command: string): Recipe => ({ path: ({ id }) => `/v1/incidents/${id}${command}` });
const publishes = (path: string): Recipe => ({ path: () => `${path}?dryRun=true`, body: {} });

/** A replay that ends: the last hours, without waiting. */
const lately = (): string => {
  const [from, to] = [-2, 1].map((hours) => new Date(Date.now() + hours * 3_600_000).toISOString());
  return `/replay/stream?from=${from}&to=${to}&speed=max`;
};

const deliveryIds = ['1-00000000-0000-4000-8000-000000000000'];
const consumerGroup = (method: string, act: string, body?: object): Record<string, Recipe> => ({
  [`${method} /v1/departments/{id}/consumer-groups/{group}${act}`]: {
    ...at(`${department}/consumer-groups/none${act}`),
    ...(body && { body }),
  },
});

const lease = (act: string): Record<string, Recipe> => ({
  [`POST /v1/departments/{id}/leases/{leaseId}${act}`]: {
    ...at(`${department}/leases/${deliveryIds[0] ?? ''}${act}`),
    body: {},
  },
});

const webhook = (method: string, act: string, body?: object): Record<string, Recipe> => ({
  [`${method} /v1/departments/{id}/webhooks/{webhookId}${act}`]: {
    ...at(`${department}/webhooks/none${act}`),
    ...(body && { body }),
  },
});

export const recipes: Readonly<Record<string, Recipe>> = {
  'GET /v1/incidents': { ...at('/v1/incidents?state=HANDLING&limit=200'), names: 'incident' },
  'GET /v1/incidents/{id}': of(''),
  'GET /v1/incidents/{id}/repeat-whistles': of('/repeat-whistles'),
  'GET /v1/incidents/{id}/events': of('/events'),
  'GET /v1/incidents/{id}/replay': of('/replay?at=0'),
  'GET /v1/incidents/{id}/lost-time': of('/lost-time'),
  'GET /v1/incidents/{id}/dossier': of('/dossier'),
  'GET /v1/events': at('/v1/events?types=WhistleBlown'),
  'GET /v1/incidents/{id}/files': of('/files'),
  'GET /v1/incidents/{id}/files/{sha256}': of(`/files/${'0'.repeat(64)}`),
  // Refused as no photo, once it is allowed at all.
  'POST /v1/files': { ...at('/v1/files'), body: {} },
  'POST /v1/receipts/{receiptCode}/files': {
    path: ({ receiptCode }) => `/v1/receipts/${receiptCode}/files`,
    body: {},
  },
  'POST /v1/subjects/{subjectId}/forget': { ...at('/v1/subjects/nobody/forget'), body: {} },
  'POST /v1/api-keys': { ...at('/v1/api-keys'), body: {} },
  'POST /v1/api-keys/{id}/rotate': { ...at('/v1/api-keys/none/rotate'), body: {} },
  'DELETE /v1/api-keys/{id}': at('/v1/api-keys/none'),
  'GET /v1/api-keys': at('/v1/api-keys'),
  'GET /v1/audit/checkpoint': at('/v1/audit/checkpoint'),
  'GET /v1/audit/keys': at('/v1/audit/keys'),
  'GET /v1/audit/proof': at('/v1/audit/proof?eventId=00000000-0000-4000-8000-000000000000'),
  'GET /v1/audit/consistency': at('/v1/audit/consistency?from=0&to=0'),
  'GET /v1/api-keys/{id}': at('/v1/api-keys/none'),
  'GET /v1/receipts/{receiptCode}': { path: ({ receiptCode }) => `/v1/receipts/${receiptCode}` },
  'GET /v1/departments/{id}/queue': { ...at(`${department}/queue?limit=200`), names: 'incident' },
  'GET /v1/departments/{id}/dispatches': at(`${department}/dispatches?limit=200`),
  'GET /v1/departments/{id}/dispatches/stream': { ...at(`${department}/dispatches/stream`), streams: true },
  'GET /v1/departments/{id}/replay/stream': { path: () => `${department}${lately()}`, names: 'incident' },
  'GET /v1/org-units/{id}/replay/stream': {
    ...{ path: () => `/v1/org-units/st-hepan${lately()}`, names: 'incident' },
  },
  'GET /v1/departments/{id}/consumer-groups': at(`${department}/consumer-groups`),
  'POST /v1/departments/{id}/consumer-groups': {
    ...at(`${department}/consumer-groups`),
    body: { name: 'crews' },
  },
  ...consumerGroup('DELETE', ''),
  ...consumerGroup('GET', '/dead-letters'),
  ...consumerGroup('POST', '/lease', { max: 1 }),
  ...consumerGroup('POST', '/ack', { deliveryIds }),
  ...consumerGroup('POST', '/nack', { deliveryIds }),
  ...consumerGroup('POST', '/extend', { deliveryIds }),
  ...consumerGroup('POST', '/dead-letters/redrive', {}),
  'POST /v1/departments/{id}/leases': { ...at(`${department}/leases`), body: { max: 1 } },
  ...lease('/ack'),
  ...lease('/nack'),
  ...lease('/extend'),
  'GET /v1/departments/{id}/webhooks': at(`${department}/webhooks`),
  // Refused as no address, once it is allowed at all.
  'POST /v1/departments/{id}/webhooks': {
    ...at(`${department}/webhooks`),
    body: { url: 'https://127.0.0.1/' },
  },
  ...webhook('GET', ''),
  ...webhook('DELETE', ''),
  ...webhook('GET', '/deliveries'),
  ...webhook('POST', '/rotate', {}),
  ...webhook('POST', '/disable', {}),
  ...webhook('POST', '/enable', {}),
  ...webhook('POST', '/redeliver', { from: '1' }),
  'GET /v1/departments/{id}/workload': at(`${department}/workload`),
  'POST /v1/departments/{id}/transfer-open-tasks': {
    ...{ ...at(`${department}/transfer-open-tasks`), body: { reason: '机构改革' } },
  },
  'GET /v1/workload': { ...at('/v1/workload'), names: 'department' },
  'GET /v1/workload/explain': {
    ...at('/v1/workload/explain?figure=open&departmentId=dp-urban-management&limit=200'),
    names: 'incident',
  },
  'GET /v1/metrics': at('/v1/metrics'),
  'GET /v1/metrics/{name}': at('/v1/metrics/check-in-on-time?by=department'),
  'GET /v1/metrics/{name}/explain': { ...at('/v1/metrics/check-in-on-time/explain'), names: 'incident' },
  'GET /v1/org-units': at('/v1/org-units'),
  'GET /v1/org-units/{id}': at('/v1/org-units/st-hepan'),
  'GET /v1/categories': at('/v1/categories'),
  'GET /v1/categories/{code}/responsible': at('/v1/categories/sewer-blockage/responsible'),
  'GET /v1/catalogues': at('/v1/catalogues'),
  'GET /v1/catalogue-proposals': at('/v1/catalogue-proposals'),
  'GET /v1/grids': at('/v1/grids'),
  'GET /v1/grid-maps': at('/v1/grid-maps'),
  'GET /v1/deadline-policies': at('/v1/deadline-policies'),
  'GET /v1/ladders': at('/v1/ladders'),
  'GET /v1/metric-definitions': at('/v1/metric-definitions'),
  'GET /v1/calendars': at('/v1/calendars'),
  'POST /v1/grids/locate': { ...at('/v1/grids/locate'), body: { lon: 120.41, lat: 31.83 } },
  'POST /v1/calendars/{id}/due': {
    ...at('/v1/calendars/default/due'),
    body: { start: '2026-03-02T09:00:00+08:00', amount: 1, unit: 'WORKING_DAY' },
  },
  'POST /v1/org-units': publishes('/v1/org-units'),
  'POST /v1/org-units/rename': publishes('/v1/org-units/rename'),
  'POST /v1/org-units/merge': publishes('/v1/org-units/merge'),
  'POST /v1/org-units/split': publishes('/v1/org-units/split'),
  'POST /v1/categories': publishes('/v1/categories'),
  'POST /v1/catalogues': publishes('/v1/catalogues'),
  'POST /v1/grid-maps': publishes('/v1/grid-maps'),
  'POST /v1/deadline-policies': publishes('/v1/deadline-policies'),
  'POST /v1/ladders': publishes('/v1/ladders'),
  'POST /v1/calendars': publishes('/v1/calendars'),
  'POST /v1/metric-definitions': publishes('/v1/metric-definitions'),
  'POST /v1/deadline-policies/{id}/move-open-deadlines': {
    ...publishes('/v1/deadline-policies/default/move-open-deadlines'),
    body: { reason: '新标准' },
  },
  // Refused as no window, once it is allowed at all: each one that is taken costs a thread.
  'POST /v1/simulations': {
    ...at('/v1/simulations'),
    body: { from: '2026-01-02T00:00:00Z', to: '2026-01-01T00:00:00Z' },
  },
  'GET /v1/simulations/{id}': at('/v1/simulations/none'),
  'GET /v1/simulations/{id}/differences': at('/v1/simulations/none/differences'),
  'DELETE /v1/simulations/{id}': at('/v1/simulations/none'),
  'GET /v1/schemas': at('/v1/schemas'),
  'GET /v1/schemas/dispatch/{name}/{version}': at('/v1/schemas/dispatch/dispatched/v1'),
  'GET /v1/asyncapi.json': at('/v1/asyncapi.json'),
  'GET /health/live': at('/health/live'),
  'GET /health/ready': at('/health/ready'),
  'GET /metrics': at('/metrics'),
};

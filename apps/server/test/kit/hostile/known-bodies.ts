import type { City } from '../city.js';
import { expected } from '../incident-steps.js';
import type { Operation } from './operations.js';
import type { KnownBodies } from './recipes.js';

interface Items {
  readonly items: readonly Readonly<Record<string, unknown>>[];
}

const from = '«today»';

/** Of a lease that nobody has. */
export const leaseId = '1-00000000-0000-4000-8000-000000000000';
const deliveryIds = [leaseId];
const group = '/v1/departments/{id}/consumer-groups/{group}';
const webhooks = '/v1/departments/{id}/webhooks';

/** What has no list of its own to be read from. */
const written: KnownBodies = {
  'POST /v1/departments/{id}/consumer-groups': [{ name: 'fuzz' }],
  [`POST ${group}/ack`]: [{ deliveryIds }],
  [`POST ${group}/nack`]: [{ deliveryIds, delaySeconds: 1 }],
  [`POST ${group}/extend`]: [{ deliveryIds }],
  'POST /v1/departments/{id}/leases': [{ max: 1 }],
  [`POST ${webhooks}`]: [{ url: 'https://hooks.example.invalid/' }],
  [`POST ${webhooks}/{webhookId}/redeliver`]: [
    { from: '1', to: '9', after: '3' },
    { from: '2026-02-13T18:00:00+08:00', to: '2026-02-16T08:00:00+08:00' },
  ],
  'POST /v1/org-units/rename': [{ id: 'es-liuyin-garden', name: '柳荫花园一期', from }],
  'POST /v1/org-units/merge': [
    { unitIds: ['dp-ecology', 'dp-gas'], into: { id: 'dp-merged', name: '合并局' }, from },
  ],
  'POST /v1/org-units/split': [
    {
      id: 'dp-ecology',
      into: [
        { id: 'dp-eco-a', name: '一局' },
        { id: 'dp-eco-b', name: '二局' },
      ],
      from,
    },
  ],
};

/** Lists that are published as lists. */
const lists: Readonly<Record<string, string>> = {
  'POST /v1/org-units': 'orgUnits',
  'POST /v1/categories': 'categories',
};

/** Documents in force, for the operations that publish the next version of one and whose schema says no more than that. */
export async function knownBodies(city: City, operations: readonly Operation[]): Promise<KnownBodies> {
  const known: Record<string, readonly unknown[]> = { ...written };
  const readable = new Set(operations.filter(({ method }) => method === 'GET').map(({ path }) => path));
  for (const { name, path, body } of operations) {
    const isOpen = body !== null && body.properties === undefined && body.additionalProperties === true;
    if (!isOpen || !readable.has(path)) continue;
    const { items } = expected(200, await city.as('oversight').get<Items>(path));
    const documents = items.slice(0, 3).map(({ version: _, ...document }) => document);
    const list = lists[name];
    known[name] = list === undefined ? documents : documents.map((document) => ({ [list]: [document] }));
  }
  return known;
}

import type { Projection } from '@shaoying/projections';
import type { WebhookEventType } from './webhook.events.js';

/** Which endpoints there are, for lists and for whoever delivers. What an endpoint is, is asked of its stream alone. */
export const webhookIndex: Projection = {
  name: 'webhook-index',
  version: 1,
  // One event in many thousands is its own. A registration waits until it has passed by all before it: so much longer under load.
  longestPassingMs: 500,
  schema: `
    create table endpoints (
      registered_position bigint primary key,
      webhook_id          text collate "C" not null unique,
      department_id       text collate "C" not null
    );
    create index endpoints_of_department on endpoints (department_id)`,
  eventTypes: ['WebhookRegistered', 'WebhookDeleted'] satisfies WebhookEventType[],
  async apply(events, tx) {
    const known = events.map(({ type, position, data }) => ({
      ...(data as { webhookId: string; departmentId: string }),
      ...{ type, position },
    }));
    const registered = known.filter(({ type }) => type === 'WebhookRegistered');
    await tx.query(
      `insert into endpoints select * from unnest($1::bigint[], $2::text[], $3::text[]) on conflict do nothing`,
      [
        registered.map(({ position }) => position),
        registered.map(({ webhookId }) => webhookId),
        registered.map(({ departmentId }) => departmentId),
      ],
    );
    const deleted = known.filter(({ type }) => type === 'WebhookDeleted');
    await tx.query('delete from endpoints where webhook_id = any($1::text[])', [
      deleted.map(({ webhookId }) => webhookId),
    ]);
  },
};

/** What a list needs of a connection pool. */
export interface Reader {
  query<Row>(text: string, values?: unknown[]): Promise<{ rows: Row[] }>;
}

/** Ids of a department's endpoints in the order in which they were registered. @throws what the reader throws */
export async function webhooksOf(reader: Reader, departmentId: string): Promise<readonly string[]> {
  const { rows } = await reader.query<{ webhook_id: string }>(
    'select webhook_id from webhook_index.endpoints where department_id = $1 order by registered_position',
    [departmentId],
  );
  return rows.map((row) => row.webhook_id);
}

/** Ids of all endpoints. @throws what the reader throws */
export async function allWebhooks(reader: Reader): Promise<readonly string[]> {
  const { rows } = await reader.query<{ webhook_id: string }>(
    'select webhook_id from webhook_index.endpoints order by registered_position',
  );
  return rows.map((row) => row.webhook_id);
}

import { stayWithPrimary } from '@shaoying/postgres';
import {
  PostgresConnection,
  PostgresQueueBackend,
  type BackendFactory,
  type PostgresConnectionOptions,
} from 'bullmq';
import type { Client } from 'pg';

/**
 * BullMQ's backend, with connections that leave a server that can only be read (docs/adr/0041-connections-leave-a-server-that-can-only-be-read.md):
 * on what was the primary nothing is due that was armed since, and nobody is woken.
 */
export const primaryBackend: BackendFactory<PostgresQueueBackend, PostgresConnectionOptions> = (
  name,
  options,
  { withBlockingConnection = false } = {},
) => {
  const connection = new PrimaryConnection(options.connection);
  return new PostgresQueueBackend(connection, name, options, true, withBlockingConnection ? name : undefined);
};

/** Its pool is made of what the options say; the connection that listens is a plain one. */
class PrimaryConnection extends PostgresConnection {
  override async getListenClient(): ReturnType<PostgresConnection['getListenClient']> {
    const client = await super.getListenClient();
    await stayWithPrimary(client as unknown as Client);
    return client;
  }
}

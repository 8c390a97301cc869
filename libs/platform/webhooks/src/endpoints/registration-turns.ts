import { advisoryLockKey, isPassing, withTransaction } from '@shaoying/postgres';
import type { Pool } from 'pg';
import { WebhooksUnavailable } from './webhook.errors.js';

const lockMsMax = 8_000;

/**
 * One registration at a time of a department, in all processes: whoever counts its endpoints and then adds one is not overtaken. Within
 * a process one at a time of all, since each takes a connection for as long.
 */
export class RegistrationTurns {
  private last: Promise<unknown> = Promise.resolve();

  constructor(private readonly pool: Pool) {}

  /** @throws WebhooksUnavailable, and what `act` throws */
  run<Answer>(departmentId: string, act: () => Promise<Answer>): Promise<Answer> {
    const turn = this.last.then(() => this.locked(departmentId, act));
    this.last = turn.catch(() => undefined);
    return turn;
  }

  private async locked<Answer>(departmentId: string, act: () => Promise<Answer>): Promise<Answer> {
    try {
      return await withTransaction(this.pool, async (client) => {
        const lock = advisoryLockKey(`webhooks/registrations/${departmentId}`).toString();
        // Passes as a lock that was not to be had, where the statement's own limit would look like a fault of ours.
        await client.query(`set local lock_timeout = ${lockMsMax}`);
        await client.query('select pg_advisory_xact_lock($1::bigint)', [lock]);
        return act();
      });
    } catch (error) {
      if (!isPassing(error)) throw error;
      throw new WebhooksUnavailable('webhooks cannot be registered now', { cause: error });
    }
  }
}

// Where alarms are kept, and beside each the ceiling: a bare BullMQ queue on the same server.
import { createPostgresBackend, Queue, withBackend } from 'bullmq';
import { Redis } from 'ioredis';

/** As many to a round trip as the alarm clock hands over: the ceiling is not to win by larger ones. */
const jobsPerCall = 1_000;
const timersSchema = 'shaoying_timers';

/** Adds delayed jobs of the same payload as alarms have, named by BullMQ itself, and nothing else. */
async function addAll(queue, deadlines) {
  const nowMs = Date.now();
  for (let start = 0; start < deadlines.length; start += jobsPerCall) {
    const jobs = deadlines.slice(start, start + jobsPerCall).map(({ deadlineId, dueAt }) => ({
      name: 'BREACH',
      data: { deadlineId, tier: 'BREACH', dueAt, attempt: 1 },
      opts: { delay: Math.max(0, Date.parse(dueAt) - nowMs), removeOnComplete: true, removeOnFail: true },
    }));
    await queue.addBulk(jobs);
  }
}

/** @param table speaks to the same PostgreSQL */
export function postgresBackend(url, table) {
  const { Queue: PostgresQueue } = withBackend(createPostgresBackend);
  return {
    name: 'PostgreSQL',
    url,
    async raw() {
      const queue = new PostgresQueue('raw', {
        connection: { connectionString: url, schema: timersSchema, max: 2, migrate: true },
      });
      await queue.waitUntilReady();
      return { add: (deadlines) => addAll(queue, deadlines), close: () => queue.close() };
    },
    async wipe() {
      await table.run(`TRUNCATE ${timersSchema}.job, ${timersSchema}.event CASCADE`);
      await table.run('CHECKPOINT');
    },
  };
}

export function redisBackend({ url, client }) {
  return {
    name: 'Redis',
    url,
    async raw() {
      const connection = new Redis(url, { maxRetriesPerRequest: null, disconnectTimeout: 100 });
      const queue = new Queue('raw', { connection });
      await queue.waitUntilReady();
      const close = async () => {
        await queue.close();
        connection.disconnect();
      };
      return { add: (deadlines) => addAll(queue, deadlines), close };
    },
    async wipe() {
      await client.flushall();
    },
  };
}

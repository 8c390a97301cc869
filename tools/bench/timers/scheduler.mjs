// The server's scheduler on one backend, put together as the server does it.
import { DeadlineScheduler, openAlarmClock } from '@shaoying/timers';

export async function openScheduler(backend, table, { fire = async () => undefined, ...options } = {}) {
  return new DeadlineScheduler({
    openDeadlines: table.query,
    clock: await openAlarmClock({ url: backend.url, name: 'bench' }),
    now: () => new Date(),
    fire,
    ...options,
  });
}

// The embedded PostgreSQL of a benchmark that starts no server.
import { openEmbeddedPostgres } from '@shaoying/postgres';

/** Starts it, or joins one that runs there. Closed with all that `opened` holds, also when the benchmark ends while it starts. */
export function openOwnPostgres(opened, dataDir) {
  const starting = openEmbeddedPostgres({ dataDir, log: () => undefined });
  opened.push(() =>
    starting.then(
      (postgres) => postgres.close(),
      () => undefined,
    ),
  );
  return starting;
}

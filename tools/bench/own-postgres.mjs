// The embedded PostgreSQL of a benchmark that starts no server.
import { existsSync } from 'node:fs';
import { rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { openEmbeddedPostgres } from '@shaoying/postgres';
import { copyFreshCluster } from '@shaoying/postgres/testing';

/** A test that only sees a benchmark run has a cluster to be copied: `initdb` takes two seconds of the processor. */
export async function copyClusterOfTest(dataDir) {
  if (process.env.TEST_POSTGRES_TEMPLATE === undefined || existsSync(join(dataDir, 'postgres'))) return;
  await rmdir(dataDir);
  await copyFreshCluster(dataDir);
}

/** As the server reads it. */
const memoryBytes = Number(process.env.POSTGRES_MEMORY_MB ?? 0) * 1024 ** 2 || undefined;

/**
 * Starts it, or joins one that runs there. Closed with all that `opened` holds, also when the benchmark ends while it starts.
 * @param makesDatabases a cluster that is copied has none to make others from
 */
export function openOwnPostgres(opened, dataDir, { makesDatabases = false } = {}) {
  const ready = makesDatabases ? Promise.resolve() : copyClusterOfTest(dataDir);
  const starting = ready.then(() => openEmbeddedPostgres({ dataDir, log: () => undefined, memoryBytes }));
  opened.push(() =>
    starting.then(
      (postgres) => postgres.close(),
      () => undefined,
    ),
  );
  return starting;
}

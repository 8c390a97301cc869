// The embedded PostgreSQL of a benchmark that starts no server.
import { openEmbeddedPostgres } from '@shaoying/postgres';
import { copyFreshCluster } from '@shaoying/postgres/testing';
import { readdir, rm } from 'node:fs/promises';

/** A test that only sees a benchmark run has a cluster to be copied: `initdb` takes two seconds of the processor. */
export async function fillForTest(dataDir) {
  const isEmpty = (await readdir(dataDir).catch(() => [])).length === 0;
  if (process.env.TEST_POSTGRES_TEMPLATE === undefined || !isEmpty) return;
  await rm(dataDir, { recursive: true, force: true });
  await copyFreshCluster(dataDir);
}

/** Starts it, or joins one that runs there. Closed with all that `opened` holds, also when the benchmark ends while it starts. */
export function openOwnPostgres(opened, dataDir) {
  const starting = fillForTest(dataDir).then(() => openEmbeddedPostgres({ dataDir, log: () => undefined }));
  opened.push(() =>
    starting.then(
      (postgres) => postgres.close(),
      () => undefined,
    ),
  );
  return starting;
}

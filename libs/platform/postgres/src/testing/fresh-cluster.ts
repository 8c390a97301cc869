import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { run } from '../account.js';

/**
 * Puts a cluster into a data folder that is not there yet, as a first start that ended in order leaves it, with our database
 * alone. Copied from the one that the test run has made: `initdb` takes two seconds of processor time, and only a few tests
 * are about it.
 */
export async function copyFreshCluster(dataDir: string): Promise<void> {
  const template = process.env.TEST_POSTGRES_TEMPLATE;
  if (template === undefined) throw new Error('the test run has made no cluster to be copied');
  await mkdir(dirname(dataDir), { recursive: true });
  // Its files keep their owner, who is not root.
  const copied = await run('cp', ['-a', template, dataDir], null);
  if (copied.exitCode !== 0) throw new Error(`copying failed: ${copied.output}`);
}

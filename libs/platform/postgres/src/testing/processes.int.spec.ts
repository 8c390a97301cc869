import { access } from 'node:fs/promises';
import { Client } from 'pg';
import { OwnCluster } from './own-cluster.js';
import { sharedMemoryOf } from './processes.js';

const onLinux = process.platform === 'linux';
const testOnLinux = onLinux ? test : test.skip;

const isThere = (file: string): Promise<boolean> =>
  access(file).then(
    () => true,
    () => false,
  );

testOnLinux(
  `a server that is killed leaves no shared memory behind${onLinux ? '' : ' (skipped: needs /proc)'}`,
  async () => {
    const cluster = await OwnCluster.start();
    const client = new Client({ connectionString: cluster.url() });
    client.on('error', () => undefined);
    await client.connect();
    const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
    const memory = await sharedMemoryOf(rows[0]?.pid ?? 0);
    expect(memory).not.toEqual([]);
    expect(await Promise.all(memory.map(isThere))).not.toContain(false);
    await cluster.kill();
    expect(await Promise.all(memory.map(isThere))).not.toContain(true);
    await client.end();
    await cluster.remove();
  },
  60_000,
);

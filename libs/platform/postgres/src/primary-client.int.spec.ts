import { Client, type Pool } from 'pg';
import { createPool, withTransaction } from './pool.js';
import { PrimaryClient, ServerIsReadOnly, stayWithPrimary } from './primary-client.js';
import { isPassing } from './passing.js';
import { TwoServers, until } from './testing/index.js';

const onLinux = process.platform === 'linux';
const describeOnLinux = onLinux ? describe : describe.skip;

const number = async (pool: Pool): Promise<number> =>
  Number((await pool.query<{ n: number }>('SELECT n FROM note')).rows[0]?.n);

const refusal = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    (answer) => ({ answer }),
    (error: unknown) => error,
  );

describeOnLinux(`connections over a fail-over${onLinux ? '' : ' (skipped: needs /proc)'}`, () => {
  let servers: TwoServers;
  const pools: Pool[] = [];

  const poolOf = (url: string, max: number, applicationName: string): Pool => {
    const pool = createPool(url, { max, applicationName, log: () => undefined });
    pools.push(pool);
    return pool;
  };

  /** As many connections as the pool may have, each used once and idle now. */
  async function filled(max: number, applicationName: string): Promise<Pool> {
    const pool = poolOf(servers.address.url, max, applicationName);
    await Promise.all(Array.from({ length: max }, () => pool.query('SELECT pg_sleep(0.1)')));
    expect(pool.totalCount).toBe(max);
    return pool;
  }

  beforeEach(async () => {
    servers = await TwoServers.start();
    await servers.ask(servers.first, 'CREATE TABLE note AS SELECT 1 AS n');
  }, 120_000);

  afterEach(async () => {
    await Promise.all(pools.splice(0).map((pool) => pool.end()));
    await servers.remove();
  }, 120_000);

  test('no read is answered by what was the primary, and one that notices has all of the process leave it, idle ones and listeners too', async () => {
    const pool = await filled(3, 'some');
    const other = await filled(2, 'others');
    const listening = new PrimaryClient({ connectionString: servers.address.url, application_name: 'ears' });
    const listenersError = new Promise<Error>((resolve) => listening.on('error', resolve));
    await listening.connect();
    await listening.query('LISTEN anything');
    await servers.failOver();
    await servers.ask(servers.second, 'UPDATE note SET n = 2');
    expect(await servers.connectedTo(servers.first)).toEqual(['ears', 'others', 'some']);

    const told = await refusal(number(pool));
    expect(told).toBeInstanceOf(ServerIsReadOnly);
    expect(isPassing(told)).toBe(true);
    expect(await listenersError).toBeInstanceOf(ServerIsReadOnly);
    await until('nobody on the first', async () => (await servers.connectedTo(servers.first)).length === 0);
    for (let times = 0; times < 5; times += 1) {
      expect(await number(pool)).toBe(2);
      expect(await number(other)).toBe(2);
    }
    // Those of the server that can be written were asked too, if there were any, and stay.
    expect(await servers.connectedTo(servers.second)).toEqual(['others', 'some']);
  }, 120_000);

  test('a transaction is refused in which the server could only be read, and its connection is left', async () => {
    const pool = await filled(1, 'some');
    const transaction = withTransaction(pool, async (client) => {
      await client.query('SELECT n FROM note');
      await servers.failOver();
      return (await client.query('SELECT n FROM note')).rows;
    });
    expect(await refusal(transaction)).toBeInstanceOf(ServerIsReadOnly);
    expect(
      await withTransaction(pool, async (client) => (await client.query('UPDATE note SET n = 3')).rowCount),
    ).toBe(1);
    expect(await servers.connectedTo(servers.first)).toEqual([]);
  }, 120_000);

  test('nobody connects to a server that can only be read, whether it follows another or is fenced off', async () => {
    const pool = poolOf(servers.secondUrl, 2, 'to the standby');
    expect(await refusal(pool.query('SELECT 1'))).toBeInstanceOf(ServerIsReadOnly);
    const client = new PrimaryClient({ connectionString: servers.secondUrl });
    expect(await refusal(client.connect())).toBeInstanceOf(ServerIsReadOnly);
    await until('nobody on the second', async () => (await servers.connectedTo(servers.second)).length === 0);
    await servers.failOver();
    expect((await pool.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
    const late = poolOf(servers.first.url('shaoying'), 1, 'to the fenced one');
    expect(await refusal(late.query('SELECT 1'))).toBeInstanceOf(ServerIsReadOnly);
  }, 120_000);

  test('a connection that a library has made leaves with the others, or at once', async () => {
    const pool = await filled(1, 'some');
    const errors: Error[] = [];
    const connected = async (url: string): Promise<Client> => {
      const client = new Client({ connectionString: url });
      client.on('error', (error) => errors.push(error));
      await client.connect();
      return client;
    };
    await stayWithPrimary(await connected(servers.address.url));
    await servers.failOver();
    await refusal(pool.query('SELECT 1'));
    await until('the first has left', () => errors.length === 1);
    const late = await connected(servers.first.url('shaoying'));
    expect(await refusal(stayWithPrimary(late))).toBeInstanceOf(ServerIsReadOnly);
    expect(errors).toEqual([new ServerIsReadOnly(), new ServerIsReadOnly()]);
    await until('nobody on the first', async () => (await servers.connectedTo(servers.first)).length === 0);
  }, 120_000);
});

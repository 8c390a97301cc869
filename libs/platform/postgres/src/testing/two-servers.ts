import { Client } from 'pg';
import { type Proxy, openProxy } from './connection-proxy.js';
import { OwnCluster } from './own-cluster.js';
import { until } from './patience.js';

const database = 'shaoying';

/**
 * Two servers, the second following the first until it is promoted, and the address of a database before them. Whoever is
 * connected to the first stays connected after the fail-over: it lives, answers, and never hears of anything new.
 */
export class TwoServers {
  private constructor(
    readonly first: OwnCluster,
    readonly second: OwnCluster,
    /** Leads to the first, until the fail-over. */
    readonly address: Proxy,
  ) {}

  static async start(): Promise<TwoServers> {
    const first = await OwnCluster.start();
    try {
      await first.createDatabase(database);
      const second = await OwnCluster.start({ follows: first });
      return new TwoServers(first, second, await openProxy(first.url(database)));
    } catch (error) {
      await first.remove();
      throw error;
    }
  }

  get secondUrl(): string {
    return this.second.url(database);
  }

  /** Past the address. */
  async ask<Row extends object>(server: OwnCluster, question: string): Promise<Row[]> {
    const client = new Client({ connectionString: server.url(database) });
    await client.connect();
    try {
      return (await client.query<Row>(question)).rows;
    } finally {
      await client.end();
    }
  }

  /** What is connected to the database of a server, but for who asks: names of applications, each once. */
  async connectedTo(server: OwnCluster): Promise<string[]> {
    const rows = await this.ask<{ name: string }>(
      server,
      `SELECT DISTINCT application_name AS name FROM pg_stat_activity
       WHERE datname = current_database() AND pid <> pg_backend_pid() ORDER BY 1`,
    );
    return rows.map(({ name }) => name);
  }

  /** The first can only be read from now on, which it tells nobody who does not ask. */
  async fence(): Promise<void> {
    await this.ask(this.first, 'ALTER SYSTEM SET default_transaction_read_only = on');
    await this.ask(this.first, 'SELECT pg_reload_conf()');
    await until('the first can only be read', async () => {
      const [row] = await this.ask<{ on: boolean }>(
        this.first,
        `SELECT current_setting('transaction_read_only') = 'on' AS on`,
      );
      return row?.on === true;
    });
  }

  /** The first is fenced, and the second takes its place once it has everything. */
  async failOver(): Promise<void> {
    await this.fence();
    const [written] = await this.ask<{ lsn: string }>(
      this.first,
      'SELECT pg_current_wal_flush_lsn()::text AS lsn',
    );
    await until('the second has everything', async () => {
      const [row] = await this.ask<{ all: boolean }>(
        this.second,
        `SELECT pg_last_wal_replay_lsn() >= '${written?.lsn}' AS all`,
      );
      return row?.all === true;
    });
    await this.ask(this.second, 'SELECT pg_promote()');
    this.address.leadTo(this.secondUrl);
  }

  async remove(): Promise<void> {
    await this.address.close();
    await Promise.all([this.first.remove(), this.second.remove()]);
  }
}

// Commands with the tree and without it, taken in turn on one server; and the replay of a long incident.
import { SimulatedCity } from '@shaoying/incident-read-models/testing';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { PostgresEventStore } from '@shaoying/event-store-postgres';
import { openEmbeddedPostgres } from '@shaoying/postgres';
import { Client } from 'pg';
import { say } from '../command-line.mjs';
import { figure } from '../report.mjs';

const lock = `hashtextextended('projections/audit-tree', 0)`;
const switchMsMax = 30_000;

/**
 * Switches the tree off as a standby does: whoever holds the projection's lock makes the tree, and a holder that does nothing makes
 * none. No setting of the server is needed for it.
 */
export class TreeSwitch {
  #client;

  constructor(client) {
    this.#client = client;
  }

  static async open(url) {
    const client = new Client({ connectionString: url, application_name: 'shaoying bench' });
    await client.connect();
    return new TreeSwitch(client);
  }

  async off() {
    for (const endMs = Date.now() + switchMsMax; Date.now() < endMs; await sleep(1)) {
      await this.#client.query(
        `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'shaoying-projection-audit-tree'`,
      );
      const { rows } = await this.#client.query(`select pg_try_advisory_lock(${lock}) as locked`);
      if (rows[0].locked) return;
    }
    throw new Error('the tree cannot be switched off');
  }

  async on() {
    await this.#client.query(`select pg_advisory_unlock(${lock})`);
  }

  close() {
    return this.#client.end();
  }
}

/** @returns `{ on, off }`, the reports a second of each round; round 0 warms up and does not count */
export async function withAndWithout(server, generator, treeSwitch, { rounds, seconds }) {
  const perSecond = { on: [], off: [] };
  for (let round = 0; round <= rounds; round += 1) {
    // Whoever is first finds the caches colder: they take turns in that as well.
    for (const state of round % 2 === 0 ? ['on', 'off'] : ['off', 'on']) {
      await server.settled();
      if (state === 'off') await treeSwitch.off();
      const figures = await generator.run('report', seconds);
      if (state === 'off') await treeSwitch.on();
      say(
        `  round ${round}  tree ${state.padEnd(3)}  ${figure(figures.perSecond)}/s  errors ${figures.failures}`,
      );
      if (round > 0) perSecond[state].push(figures.perSecond);
    }
  }
  return perSecond;
}

/** The stream of an incident with so many events, decided by the real decider. */
function longIncident(events) {
  const city = new SimulatedCity('2026-01-01T00:00:00.000Z').report('inc').whistle('inc', ['dept-1']).pass(5);
  city.acknowledge('inc', 'dept-1').pass(5).checkIn('inc', 'dept-1');
  while (city.events.length < events) city.pass(1).progress('inc', 'dept-1');
  const id = randomUUID();
  const told = JSON.stringify(city.events.filter(({ streamId }) => streamId === 'incident-inc')).replaceAll(
    /"(incident-)?inc(?=["-])/g,
    (_, stream = '') => `"${stream}${id}`,
  );
  return {
    id,
    events: JSON.parse(told).map(({ streamId, revision, position, ...event }) => {
      void [streamId, revision, position];
      return { ...event, eventId: randomUUID(), commandId: randomUUID() };
    }),
  };
}

/** @returns milliseconds of each `GET …/replay` of one long incident, sorted */
export async function replayTimes(server, { events, calls }) {
  const joined = await openEmbeddedPostgres({ dataDir: server.dataDir, log: () => undefined });
  const store = await PostgresEventStore.open({ url: joined.url });
  try {
    const incident = longIncident(events);
    await store.append(`incident-${incident.id}`, 'none', incident.events);
    await server.settled();
    const token = await server.token('oversight', 'ct-lindong');
    const url = `${server.url}/v1/incidents/${incident.id}/replay?at=${incident.events.length - 1}`;
    const tookMs = [];
    // The first ones warm up.
    for (let call = -Math.ceil(calls / 5); call < calls; call += 1) {
      const startedMs = performance.now();
      const answer = await fetch(url, { headers: { Authorization: `Bearer ${token}` } });
      const text = await answer.text();
      if (call >= 0) tookMs.push(performance.now() - startedMs);
      if (!answer.ok) throw new Error(`replay answered ${answer.status}: ${text.slice(0, 300)}`);
    }
    return { tookMs: tookMs.sort((a, b) => a - b), events: incident.events.length };
  } finally {
    await store.close();
    await joined.close();
  }
}

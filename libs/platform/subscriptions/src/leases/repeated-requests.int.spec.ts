import { propertyParameters } from '@shaoying/event-store/testing';
import { createPool } from '@shaoying/postgres';
import { createTestDatabase, type TestDatabase } from '@shaoying/postgres/testing';
import fc from 'fast-check';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from 'pg';
import { InMemoryFeedSource } from '../testing/index.js';
import { ConsumerGroups } from './consumer-groups.js';
import type { Delivery, Lent, Settled } from './delivery.js';
import { LeaseCommands, rememberedMax, type LeaseCommand } from './lease-commands.js';
import type { LeaseSql } from './lease.tables.js';

const never = new AbortController().signal;
const idsOf = (deliveries: readonly Delivery[]): string[] => deliveries.map(({ deliveryId }) => deliveryId);
const subjectsOf = (deliveries: readonly Delivery[]): unknown[] =>
  deliveries.map(({ cloudEvent }) => (JSON.parse(cloudEvent) as { subject: unknown }).subject);
const newCommand = (requestHash = 'this body'): LeaseCommand => ({ commandId: randomUUID(), requestHash });
const keyReused = { code: 'IDEMPOTENCY_KEY_REUSED' };

describe('requests of consumers that are sent again', () => {
  let database: TestDatabase;
  let pool: Pool;
  let feed: InMemoryFeedSource;
  let groups: ConsumerGroups;
  /** As of another process. */
  let others: ConsumerGroups;
  let department = 0;
  let name: string;

  beforeAll(async () => {
    database = await createTestDatabase();
    pool = createPool(database.url, { max: 8 });
  });
  beforeEach(async () => {
    feed = new InMemoryFeedSource();
    name = `dp-${(department += 1)}`;
    groups = await ConsumerGroups.open(pool, feed);
    others = await ConsumerGroups.open(pool, feed);
    await groups.create(name, 'system', '0', 5);
  });
  afterAll(async () => {
    await pool.end();
    await database.drop();
  });

  const add = (...subjects: string[]): void =>
    feed.add(name, ...subjects.map((subject) => JSON.stringify({ subject })));
  const lease = (max = 10, visibilityMs = 60_000): Promise<Delivery[]> =>
    groups.lease(name, 'system', { max, visibilityMs, waitMs: 0, signal: never });
  const leaseOnce = (
    command: LeaseCommand,
    { max = 10, visibilityMs = 60_000, waitMs = 0, signal = never, by = groups } = {},
  ): Promise<Lent> => by.leaseOnce(name, 'system', { max, visibilityMs, waitMs, signal }, command);
  const acknowledge = (ids: readonly string[], command?: LeaseCommand, by = groups): Promise<Settled> =>
    by.acknowledge(name, 'system', ids, command);
  const giveBack = (ids: readonly string[], command?: LeaseCommand): Promise<Settled> =>
    groups.giveBack(name, 'system', ids, 0, command);
  const group = async () => (await groups.list(name))[0];
  const runOut = (): Promise<unknown> =>
    pool.query(`update leases.deliveries set visible_at = now() where feed = $1`, [name]);

  describe('without a key', () => {
    it('are told again that an acknowledgement was made, as often as they ask and by any process', async () => {
      add('a', 'b');
      const ids = idsOf(await lease());
      expect(await acknowledge(ids)).toEqual({ settled: ids, lost: [] });
      for (const by of [groups, others])
        expect(await acknowledge(ids, undefined, by)).toEqual({ settled: ids, lost: [], replayed: true });
      // With others that are not done yet it is no mere repetition.
      add('c');
      const more = [...ids, ...idsOf(await lease())];
      expect(await acknowledge(more)).toEqual({ settled: more, lost: [] });
    });

    it('are told at the same moment, by two processes, that it is done', async () => {
      for (let round = 0; round < 20; round += 1) {
        add(`a-${round}`);
        const ids = idsOf(await lease());
        const both = [groups, others, groups, others].map((by) => acknowledge(ids, undefined, by));
        for (const told of await Promise.all(both)) expect(told).toMatchObject({ settled: ids, lost: [] });
      }
    });

    it('acknowledge nothing that somebody else has by now, nor what he has acknowledged himself', async () => {
      add('a');
      const late = idsOf(await lease());
      await runOut();
      const [other] = await lease();
      expect(await acknowledge(late)).toEqual({ settled: [], lost: late });
      expect(await group()).toMatchObject({ leased: 1 });
      expect(await acknowledge(other ? [other.deliveryId] : [])).toMatchObject({ lost: [] });
      expect(await acknowledge(late)).toEqual({ settled: [], lost: late });
    });

    it('are told again that items were given back, also once they are lent anew; that is neither undone nor done again', async () => {
      add('a');
      const ids = idsOf(await lease());
      await giveBack(ids);
      const [other] = await lease();
      expect(await giveBack(ids)).toEqual({ settled: ids, lost: [], replayed: true });
      expect(await group()).toMatchObject({ leased: 1 });
      expect(other).toMatchObject({ deliveries: 2 });
      // What was given back was not done, and what is done is not given back.
      expect(await acknowledge(ids)).toEqual({ settled: [], lost: ids });
      const done = other ? [other.deliveryId] : [];
      await acknowledge(done);
      expect(await giveBack(done)).toEqual({ settled: [], lost: done });
      expect(await acknowledge(done)).toMatchObject({ settled: done });
    });

    it('are told nothing of what was done in a group of the same name before, nor in another one', async () => {
      add('a');
      const ids = idsOf(await lease());
      await acknowledge(ids);
      await groups.create(name, 'map', '0', 5);
      expect(await groups.acknowledge(name, 'map', ids)).toEqual({ settled: [], lost: ids });
      await groups.remove(name, 'system');
      await expect(acknowledge(ids)).rejects.toMatchObject({ code: 'CONSUMER_GROUP_NOT_FOUND' });
      await groups.create(name, 'system', '0', 5);
      expect(await acknowledge(ids)).toEqual({ settled: [], lost: ids });
      expect(subjectsOf(await lease())).toEqual(['a']);
    });
  });

  describe('with a key', () => {
    it('are lent the same again, by the same leases, as far as they still have them, and nothing else', async () => {
      add('a', 'b', 'c', 'd');
      const command = newCommand();
      const first = await leaseOnce(command, { max: 3 });
      expect(first).toMatchObject({ replayed: false });
      expect(subjectsOf(first.deliveries)).toEqual(['a', 'b', 'c']);
      for (const by of [groups, others])
        expect(await leaseOnce(command, { max: 3, by })).toEqual({ ...first, replayed: true });
      const [a, b, c] = idsOf(first.deliveries) as [string, string, string];
      await acknowledge([a]);
      await giveBack([b]);
      expect((await lease(1)).map(({ deliveries }) => deliveries)).toEqual([2]);
      const again = await leaseOnce(command, { max: 3 });
      expect(idsOf(again.deliveries)).toEqual([c]);
      // Kept for longer it is told until when.
      await groups.extend(name, 'system', [c], 3_000_000);
      const [kept] = (await leaseOnce(command, { max: 3 })).deliveries;
      expect(Date.parse(kept?.leasedUntil ?? '')).toBeGreaterThan(Date.now() + 2_000_000);
      await runOut();
      expect(await leaseOnce(command, { max: 3 })).toEqual({ deliveries: [], replayed: true });
      // Lent to somebody else it is not told either.
      await lease();
      expect(await leaseOnce(command, { max: 3 })).toEqual({ deliveries: [], replayed: true });
      expect(await group()).toMatchObject({ leased: 3, waiting: 0 });
    });

    it('are judged anew where they were lent nothing, and wait for what comes', async () => {
      const command = newCommand();
      expect(await leaseOnce(command)).toEqual({ deliveries: [], replayed: false });
      const waiting = leaseOnce(command, { waitMs: 20_000 });
      await sleep(50);
      add('a');
      const first = await waiting;
      expect(subjectsOf(first.deliveries)).toEqual(['a']);
      add('b');
      expect(await leaseOnce(command, { waitMs: 20_000 })).toEqual({ ...first, replayed: true });
    });

    it('are lent what there is where there is less, also where what is to come cannot be read', async () => {
      add('a', 'b', 'b');
      await lease(1);
      feed.failure = new Error('the feed is away');
      const command = newCommand();
      const first = await leaseOnce(command);
      expect(subjectsOf(first.deliveries)).toEqual(['b']);
      expect(await leaseOnce(command)).toEqual({ ...first, replayed: true });
      await expect(leaseOnce(newCommand())).rejects.toThrow('the feed is away');
      expect(await group()).toMatchObject({ leased: 2, waiting: 1 });
    });

    it('lose nothing where the consumer has gone away by the time that it was lent', async () => {
      add('a');
      const gone = new AbortController();
      const command = newCommand();
      const sql: LeaseSql = {
        query: async (text, values) => {
          const answer = await pool.query<never>(text, values);
          gone.abort();
          return answer;
        },
      };
      const by = await ConsumerGroups.open(pool, feed, sql);
      await leaseOnce(command, { by, signal: gone.signal });
      const { deliveries } = await leaseOnce(command);
      expect(subjectsOf(deliveries)).toEqual(['a']);
    });

    it('are answered once by two processes that are asked at the same moment', async () => {
      for (let round = 0; round < 20; round += 1) {
        add(`a-${round}`, `b-${round}`);
        const command = newCommand();
        const lent = await Promise.all(
          [groups, others, groups, others].map((by) => leaseOnce(command, { max: 1, by })),
        );
        const [first = ''] = idsOf(lent[0]?.deliveries ?? []);
        for (const { deliveries } of lent) expect(idsOf(deliveries)).toEqual([first]);
        expect(lent.filter(({ replayed }) => !replayed)).toHaveLength(1);
        expect(await group()).toMatchObject({ leased: 1 });
        const done = newCommand();
        const told = await Promise.all([groups, others].map((by) => acknowledge([first], done, by)));
        for (const { settled, lost } of told)
          expect({ settled, lost }).toEqual({ settled: [first], lost: [] });
        await acknowledge(idsOf(await lease()));
      }
    });

    it('settle as the first time, and once: no more time is given, no delay is begun anew', async () => {
      add('a', 'b');
      const [mine, lost] = [idsOf(await lease(1)), idsOf(await lease(1, 1))];
      await sleep(10);
      await lease();
      const ids = [...lost, ...mine];
      const visibleAt = async (): Promise<unknown> =>
        (
          await pool.query('select position, visible_at from leases.deliveries where feed = $1 order by 1', [
            name,
          ])
        ).rows;
      const extending = newCommand();
      const extended = await groups.extend(name, 'system', ids, 90_000, extending);
      expect(extended).toEqual({ settled: mine, lost });
      const until = await visibleAt();
      const again = { settled: mine, lost, replayed: true };
      expect(await others.extend(name, 'system', ids, 90_000, extending)).toEqual(again);
      expect(await visibleAt()).toEqual(until);
      const giving = newCommand();
      expect(await groups.giveBack(name, 'system', ids, 90_000, giving)).toEqual({ settled: mine, lost });
      const hidden = await visibleAt();
      expect(await others.giveBack(name, 'system', ids, 90_000, giving)).toEqual(again);
      expect(await visibleAt()).toEqual(hidden);
      // What was extended once was so, though it has ended since.
      expect(await groups.extend(name, 'system', ids, 90_000, extending)).toEqual(again);
    });

    it('are refused where another body had the key, also in another process at the same moment, which then did nothing', async () => {
      for (let round = 0; round < 20; round += 1) {
        add(`a-${round}`, `b-${round}`);
        const [one, other] = idsOf(await lease()) as [string, string];
        const { commandId } = newCommand();
        const results = await Promise.allSettled([
          acknowledge([one], { commandId, requestHash: 'one' }),
          acknowledge([other], { commandId, requestHash: 'other' }, others),
        ]);
        const [refused, ...more] = results.filter(({ status }) => status === 'rejected');
        expect(more).toEqual([]);
        expect(refused).toMatchObject({ reason: keyReused });
        expect(await group()).toMatchObject({ leased: 1 });
        await acknowledge([one, other]);
      }
      add('c');
      const command = newCommand('max 1');
      await leaseOnce(command, { max: 1 });
      const otherBody = { ...command, requestHash: 'max 2' };
      await expect(leaseOnce(otherBody, { max: 2 })).rejects.toMatchObject(keyReused);
    });

    it('refuse nobody else in their statement: whoever acknowledges meanwhile is answered', async () => {
      add('a', 'b', 'c');
      const [one, other, third] = idsOf(await lease()) as [string, string, string];
      const { commandId } = newCommand();
      const sql: LeaseSql = {
        query: async (text, values) => {
          // Another process comes between looking for the command and carrying it out.
          if ((text as { name?: string }).name === 'leases/acknowledge')
            await others.acknowledge(name, 'system', [one], { commandId, requestHash: 'one' });
          return pool.query(text, values);
        },
      };
      const by = await ConsumerGroups.open(pool, feed, sql);
      const results = await Promise.allSettled([
        acknowledge([other], { commandId, requestHash: 'other' }, by),
        acknowledge([third], newCommand(), by),
      ]);
      expect(results).toMatchObject([
        { status: 'rejected', reason: keyReused },
        { status: 'fulfilled', value: { settled: [third], lost: [] } },
      ]);
      expect(await acknowledge([other])).toEqual({ settled: [other], lost: [] });
    });

    it('are told what was done where the connection was cut between the statement and its answer', async () => {
      add('a', 'b');
      const sql: LeaseSql = {
        query: async (text, values) => {
          const answer = await pool.query<never>(text, values);
          if ((text as { name?: string }).name !== 'leases/find-commands') throw new Error('cut');
          return answer;
        },
      };
      const cut = await ConsumerGroups.open(pool, feed, sql);
      const [leasing, extending, settling, giving] = [newCommand(), newCommand(), newCommand(), newCommand()];
      // What there is by then is in the feed alone: the first is cut before anything is lent.
      await expect(leaseOnce(leasing, { by: cut })).rejects.toThrow('cut');
      await giveBack(idsOf(await lease()));
      await expect(leaseOnce(leasing, { by: cut, max: 2 })).rejects.toThrow('cut');
      const { deliveries, replayed } = await leaseOnce(leasing, { max: 2 });
      expect([subjectsOf(deliveries), replayed]).toEqual([['a', 'b'], true]);
      const [one, other] = idsOf(deliveries) as [string, string];
      const again = { settled: [one], lost: [], replayed: true };
      await expect(cut.extend(name, 'system', [one], 90_000, extending)).rejects.toThrow('cut');
      expect(await groups.extend(name, 'system', [one], 90_000, extending)).toEqual(again);
      await expect(acknowledge([one], settling, cut)).rejects.toThrow('cut');
      expect(await acknowledge([one], settling)).toEqual(again);
      await expect(cut.giveBack(name, 'system', [other], 0, giving)).rejects.toThrow('cut');
      expect(await giveBack([other], giving)).toEqual({ ...again, settled: [other] });
    });

    it('make a group, and deliver dead letters again, once', async () => {
      const making = newCommand();
      const made = await groups.make(name, 'map', '3', 7, making);
      expect(made).toMatchObject({
        isNew: true,
        replayed: false,
        group: { position: '3', maxDeliveries: 7 },
      });
      add('a', 'b', 'c', 'd', 'e');
      await groups.lease(name, 'map', { max: 1, visibilityMs: 9_000, waitMs: 0, signal: never });
      expect(await others.make(name, 'map', '3', 7, making)).toEqual({ ...made, replayed: true });
      await expect(groups.make(name, 'map', '0', 7, { ...making, requestHash: 'x' })).rejects.toMatchObject(
        keyReused,
      );
      const bury = (): Promise<unknown> =>
        pool.query('update leases.deliveries set dead_at = now() where feed = $1 and group_name = $2', [
          ...[name, 'system'],
        ]);
      await lease();
      await bury();
      const redriving = newCommand();
      const first = await groups.redrive(name, 'system', null, redriving);
      expect(first).toEqual({ redriven: ['1', '2', '3', '4', '5'], replayed: false });
      await bury();
      expect(await others.redrive(name, 'system', null, redriving)).toEqual({ ...first, replayed: true });
      expect(await group()).toMatchObject({ name: 'map' });
      expect((await groups.list(name))[1]).toMatchObject({ name: 'system', dead: 5 });
    });
  });

  it('whatever is lost on the way and sent again, to whichever process: all are told the same, nothing is done twice', async () => {
    interface Sent {
      readonly act: 'lease' | 'ack' | 'nack' | 'extend';
      readonly of: number;
      readonly sentTo: readonly boolean[];
    }
    const sent = fc.record<Sent>({
      act: fc.constantFrom('lease', 'lease', 'ack', 'ack', 'nack', 'extend'),
      of: fc.nat(20),
      sentTo: fc.array(fc.boolean(), { minLength: 1, maxLength: 3 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(sent, { maxLength: 30 }), async (requests) => {
        name = `dp-${(department += 1)}`;
        await groups.create(name, 'system', '0', 100);
        add(...Array.from({ length: 12 }, (_, index) => `incident-${index % 7}`));
        const lent: string[] = [];
        const acknowledged = new Map<string, string>();
        for (const { act, of, sentTo } of requests) {
          const command = newCommand();
          const ids = [lent[of % (lent.length || 1)] ?? '1-00000000-0000-4000-8000-000000000000'];
          const ask = async (by: ConsumerGroups): Promise<unknown> => {
            if (act === 'lease') return idsOf((await leaseOnce(command, { max: 2, by })).deliveries);
            const settle = {
              ack: () => by.acknowledge(name, 'system', ids, command),
              nack: () => by.giveBack(name, 'system', ids, 0, command),
              extend: () => by.extend(name, 'system', ids, 60_000, command),
            }[act];
            const { settled, lost } = await settle();
            return { settled, lost };
          };
          const answers = await Promise.all(sentTo.map((first) => ask(first ? groups : others)));
          const [answer] = answers;
          for (const other of answers) expect(other).toEqual(answer);
          if (act === 'lease') lent.push(...(answer as string[]).filter((id) => !lent.includes(id)));
          if (act === 'ack' && (answer as Settled).settled.length > 0) {
            const [id = ''] = ids;
            const [position = ''] = id.split('-');
            // By one lease alone.
            expect(acknowledged.get(position) ?? id).toBe(id);
            acknowledged.set(position, id);
          }
        }
        const { rows } = await pool.query<{ position: string }>(
          'select position::text from leases.deliveries where feed = $1',
          [name],
        );
        // Told that it is done, it is; told otherwise, it is still there.
        const left = new Set(rows.map(({ position }) => position));
        const taken = BigInt((await group())?.position ?? '0');
        for (const { position } of await feed.read(name, '0', 100))
          if (BigInt(position) <= taken) expect(left.has(position)).toBe(!acknowledged.has(position));
      }),
      propertyParameters({ numRuns: 40 }),
    );
  }, 120_000);

  describe('are remembered', () => {
    const commands = (): LeaseCommands => new LeaseCommands(pool);
    const count = async (table: string): Promise<number> =>
      (await pool.query<{ n: number }>(`select count(*)::int as n from leases.${table}`)).rows[0]?.n ?? 0;

    it('for a day, the newest of them, and none of a time to come', async () => {
      add('a', 'b');
      const [ids, command] = [idsOf(await lease(1)), newCommand()];
      await acknowledge(ids, command);
      const old = `now() - interval '25 hours'`;
      const ahead = `now() + interval '300 days'`;
      for (const at of [old, ahead]) {
        await pool.query(
          `insert into leases.commands (command_id, feed, request_hash, outcome, done_at)
           values (gen_random_uuid(), $1, '', '1', ${at})`,
          [name],
        );
        await pool.query(
          `insert into leases.endings (group_id, position, lease_id, given_back, ended_at)
           select id, 99, gen_random_uuid(), false, ${at} from leases.groups where feed = $1`,
          [name],
        );
      }
      await commands().sweepNow();
      for (const [table, at] of [
        ['commands', 'done_at'],
        ['endings', 'ended_at'],
      ] as const) {
        const { rows } = await pool.query(
          `select 1 from leases.${table} where ${at} > now() or ${at} < now() - interval '1 day'`,
        );
        expect(rows).toEqual([]);
      }
      expect(await acknowledge(ids, command)).toEqual({ settled: ids, lost: [], replayed: true });
      // More in a day than are kept: the oldest go, of this department and of this group alone.
      const [commandsBefore, endingsBefore] = [await count('commands'), await count('endings')];
      await pool.query(
        `insert into leases.commands (command_id, feed, request_hash, outcome, done_at)
         select gen_random_uuid(), $1, '', '1', now() - interval '1 second' from generate_series(1, $2)`,
        [`${name}-busy`, rememberedMax + 7],
      );
      await pool.query(
        `insert into leases.endings (group_id, position, lease_id, given_back, ended_at)
         select '00000000-0000-4000-8000-000000000000', n, gen_random_uuid(), false, now() - n * interval '1 millisecond'
         from generate_series(1, $1::integer) n`,
        [rememberedMax + 7],
      );
      await commands().sweepNow();
      expect(await count('endings')).toBe(endingsBefore + rememberedMax);
      expect(await count('commands')).toBeLessThanOrEqual(commandsBefore + rememberedMax);
      expect(await acknowledge(ids)).toMatchObject({ settled: ids, replayed: true });
    });

    it('as long as their group is there, and no longer', async () => {
      add('a');
      await acknowledge(idsOf(await lease()));
      const before = await count('endings');
      await groups.remove(name, 'system');
      expect(await count('endings')).toBe(before - 1);
    });
  });
});

describe('tables of the release before', () => {
  let database: TestDatabase;
  let pool: Pool;
  beforeAll(async () => {
    database = await createTestDatabase();
    pool = createPool(database.url, { max: 4 });
  });
  afterAll(async () => {
    await pool.end();
    await database.drop();
  });

  it('are gone on with: what is lent stays lent and is acknowledged, by this release and by the one before', async () => {
    await pool.query(`
      create schema leases;
      create table leases.groups (
        feed text not null, name text not null, position bigint not null, max_deliveries integer not null,
        created_at timestamptz not null default now(), primary key (feed, name)
      );
      create table leases.deliveries (
        feed text not null, group_name text not null, position bigint not null, subject text not null, item text not null,
        deliveries integer not null default 0, lease_id uuid, visible_at timestamptz not null default now(), dead_at timestamptz,
        primary key (feed, group_name, position),
        foreign key (feed, group_name) references leases.groups (feed, name) on delete cascade
      );
      insert into leases.groups (feed, name, position, max_deliveries) values ('dp', 'one', 2, 3), ('dp', 'two', 2, 3);
      insert into leases.deliveries (feed, group_name, position, subject, item, deliveries, lease_id, visible_at)
      select 'dp', name, n, n::text, '{}', 1, '00000000-0000-4000-8000-000000000000', now() + interval '1 minute'
      from leases.groups, generate_series(1, 2) n`);
    for (let start = 0; start < 2; start += 1) {
      const groups = await ConsumerGroups.open(pool, new InMemoryFeedSource());
      const ids = ['1-00000000-0000-4000-8000-000000000000'];
      expect(await groups.acknowledge('dp', 'one', ids)).toMatchObject({ settled: ids, lost: [] });
      const told = { settled: ids, lost: [] };
      expect(await groups.acknowledge('dp', 'two', ids)).toEqual(
        start === 0 ? told : { ...told, replayed: true },
      );
    }
    // A process of the release before goes on meanwhile.
    await pool.query(
      `insert into leases.groups (feed, name, position, max_deliveries) values ('dp', 'three', 0, 3)`,
    );
    const { rows } = await pool.query<{ id: string }>('select distinct id from leases.groups');
    expect(rows).toHaveLength(3);
  });
});

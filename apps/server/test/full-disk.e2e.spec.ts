import { noSmallDisk, SmallDisk } from '@shaoying/postgres/testing';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { City } from './kit/city.js';
import { knockEverywhere } from './kit/knocking.js';
import { Load } from './kit/load.js';
import { expectNothingLost } from './kit/nothing-lost.js';
import { inOneProcess, useServerHomes, type ServerHome } from './kit/server-home.js';
import { waitFor } from './kit/wait-for.js';

const newHome = useServerHomes(inOneProcess);

const mib = 1024 * 1024;
const diskMib = 192;
const patience = { timeoutMs: 90_000, everyMs: 50 };

const reason = noSmallDisk();
const describeOnSmallDisk = reason === null ? describe : describe.skip;

describeOnSmallDisk(`a full disk under the server${reason === null ? '' : ` (skipped: ${reason})`}`, () => {
  let disk: SmallDisk | undefined;
  let home: ServerHome | undefined;

  afterAll(async () => {
    // The servers first: their files are on the disk.
    await Promise.all(
      (home?.servers ?? []).map((server) => (server.ended ? undefined : server.stop('SIGTERM'))),
    );
    await disk?.remove();
  });

  test('callers are told to come back, never 500; with space again everything goes on, and nothing acknowledged is lost', async () => {
    home = await newHome();
    disk = await SmallDisk.mount(diskMib, home.dataDir);
    const server = await home.start();
    const city = await City.of(home, server);
    const load = new Load(city, 'full-disk');
    const knocking = new AbortController();
    const knocked = knockEverywhere(city, knocking.signal);
    // Less than a segment of the write-ahead log, then nothing at all: PostgreSQL panics, or refuses, or cannot recover.
    for (const leftBytes of [6 * mib, 0]) {
      const before = load.acknowledged.length;
      await waitFor('commands with space', () => load.acknowledged.length >= before + 20, patience);
      await disk.fill(leftBytes);
      const later = load.comeBackLater;
      await waitFor('callers are told to come back', () => load.comeBackLater >= later + 20, patience);
      await disk.relieve();
      const sinceThen = load.acknowledged.length;
      await waitFor('commands with space again', () => load.acknowledged.length >= sinceThen + 20, patience);
    }
    await load.end();
    knocking.abort();
    expect((await knocked).strange).toEqual([]);
    expect(load.refused).toEqual([]);
    expect(server.process.ended).toBe(false);
    await waitFor(
      'the server is ready',
      async () => (await fetch(`${city.url}/health/ready`)).status === 200,
      patience,
    );
    const logs = ['postgres.log', 'postgres.log.1'].map((name) => join(home?.dataDir ?? '', name));
    const texts = await Promise.all(logs.map((file) => readFile(file, 'utf8').catch(() => '')));
    expect(texts.join('\n')).toContain('No space left on device');
    await expectNothingLost(home, city, load.acknowledged);
    // Before its servers end, which is before others are asked.
    await home.expectAsRebuilt();
  });
});

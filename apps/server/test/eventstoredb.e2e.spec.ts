import type { EventStore } from '@shaoying/event-store';
import { EventStoreDbEventStore } from '@shaoying/event-store-eventstoredb';
import { LogServerDouble, serverAppendBytesMax } from '@shaoying/event-store-eventstoredb/testing';
import { City } from './kit/city.js';
import { Load } from './kit/load.js';
import { expectAsRebuilt } from './kit/as-rebuilt.js';
import { expectNothingLost } from './kit/nothing-lost.js';
import { inOneProcess, useServerHomes } from './kit/server-home.js';
import { waitFor } from './kit/wait-for.js';

const newHome = useServerHomes(inOneProcess);

let logServer: LogServerDouble;
beforeAll(async () => {
  logServer = await LogServerDouble.start({ maxAppendSize: serverAppendBytesMax });
});
afterAll(() => logServer.goAway());

/** The log itself, past the server. */
function logOf(url: string): { openLog(): Promise<EventStore>; closeLogs(): Promise<void> } {
  const logs: EventStore[] = [];
  return {
    openLog: async () => {
      const log = await EventStoreDbEventStore.open({ url });
      logs.push(log);
      return log;
    },
    closeLogs: async () => {
      await Promise.all(logs.splice(0).map((log) => log.close()));
    },
  };
}

// The log server is the engine's test double: its protocol over a real connection, its memory instead of a disk.
test('EVENT_STORE_URL alone puts the log on EventStoreDB; under load, through cut connections and a restart of it, nothing is lost', async () => {
  const home = await newHome();
  const server = await home.start({ EVENT_STORE_URL: logServer.url });
  const city = await City.of(home, server);
  const load = new Load(city, 'esdb');
  const soFar = (count: number) =>
    waitFor(`${count} commands are acknowledged`, () => load.acknowledged.length >= count);
  await soFar(20);
  logServer.cutConnections();
  await soFar(load.acknowledged.length + 20);
  await logServer.goAway();
  await waitFor('callers are told to come back', () => load.comeBackLater > 0);
  await logServer.comeBack();
  await soFar(load.acknowledged.length + 20);
  await load.end();
  expect(load.refused).toEqual([]);
  await expectNothingLost(logOf(logServer.url), city, load.acknowledged);
  const log = logOf(logServer.url);
  await expectAsRebuilt(await home.postgresUrl(), await log.openLog());
  await log.closeLogs();
});

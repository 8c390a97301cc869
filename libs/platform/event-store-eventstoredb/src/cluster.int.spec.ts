import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { sampleEvent, sampleEvents, sampleStreamId } from '@shaoying/event-store/testing';
import { EventStoreDbEventStore, isEventStoreDbUrl } from './index.js';
import { LogServerDouble } from './testing/index.js';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  while (closers.length > 0) await closers.pop()?.();
});

async function started(server: Promise<LogServerDouble>): Promise<LogServerDouble> {
  const double = await server;
  closers.push(() => double.goAway());
  return double;
}

async function opened(url: string): Promise<EventStoreDbEventStore> {
  const store = await EventStoreDbEventStore.open({ url, onWarning: () => undefined });
  closers.push(() => store.close());
  return store;
}

/** A leader and a follower that share a log. */
async function cluster(): Promise<{ leader: LogServerDouble; follower: LogServerDouble }> {
  const leader = await started(LogServerDouble.start());
  const follower = await started(LogServerDouble.start({ log: leader.log }));
  follower.leader = leader;
  return { leader, follower };
}

describe('a cluster', () => {
  test('is discovered from any of its members, and its leader is written to', async () => {
    const { leader, follower } = await cluster();
    const store = await opened(`esdb+discover://localhost:${follower.port}?tls=false`);
    await store.append(sampleStreamId(), 'none', sampleEvents(2));
    expect(follower.calls.gossip).toBeGreaterThan(0);
    expect([leader.appends, follower.appends]).toEqual([1, 0]);
  });

  test('is found by the members that are named, when one of them is away', async () => {
    const { leader, follower } = await cluster();
    const away = await started(LogServerDouble.start());
    await away.goAway();
    const hosts = [away, follower].map(({ port }) => `localhost:${port}`).join(',');
    const store = await opened(`esdb://${hosts}?tls=false&gossipTimeout=2`);
    await store.append(sampleStreamId(), 'none', [sampleEvent()]);
    expect(leader.appends).toBe(1);
  });

  test.each(['batch', 'plain'] as const)(
    'a leader that has changed is followed, by the word of the old one (%s append)',
    async (appendPath) => {
      const { leader, follower } = await cluster();
      const url = `esdb://localhost:${leader.port}?tls=false`;
      const store = await EventStoreDbEventStore.open({ url, appendPath, onWarning: () => undefined });
      closers.push(() => store.close());
      const streamId = sampleStreamId();
      await store.append(streamId, 'none', [sampleEvent()]);
      follower.leader = undefined;
      leader.leader = follower;
      await store.append(streamId, 0, [sampleEvent()]);
      expect(follower.appends).toBe(1);
      expect(await store.readStream(streamId)).toHaveLength(2);
    },
    60_000,
  );
});

test.each([
  ['esdb://localhost:2113', true],
  ['esdb+discover://one.example:2113,two.example:2113?tls=true', true],
  ['kurrentdb://localhost', true],
  ['kdb+discover://localhost', true],
  ['postgres://localhost', false],
  ['esdb:localhost', false],
])('%s is a connection string of this engine: %p', (url, expected) => {
  expect(isEventStoreDbUrl(url)).toBe(expected);
});

test.each(['esdb://ops:secret@', 'esdb://ops:secret'])(
  'connection string %s is refused, without a word of its password',
  async (url) => {
    const open = EventStoreDbEventStore.open({ url });
    const error: unknown = await open.catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect(inspect(error)).not.toContain('secret');
  },
);

test('the newer spelling of a connection string opens the same server', async () => {
  const server = await started(LogServerDouble.start());
  const store = await opened(server.url.replace('esdb://', 'kurrentdb://'));
  await store.append(sampleStreamId(), 'none', [sampleEvent()]);
  expect(server.appends).toBe(1);
});

/** A certificate for localhost, signed by itself, valid for a day; undefined where there is no openssl. */
function makeCertificate(): { key: Buffer; certificate: Buffer; file: string } | undefined {
  const directory = mkdtempSync(join(tmpdir(), 'shaoying-tls-'));
  const [key, file] = [join(directory, 'key.pem'), join(directory, 'certificate.pem')];
  const request = [
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-days',
    '1',
    '-keyout',
    key,
    '-out',
    file,
  ];
  try {
    execFileSync(
      'openssl',
      [...request, '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'],
      {
        stdio: 'ignore',
      },
    );
    return { key: readFileSync(key), certificate: readFileSync(file), file };
  } catch {
    rmSync(directory, { recursive: true, force: true });
    return undefined;
  }
}

const certificate = makeCertificate();
const withTls = certificate ? describe : describe.skip;

withTls(
  `TLS and credentials${certificate ? '' : ' (skipped: no openssl to make a certificate with)'}`,
  () => {
    const [user, password] = ['ops', 'p@ss:word/1'];
    const start = (): Promise<LogServerDouble> => {
      if (!certificate) throw new Error('no certificate');
      const tls = { key: certificate.key, certificate: certificate.certificate, user, password };
      return started(LogServerDouble.start({ tls }));
    };
    const urlOf = ({ port }: LogServerDouble, secret: string, ca = true): string => {
      const file = ca ? `&tlsCAFile=${encodeURIComponent(certificate?.file ?? '')}` : '';
      return `esdb://${user}:${encodeURIComponent(secret)}@localhost:${port}?tls=true${file}`;
    };
    afterAll(() => {
      if (certificate) rmSync(join(certificate.file, '..'), { recursive: true, force: true });
    });

    test('calls of every kind carry the credentials over TLS', async () => {
      const server = await start();
      const store = await opened(urlOf(server, password));
      const streamId = sampleStreamId();
      const event = sampleEvent();
      await store.append(streamId, 'none', [event]);
      expect(await store.readStream(streamId)).toHaveLength(1);
      for await (const [first] of store.subscribe('0')) {
        expect(first?.eventId).toBe(event.eventId);
        break;
      }
    });

    test('a wrong password, and a certificate that nobody vouches for, open no store', async () => {
      const server = await start();
      const unavailable = { code: 'STORE_UNAVAILABLE' };
      await expect(opened(urlOf(server, 'wrong'))).rejects.toMatchObject(unavailable);
      await expect(opened(urlOf(server, password, false))).rejects.toMatchObject(unavailable);
    });
  },
);

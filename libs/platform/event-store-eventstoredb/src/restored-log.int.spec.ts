import { sampleEvent, sampleEvents, sampleStreamId } from '@shaoying/event-store/testing';
import { openDouble } from './testing/index.js';
import type { OpenDouble } from './testing/index.js';

let double: OpenDouble;
beforeEach(async () => {
  double = await openDouble();
});
afterEach(() => double.close());

describe('a log restored from an older copy under a handle that knows more', () => {
  test('an event that is lost is not acknowledged as written: its retry writes it', async () => {
    const { server, store } = double;
    const streamId = sampleStreamId();
    const lost = sampleEvent();
    await store.append(streamId, 'none', [sampleEvent()]);
    await store.append(streamId, 0, [lost]);
    server.log.loseLast(streamId, 1);
    expect(await store.append(streamId, 0, [lost])).toMatchObject({ revision: 1, duplicate: false });
    expect((await store.readStream(streamId))[1]).toMatchObject({ eventId: lost.eventId });
  });

  test('nor when another event has its place by now', async () => {
    const { server, store, another } = double;
    const streamId = sampleStreamId();
    const lost = sampleEvent();
    await store.append(streamId, 'none', [sampleEvent()]);
    await store.append(streamId, 0, [lost]);
    server.log.loseLast(streamId, 1);
    await (await another()).append(streamId, 0, [sampleEvent()]);
    await expect(store.append(streamId, 0, [lost])).rejects.toMatchObject({
      code: 'REVISION_CONFLICT',
      actual: 1,
    });
    expect(await store.append(streamId, 'any', [lost])).toMatchObject({ revision: 2, duplicate: false });
  });

  test('an event written since is known as written, whatever was expected', async () => {
    const { server, store, another } = double;
    const streamId = sampleStreamId();
    await store.append(streamId, 'none', sampleEvents(1));
    await store.append(streamId, 0, sampleEvents(3));
    server.log.loseLast(streamId, 3);
    const since = sampleEvent();
    await (await another()).append(streamId, 0, [since]);
    expect(await store.append(streamId, 0, [since])).toMatchObject({ revision: 1, duplicate: true });
  });
});

test('what a stream does not show yet may be these very events: no conflict is told, and the outcome is settled later', async () => {
  const { server, store, another } = double;
  const streamId = sampleStreamId();
  const events = sampleEvents(2);
  server.log.visibleAfterMs = 3_600_000;
  const unanswered = (await another()).append(streamId, 'none', events);
  unanswered.catch(() => undefined);
  while (server.appends === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  await expect(store.append(streamId, 'none', events)).rejects.toMatchObject({ code: 'UNKNOWN_OUTCOME' });
  // The next append that is replicated shows all that was before it.
  server.log.visibleAfterMs = 0;
  await store.append(sampleStreamId(), 'none', [sampleEvent()]);
  expect(await store.append(streamId, 'none', events)).toMatchObject({ revision: 1, duplicate: true });
}, 60_000);

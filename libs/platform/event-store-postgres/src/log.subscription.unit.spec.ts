import { setTimeout as sleep } from 'node:timers/promises';
import { START, untilAborted } from '@shaoying/event-store';
import type { RecordedEvent } from '@shaoying/event-store';
import type { LogListener } from './log.listener.js';
import type { LogReader } from './log.reader.js';
import { follow } from './log.subscription.js';

const event = { position: '1' } as RecordedEvent;
const listener = { generation: 0 } as LogListener;

test('left while it reads ahead, with the server gone, a subscription does not go on trying', async () => {
  const warnings: string[] = [];
  let readings = 0;
  const reader = {
    async page() {
      readings += 1;
      // Who goes on all the same comes to an end, so that this fails and does not hang.
      if (readings > 6) return { reached: '1', events: [] };
      if (readings > 1) throw new Error('the server is gone');
      return { reached: '1', events: [event] };
    },
  } as unknown as LogReader;
  const following = untilAborted([], (ended) =>
    follow(START, {
      ...{ reader, listener, ended, request: { limit: 1, types: undefined } },
      warn: (message) => void warnings.push(message),
    }),
  );
  expect(await following.next()).toMatchObject({ value: [event] });
  await following.return(undefined);
  const before = readings;
  await sleep(400);
  expect({ readings, before }).toEqual({ readings: before, before: 2 });
  expect(warnings.length).toBeLessThanOrEqual(1);
});

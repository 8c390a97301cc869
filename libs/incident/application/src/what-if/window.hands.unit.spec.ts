import fc from 'fast-check';
import { propertyParameters } from '@shaoying/event-store/testing';
import { handOut } from './window.hands.js';
import { WhatIfTotals } from './what-if.report.js';
import type { LivePart, WindowPart } from './window.part.js';

const tallied = new WhatIfTotals().tallied();
const partOf = (streamIds: readonly string[]): WindowPart => ({
  ...{ tallied, eventsRead: streamIds.length },
  differences: streamIds.map((incidentId) => ({ incidentId }) as never),
});
const streamsOf = (count: number): string[] => Array.from({ length: count }, (_, no) => `incident-${no}`);
const never = new AbortController().signal;

/** Takes as many turns of the loop as it is told, one part after another. */
const slow =
  (turns: readonly number[], asked: string[][] = []): LivePart =>
  async (streamIds) => {
    asked.push([...streamIds]);
    for (let turn = turns[asked.length % turns.length] ?? 0; turn > 0; turn -= 1)
      await new Promise((resolve) => setImmediate(resolve));
    return partOf(streamIds);
  };

const taken = async (count: number, own: LivePart, helpers: readonly LivePart[]): Promise<string[]> => {
  const told: string[] = [];
  await handOut(streamsOf(count), { own, helpers }, never, async (part) => {
    await Promise.resolve();
    told.push(...part.differences.map(({ incidentId }) => incidentId));
  });
  return told;
};

describe('a window that is handed out', () => {
  it('is taken whole, once and in order, whoever is how fast', async () => {
    const speed = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 3_000 }),
        speed,
        fc.array(speed, { maxLength: 3 }),
        async (count, own, helpers) => {
          expect(
            await taken(
              count,
              slow(own),
              helpers.map((turns) => slow(turns)),
            ),
          ).toEqual(streamsOf(count));
        },
      ),
      propertyParameters({ numRuns: 30 }),
    );
  });

  it('is taken whole where a helper fails, and where one never answers', async () => {
    const asked: string[][] = [];
    const failing: LivePart = async (streamIds) => {
      asked.push([...streamIds]);
      throw new Error('no memory left');
    };
    const silent: LivePart = () => new Promise(() => undefined);
    expect(await taken(3_000, slow([0]), [failing, silent])).toEqual(streamsOf(3_000));
    // Three times at a time: after that it is asked no more.
    expect(asked).toHaveLength(3);
  });

  it('is lived by those who help, too', async () => {
    const [here, elsewhere]: [string[][], string[][]] = [[], []];
    await taken(6_400, slow([3], here), [slow([3], elsewhere)]);
    expect(here.length).toBeGreaterThan(25);
    expect(elsewhere.length).toBeGreaterThan(25);
  });

  it('ends by what fails here, by what is not taken, and by whoever ends it', async () => {
    const broken = new Error('the log is away');
    const failing: LivePart = () => Promise.reject(broken);
    await expect(taken(1_000, failing, [slow([1])])).rejects.toBe(broken);

    const notTaken = () => Promise.reject(broken);
    const hands = { own: slow([1]), helpers: [slow([0])] };
    await expect(handOut(streamsOf(1_000), hands, never, notTaken)).rejects.toBe(broken);

    const ending = new AbortController();
    const end = async () => ending.abort(broken);
    const told = handOut(streamsOf(1_000), hands, ending.signal, end);
    await expect(told).rejects.toBe(broken);
  });

  it.each(['it is ended', 'what is lived here has failed'])('takes nothing any more once %s', async (how) => {
    const reason = new Error(how);
    const soon = () => new Promise((resolve) => setTimeout(resolve, 5));
    const ending = new AbortController();
    let [begun, taken, begunBefore] = [0, 0, Infinity];
    const end = (): void => {
      begunBefore = begun;
      if (how === 'it is ended') ending.abort(reason);
    };
    const own: LivePart = async (streamIds) => {
      if (how === 'it is ended') return partOf(streamIds);
      while (begun < 2) await soon();
      end();
      throw reason;
    };
    // They live at once what is taken slowly: parts are ready behind the one that is being taken.
    const hands = { own, helpers: [slow([0]), slow([1])] };
    const told = handOut(streamsOf(2_000), hands, ending.signal, async () => {
      begun += 1;
      if (begun === 2 && how === 'it is ended') end();
      await soon();
      taken += 1;
    });
    await expect(told).rejects.toBe(reason);
    // The one that was being taken was waited for, and none came after it, now or later.
    expect({ begun, taken }).toEqual({ begun: begunBefore, taken: begunBefore });
    for (let turn = 0; turn < 3; turn += 1) await soon();
    expect(begun).toBe(begunBefore);
  });

  it('holds no more than some parts that are not taken yet', async () => {
    let [lived, done, most] = [0, 0, 0];
    const counting: LivePart = async (streamIds) => {
      lived += 1;
      most = Math.max(most, lived - done);
      return partOf(streamIds);
    };
    await handOut(streamsOf(100 * 32), { own: counting, helpers: [counting] }, never, async () => {
      for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      done += 1;
    });
    expect(done).toBe(100);
    expect(most).toBeLessThanOrEqual(2 * 16 + 1);
  });
});

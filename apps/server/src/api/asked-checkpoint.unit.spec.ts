import { DossierNotProvable } from '@shaoying/audit';
import { madeUnderCheckpoint } from './asked-checkpoint.js';

/** A dossier that a checkpoint covers from so many milliseconds on; every attempt takes 20. */
function making(coveredAtMs: number, ask: () => Promise<void> = async () => undefined) {
  let nowMs = 50_000;
  const askedAtMs: number[] = [];
  const failures: unknown[] = [];
  const made = madeUnderCheckpoint(
    {
      async make() {
        nowMs += 20;
        if (nowMs < 50_000 + coveredAtMs) throw new DossierNotProvable('not yet');
        return 'made';
      },
      async ask() {
        askedAtMs.push(nowMs - 50_000);
        await ask();
      },
      onAskFailed: (error) => void failures.push(error),
    },
    { nowMs: () => nowMs, sleep: async (ms) => void (nowMs += ms) },
  );
  return { made, askedAtMs, failures, passedMs: () => nowMs - 50_000 };
}

it('asks for no checkpoint where one covers it', async () => {
  const { made, askedAtMs } = making(0);
  expect(await made).toBe('made');
  expect(askedAtMs).toEqual([]);
});

it('asks once for the one it waits for: each asking that comes after the signature would cost another', async () => {
  const { made, askedAtMs } = making(2_900);
  expect(await made).toBe('made');
  expect(askedAtMs).toEqual([20]);
});

it('asks again after three seconds in vain, and gives up after four', async () => {
  const { made, askedAtMs, passedMs } = making(Infinity);
  await expect(made).rejects.toThrow(DossierNotProvable);
  expect(askedAtMs).toHaveLength(2);
  expect(askedAtMs[1]! - askedAtMs[0]!).toBeGreaterThanOrEqual(3_000);
  expect(passedMs()).toBeLessThan(4_500);
});

it('is made all the same when nobody could be asked', async () => {
  const away = new Error('PostgreSQL is away');
  const { made, failures } = making(1_000, () => Promise.reject(away));
  expect(await made).toBe('made');
  expect(failures).toEqual([away]);
});

it('hides no other failure', async () => {
  const contradiction = new Error('the log is not what was signed');
  const making = { make: () => Promise.reject(contradiction), ask: async () => undefined };
  await expect(madeUnderCheckpoint({ ...making, onAskFailed: () => undefined })).rejects.toBe(contradiction);
});

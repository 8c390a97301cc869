import { LIMITS, Overloaded } from '@shaoying/event-store';
import { AppendsInFlight } from './appends.in-flight.js';

const never = (): Promise<never> => new Promise(() => undefined);

test('appends under way are bounded in number', async () => {
  const appends = new AppendsInFlight(2);
  void appends.run(1, never);
  void appends.run(1, never);
  await expect(appends.run(1, async () => 'done')).rejects.toBeInstanceOf(Overloaded);
});

test('appends under way are bounded in bytes, however few they are; one alone is never refused for its size', async () => {
  const appends = new AppendsInFlight(1_000);
  let end = (): void => undefined;
  const first = appends.run(
    2 * LIMITS.appendBytesMax + 1,
    () => new Promise<void>((resolve) => (end = resolve)),
  );
  await expect(appends.run(1, async () => 'done')).rejects.toBeInstanceOf(Overloaded);
  end();
  await first;
  await expect(appends.run(1, async () => 'done')).resolves.toBe('done');
});

test('what has ended or failed makes room again', async () => {
  const appends = new AppendsInFlight(1);
  for (let turn = 0; turn < 3; turn += 1) {
    await expect(appends.run(1, () => Promise.reject(new Error('lost')))).rejects.toThrow('lost');
  }
  await appends.drained();
  await expect(appends.run(1, async () => 'done')).resolves.toBe('done');
});

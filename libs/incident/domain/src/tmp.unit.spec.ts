import fc from 'fast-check';
import { live, triesOnAnIncident } from './testing/index.js';
test('count', () => {
  const steps = fc.sample(triesOnAnIncident, { seed: 20260302, numRuns: 2_000 }).flatMap(live);
  const counts: Record<string, number> = {};
  for (const { command, events } of steps) {
    const key = `${command.kind} ${events === undefined ? 'refused' : events.length > 0 ? 'did' : 'nothing'}`;
    counts[key] = (counts[key] ?? 0) + 1;
  }
  console.log(steps.length, JSON.stringify(Object.fromEntries(Object.entries(counts).sort()), null, 1));
});

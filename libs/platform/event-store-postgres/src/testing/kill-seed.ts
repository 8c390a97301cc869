/** Lehmer's generator: good enough for moments, and the same everywhere for the same seed. */
const multiplier = 48_271;
const modulus = 2_147_483_647;

/** Numbers from 0 to 1, exclusive, that say when and whom a test kills. */
export type Chance = () => number;

/** A seed of its own per run, printed; `KILL_SEED=<seed>` repeats the moments and choices of a run. */
export function seededChance(): Chance {
  const given = Number(process.env['KILL_SEED'] ?? NaN);
  const seed =
    given > 0 && given < modulus ? Math.floor(given) : 1 + Math.floor(Math.random() * (modulus - 1));
  process.stdout.write(`KILL_SEED=${seed}: ${expect.getState().currentTestName ?? ''}\n`);
  let state = seed;
  return () => {
    state = (state * multiplier) % modulus;
    return state / modulus;
  };
}

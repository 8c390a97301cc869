/** A seed of its own per run; `KILL_SEED=<seed>` repeats the moments at which the server was killed. */
export function moments(): () => number {
  let seed = Number(process.env['KILL_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
  process.stdout.write(`KILL_SEED=${seed}\n`);
  return () => {
    // The multiplier of Lehmer's generator: good enough for moments.
    seed = (seed * 48_271) % 2_147_483_647;
    return seed / 2_147_483_647;
  };
}

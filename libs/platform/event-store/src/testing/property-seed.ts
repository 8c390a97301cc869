import type { Parameters } from 'fast-check';

/**
 * Parameters for a property test. The seed is printed with the run; `FC_SEED=<seed>` repeats it. A seed that failed
 * becomes a test of its own.
 */
export function propertyParameters<T>(parameters: Parameters<T>): Parameters<T> & { seed: number } {
  const given = Number(process.env['FC_SEED'] ?? NaN);
  const seed = Number.isInteger(given) ? given : Math.floor(Math.random() * 2 ** 31);
  process.stdout.write(`fast-check seed ${seed}: ${expect.getState().currentTestName ?? ''}\n`);
  return { ...parameters, seed };
}

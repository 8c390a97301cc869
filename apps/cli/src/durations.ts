import { UsageError } from './cli.errors.js';

const unitSeconds: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };
const secondsMax = 30 * 86_400;

/**
 * `90s`, `15m`, `12h`, `7d`; 1 s to 30 d.
 * @param option that it was given as
 * @throws UsageError
 */
export function secondsOf(time: string, option: string): number {
  const [, amount = '', unit = ''] = /^(\d{1,7})([smhd])$/.exec(time) ?? [];
  const seconds = Number(amount || NaN) * (unitSeconds[unit] ?? NaN);
  if (seconds >= 1 && seconds <= secondsMax) return seconds;
  throw new UsageError(`${option} must be a time such as 90s, 15m, 12h or 7d, 30d at the most`);
}

import type { Settings } from './server-home.js';

/**
 * For a server whose clock is another one: before its program is loaded, its `Date` is told the time by so much more.
 * PostgreSQL, timers within the process and who calls it keep the machine's.
 * @param aheadMs negative: behind
 */
export function clockAhead(aheadMs: number): Settings {
  const program = `
    const Real = globalThis.Date;
    globalThis.Date = class Date extends Real {
      constructor(...said) { said.length === 0 ? super(Real.now() + ${aheadMs}) : super(...said); }
      static now() { return Real.now() + ${aheadMs}; }
    };`;
  return { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(program)}` };
}

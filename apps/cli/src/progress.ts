import type { SingleBar } from 'cli-progress';
import type { Terminal } from './terminal.js';

const lineEveryMs = 1_000;

/** How far a long command is: a bar where a person watches, else a line a second, always on standard error. */
export interface Progress {
  update(done: number, total: number): void;
  /** What is done meanwhile without counting, said at once; null when it is counting again. */
  phase(word: string | null): void;
  stop(): void;
}

/** @param what plural of what is counted: `rows` */
export async function startProgress(terminal: Terminal, what: string): Promise<Progress> {
  return terminal.interactive ? startBar(what) : startLines(terminal, what);
}

async function startBar(what: string): Promise<Progress> {
  const { default: cliProgress } = await import('cli-progress');
  const startedMs = performance.now();
  let bar: SingleBar | undefined = new cliProgress.SingleBar({
    format: `{bar} {value}/{total} ${what}  {rate}/s  {left} left  {phase}`,
    stream: process.stderr,
    hideCursor: true,
    clearOnComplete: true,
  });
  bar.start(0, 0, { rate: '0', left: '—', phase: '' });
  return {
    update: (done, total) => {
      bar?.setTotal(total);
      bar?.update(done, paceOf(done, total, startedMs));
    },
    phase: (word) => bar?.update({ phase: word ?? '' }),
    stop: () => {
      bar?.stop();
      bar = undefined;
    },
  };
}

function startLines(terminal: Terminal, what: string): Progress {
  const startedMs = performance.now();
  let saidMs = startedMs;
  return {
    update: (done, total) => {
      const nowMs = performance.now();
      if (nowMs - saidMs < lineEveryMs) return;
      saidMs = nowMs;
      const { rate, left } = paceOf(done, total, startedMs);
      terminal.note(`${done}/${total} ${what}, ${rate}/s, ${left} left`);
    },
    phase: (word) => {
      if (word !== null) terminal.note(`${word} …`);
    },
    stop: () => undefined,
  };
}

function paceOf(done: number, total: number, startedMs: number): { rate: string; left: string } {
  const seconds = (performance.now() - startedMs) / 1_000;
  const rate = done / Math.max(seconds, 0.001);
  const left = rate > 0 ? secondsText((total - done) / rate) : '—';
  return { rate: Math.round(rate).toString(), left };
}

/** `1 h 05 min`, `3 min 20 s`, `12 s` */
export function secondsText(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const [h, min, s] = [Math.floor(whole / 3_600), Math.floor((whole % 3_600) / 60), whole % 60];
  const two = (n: number): string => String(n).padStart(2, '0');
  if (h > 0) return `${h} h ${two(min)} min`;
  return min > 0 ? `${min} min ${two(s)} s` : `${s} s`;
}

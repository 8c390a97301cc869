import { Gauge, type Registry } from 'prom-client';

/** One thing that is measured, such as a read model: its labels, and the value of each gauge that it has one for. */
export interface AskedSeries {
  readonly labels: Readonly<Record<string, string>>;
  readonly values: Readonly<Record<string, number | null>>;
}

/** Whoever reads the measurements is not kept waiting longer; then they are without these. */
const answerMsMax = 1_500;

/**
 * Gauges of what has to be asked for, once for all of them whenever somebody reads the measurements. What cannot be told in
 * time is not told: an old figure would pass for the present one.
 * @param gauges name → what it says
 * @param ask rejects, or takes too long, where nothing can be told
 */
export function addAskedGauges(
  registry: Registry,
  gauges: Readonly<Record<string, string>>,
  labelNames: readonly string[],
  ask: () => Promise<readonly AskedSeries[]>,
): void {
  let underWay: Promise<readonly AskedSeries[]> | null = null;
  const answer = (): Promise<readonly AskedSeries[]> => {
    underWay ??= inTime(ask())
      .catch(() => [])
      .finally(() => (underWay = null));
    return underWay;
  };
  for (const [name, help] of Object.entries(gauges)) {
    new Gauge({
      ...{ name, help, labelNames: [...labelNames], registers: [registry] },
      async collect() {
        const series = await answer();
        this.reset();
        for (const { labels, values } of series) {
          const value = values[name] ?? null;
          if (value !== null) this.set(labels, value);
        }
      },
    });
  }
}

async function inTime<T>(answer: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('no answer in time')), answerMsMax);
  });
  return Promise.race([answer, late]).finally(() => clearTimeout(timer));
}

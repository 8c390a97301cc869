import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

/** Seconds. From a cached read to the longest answer a client waits for (5 s) and beyond. */
const HTTP_BUCKETS_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export interface MetricsOptions {
  readonly role: string;
  /** Memory, event loop and garbage collection of the process. Default true. */
  readonly processMetrics?: boolean;
}

export interface Metrics {
  /** `await registry.metrics()` is the answer to `/metrics`, `registry.contentType` its type. */
  readonly registry: Registry;
  readonly http: HttpMetrics;
}

/** A registry of its own per process, never prom-client's global one, so that two applications can live in one test. */
export function createMetrics({ role, processMetrics = true }: MetricsOptions): Metrics {
  const registry = new Registry();
  registry.setDefaultLabels({ role });
  if (processMetrics) collectDefaultMetrics({ register: registry });
  return { registry, http: new HttpMetrics(registry) };
}

/** What one process has measured, as Prometheus reads it. A text, because of thousands of series it is also the shortest message. */
export type Measurements = string;

export const measurementsOf = ({ registry }: Metrics): Promise<Measurements> => registry.metrics();

/**
 * One exposition of several processes; the label `role` tells them apart, so nothing is added up. Not done: prom-client's
 * `AggregatorRegistry`, which makes a second registry of them all and took 110 ms for 11,000 series on the thread that
 * answers everybody; this takes 44.
 */
export function exposition(processes: readonly Measurements[]): string {
  const byName = new Map<string, string[]>();
  for (const metric of processes.flatMap(metricsIn)) {
    const name = metric.slice(0, metric.indexOf(' '));
    const known = byName.get(name);
    if (known === undefined) byName.set(name, [metric]);
    else known.push(...seriesOf(metric));
  }
  return [...byName.values()].map((texts) => `${described}${texts.join('\n')}\n`).join('\n');
}

const described = '# HELP ';

/** Without the words that each begins with. A line break within a label or a description is escaped. */
const metricsIn = (text: Measurements): string[] =>
  text
    .trimEnd()
    .slice(described.length)
    .split(`\n\n${described}`)
    .filter((metric) => metric !== '');

/** None where nothing has been measured yet. */
function seriesOf(metric: string): string[] {
  const [, , ...series] = metric.split('\n');
  return series;
}

/** Numbers that one part tells of itself, each with a sentence for people; absent until it is first set. */
export class Gauges<Name extends string> {
  private readonly gauges = new Map<Name, Gauge>();

  /** @param helps by the name of the gauge */
  constructor(
    private readonly registry: Registry,
    private readonly helps: Readonly<Record<Name, string>>,
  ) {}

  set(name: Name, value: number): void {
    let gauge = this.gauges.get(name);
    if (gauge === undefined) {
      gauge = new Gauge({ name, help: this.helps[name], registers: [this.registry] });
      this.gauges.set(name, gauge);
    }
    gauge.set(value);
  }
}

/** What every HTTP server tells. Routes are templates (`/v1/incidents/:id`), so that the number of series is bounded. */
export class HttpMetrics {
  private readonly duration: Histogram<'method' | 'route' | 'status'>;
  private readonly inFlight: Gauge;
  private readonly problems: Counter<'code'>;

  constructor(registry: Registry) {
    const registers = [registry];
    this.duration = new Histogram({
      name: 'http_request_duration_seconds',
      help: 'Time from the arrival of a request to the end of its answer',
      labelNames: ['method', 'route', 'status'],
      buckets: HTTP_BUCKETS_SECONDS,
      registers,
    });
    this.inFlight = new Gauge({
      name: 'http_requests_in_flight',
      help: 'Requests being answered, streams included',
      registers,
    });
    this.problems = new Counter({
      name: 'http_problems_total',
      help: 'Answers with problem details by code',
      labelNames: ['code'],
      registers,
    });
  }

  started(): void {
    this.inFlight.inc();
  }

  /** `route` is undefined for a request that no route took. */
  finished(method: string, route: string | undefined, status: number, seconds: number): void {
    this.inFlight.dec();
    this.duration.labels(method, route ?? '(none)', String(status)).observe(seconds);
  }

  problem(code: string): void {
    this.problems.labels(code).inc();
  }
}

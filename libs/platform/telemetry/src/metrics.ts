import {
  AggregatorRegistry,
  collectDefaultMetrics,
  Counter,
  Gauge,
  Histogram,
  Registry,
  type MetricObjectWithValues,
  type MetricValue,
} from 'prom-client';

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

type Measured = MetricObjectWithValues<MetricValue<string>>;

/** The measurements of one process, as they can be sent to another. */
export type Measurements = readonly Omit<Measured, 'collect'>[];

export async function measurementsOf({ registry }: Metrics): Promise<Measurements> {
  const measured = await registry.getMetricsAsJSON();
  // No more than this: what else there may be are functions, which no channel carries.
  return measured.map(({ name, help, type, aggregator, values }) => ({
    name,
    help,
    type,
    aggregator,
    values,
  }));
}

/** One exposition of several processes; the label `role` tells them apart, so nothing is added up. */
export function exposition(processes: readonly Measurements[]): Promise<string> {
  const apart = processes.map((metrics) => metrics.map((metric) => ({ ...metric, aggregator: 'first' })));
  return AggregatorRegistry.aggregate(apart).metrics();
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

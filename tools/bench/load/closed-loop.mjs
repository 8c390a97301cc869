// A closed loop: as many requests under way as there are connections, each sent when the one before it is answered.
import { percentile } from '../figures.mjs';
import { Connection } from './connection.mjs';

const statusesKeptMax = 20;
const sampleCharsMax = 300;
/** A server that closes every connection must not turn the load into a storm of new ones. */
const reconnectMs = 50;

/** What one round of a closed loop did. */
class Tally {
  latenciesMs = [];
  statuses = {};
  failures = 0;
  sample = null;

  answered(status, latencyMs) {
    this.latenciesMs.push(latencyMs);
    if (status in this.statuses || Object.keys(this.statuses).length < statusesKeptMax) {
      this.statuses[status] = (this.statuses[status] ?? 0) + 1;
    }
  }

  refused(text) {
    this.failures += 1;
    this.sample ??= text.slice(0, sampleCharsMax);
  }

  summary(elapsedMs, cpuSeconds) {
    const sorted = Float64Array.from(this.latenciesMs).sort();
    return {
      requests: sorted.length,
      elapsedMs,
      perSecond: (sorted.length * 1000) / elapsedMs,
      p50Ms: percentile(sorted, 0.5),
      p99Ms: percentile(sorted, 0.99),
      maxMs: sorted.at(-1) ?? Number.NaN,
      failures: this.failures,
      statuses: this.statuses,
      sample: this.sample,
      generatorCores: (cpuSeconds * 1000) / elapsedMs,
    };
  }
}

/** Holds connections open from round to round, as clients with keep-alive do. */
export class ClosedLoop {
  #address;
  #connections = [];

  constructor(address) {
    this.#address = address;
  }

  async open(count) {
    this.#connections = await Promise.all(
      Array.from({ length: count }, () => Connection.open(this.#address)),
    );
  }

  close() {
    for (const connection of this.#connections) connection.close();
  }

  /**
   * Runs until `seconds` are over or the work is.
   * @param next gives the next request as text, or null when there is none left
   * @returns figures over what was answered until the end; answers that come later are waited for and not counted
   */
  async run(next, seconds) {
    const tally = new Tally();
    const cpu = process.cpuUsage();
    const startedMs = performance.now();
    const endMs = startedMs + seconds * 1000;
    let lastMs = startedMs;
    const one = async (index) => {
      for (;;) {
        const sentMs = performance.now();
        if (sentMs >= endMs) return;
        const request = next();
        if (request === null) return;
        try {
          const { status, body } = await (await this.#at(index)).send(request);
          const doneMs = performance.now();
          if (doneMs > endMs) return;
          lastMs = doneMs;
          tally.answered(status, doneMs - sentMs);
          if (status >= 300) tally.refused(body.toString());
        } catch (error) {
          tally.refused(error.message);
          await new Promise((resolve) => setTimeout(resolve, reconnectMs));
        }
      }
    };
    await Promise.all(this.#connections.map((_, index) => one(index)));
    const { user, system } = process.cpuUsage(cpu);
    const elapsedMs = Math.max(1, Math.min(endMs, next.isOver?.() ? lastMs : endMs) - startedMs);
    return tally.summary(elapsedMs, (user + system) / 1e6);
  }

  /** Carries out `task(send)` for each of `count` indexes over all connections; the first failure ends it. */
  async each(count, task) {
    let index = 0;
    const one = async (connection) => {
      while (index < count) await task((request) => connection.send(request), index++);
    };
    await Promise.all(this.#connections.map((_, at) => this.#at(at).then(one)));
  }

  async #at(index) {
    if (!this.#connections[index].isOpen) this.#connections[index] = await Connection.open(this.#address);
    return this.#connections[index];
  }
}

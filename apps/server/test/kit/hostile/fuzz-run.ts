import fc, { type Arbitrary } from 'fast-check';
import { faultOf, isBusy, parsed } from './judge.js';
import type { Told } from './log-account.js';
import type { Operation } from './operations.js';
import { bytesOf, recipeOf, type KnownBodies, type Recipe, type Written } from './recipes.js';
import { NoReply, Wire, type Reply } from './wire.js';

/** A request as the run has it ready, and what to do when it has changed something. */
export interface Prepared {
  readonly request: Written;
  readonly correlationId: string;
  /** Called with 2xx. */
  readonly accepted: () => void;
}

export interface Fault {
  readonly what: string;
  readonly seed: number;
  /** Which of the seed’s requests. */
  readonly nth: number;
  readonly recipe: Recipe;
  readonly sent: string;
  /** The smallest recipe that shows it, where one was found. */
  smallest?: Recipe;
}

export interface FuzzOptions {
  readonly url: URL;
  readonly operations: readonly Operation[];
  readonly known: KnownBodies;
  readonly prepare: (recipe: Recipe, operation: Operation) => Prepared;
  readonly seed: number;
  readonly requests: number;
}

const connections = 12;
const batchSize = 500;
const progressEvery = 5_000;
/** Of one kind a few are enough to see what it is. */
const faultsPerKindMax = 2;
/** A machine that does other things too may have the server say that it is busy: it is asked again when it said so. */
const busyTimesMax = 3;
const shrunkMax = 5;
const shrinkRunsMax = 60;

/** Sends mutated requests over several connections and keeps what is worth knowing of the answers. */
export class FuzzRun {
  readonly faults: Fault[] = [];
  /** By correlation id. */
  readonly told = new Map<string, Told>();
  /** By operation: how many requests were answered with each status or code. */
  readonly answers = new Map<string, Map<string, number>>();
  readonly slowest: { readonly ms: number; readonly operation: string; readonly mutations: string }[] = [];
  /** How often the server was asked again because it was busy. */
  busyTimes = 0;
  private readonly kinds = new Map<string, number>();
  private readonly recipes: Arbitrary<Recipe>;

  constructor(private readonly options: FuzzOptions) {
    this.recipes = recipeOf(options.operations, options.known);
  }

  async run(): Promise<void> {
    const wires = Array.from({ length: connections }, () => new Wire(this.options.url));
    const all = this.all();
    const worker = async (wire: Wire): Promise<void> => {
      // One iterator for all: whoever is free takes the next, so that an answer that takes 5 s holds up nobody else.
      for (const { recipe, seed, nth } of all) await this.one(wire, recipe, seed, nth);
    };
    await Promise.all(wires.map(worker));
    for (const wire of wires) wire.close();
    await this.shrink();
  }

  /** In batches, each with a seed of its own, so that a request is found again without making all before it. */
  private *all(): Generator<{ recipe: Recipe; seed: number; nth: number }> {
    for (let sent = 0; sent < this.options.requests; sent += batchSize) {
      const seed = this.options.seed + sent / batchSize;
      const numRuns = Math.min(batchSize, this.options.requests - sent);
      for (const [nth, recipe] of fc.sample(this.recipes, { seed, numRuns }).entries())
        yield { recipe, seed, nth };
      if (sent > 0 && sent % progressEvery === 0) process.stdout.write(`${sent} requests sent\n`);
    }
  }

  /** All statuses and codes, together. */
  codes(): Map<string, number> {
    const all = new Map<string, number>();
    for (const codes of this.answers.values()) for (const [code, count] of codes) add(all, code, count);
    return all;
  }

  private async one(wire: Wire, recipe: Recipe, seed: number, nth: number): Promise<void> {
    const { what, bytes } = await this.send(wire, recipe);
    if (what === null) return;
    const kind = `${recipe.operation} ${what.slice(0, 60)} ${namesOf(recipe)}`;
    add(this.kinds, kind, 1);
    if ((this.kinds.get(kind) ?? 0) > faultsPerKindMax) return;
    this.faults.push({ what, seed, nth, recipe, sent: shown(bytes) });
    // At once: a long run may not come to its end.
    process.stdout.write(`fault: ${kind} (FUZZ_SEED=${seed}, request ${nth})\n`);
  }

  private async send(wire: Wire, recipe: Recipe): Promise<{ what: string | null; bytes: Buffer }> {
    const operation = this.options.operations.find(({ name }) => name === recipe.operation);
    if (operation === undefined) throw new Error(`there is no ${recipe.operation}`);
    const prepared = this.options.prepare(recipe, operation);
    const { request, correlationId } = prepared;
    const bytes = bytesOf(request);
    try {
      const reply = await this.patiently(() => wire.ask(bytes, { isHead: request.method === 'HEAD' }));
      this.note(recipe, prepared, reply);
      return { what: faultOf(operation, request, reply), bytes };
    } catch (error) {
      if (!(error instanceof NoReply)) throw error;
      add(this.countsOf(recipe.operation), 'no answer', 1);
      this.told.set(correlationId, { accepted: false, wrote: false, what: recipe.operation });
      return { what: error.message, bytes };
    }
  }

  /** The same again, as a client must, and no more often than this: a server that stays busy is at fault. */
  private async patiently(ask: () => Promise<Reply>): Promise<Reply> {
    for (let time = 1; ; time += 1) {
      const reply = await ask();
      if (!isBusy(reply) || time > busyTimesMax) return reply;
      this.busyTimes += 1;
      await new Promise((resolve) => setTimeout(resolve, Number(reply.headers.get('retry-after')) * 1_000));
    }
  }

  private note(recipe: Recipe, { request, correlationId, accepted }: Prepared, reply: Reply): void {
    const { status, headers, body, tookMs } = reply;
    const answer = status >= 400 ? parsed(body.toString('utf8')) : undefined;
    const code = (answer as { code?: string } | undefined)?.code;
    add(this.countsOf(recipe.operation), code === undefined ? String(status) : `${status} ${code}`, 1);
    const wrote =
      // 200 may also be said to a command that changes nothing any more.
      status === 201 &&
      headers.has('shaoying-position') &&
      !headers.has('idempotency-replayed') &&
      isNew(body);
    const what = `${recipe.operation} (${namesOf(recipe)}) ${status} ${body.toString('utf8', 0, 300)}`;
    this.told.set(correlationId, { accepted: status < 300, wrote, what });
    if (status < 300 && request.method === 'POST') accepted();
    if (status === 503) return;
    this.slowest.push({ ms: Math.round(tookMs), operation: recipe.operation, mutations: namesOf(recipe) });
    if (this.slowest.length > 200) this.slowest.sort((a, b) => b.ms - a.ms).splice(10);
  }

  private countsOf(operation: string): Map<string, number> {
    const counts = this.answers.get(operation) ?? new Map<string, number>();
    this.answers.set(operation, counts);
    return counts;
  }

  /** Only after a fault: the same seed once more, from that request on. */
  private async shrink(): Promise<void> {
    for (const fault of this.faults.slice(0, shrunkMax)) {
      const wire = new Wire(this.options.url);
      let left = shrinkRunsMax;
      const property = fc.asyncProperty(this.recipes, async (recipe) => {
        if (left-- <= 0) return;
        const { what } = await this.send(wire, recipe);
        if (what !== null) throw new Error(what);
      });
      const { counterexample } = await fc.check(property, {
        seed: fault.seed,
        path: String(fault.nth),
        numRuns: fault.nth + 1,
      });
      wire.close();
      if (counterexample) fault.smallest = counterexample[0];
    }
  }
}

/** `201` for what was there already tells of nothing new: `published` is empty then. */
const isNew = (body: Buffer): boolean => !body.includes('"published":[]');

const namesOf = ({ mutations }: Recipe): string =>
  mutations
    .map((mutation) =>
      'edit' in mutation
        ? `${mutation.on}: ${mutation.edit}`
        : 'name' in mutation
          ? `${mutation.on} ${mutation.name}`
          : mutation.on,
    )
    .join(' + ') || 'none';

const shown = (bytes: Buffer): string =>
  bytes
    .subarray(0, 3_000)
    .toString('latin1')
    .replace(/(?<=Bearer ey)[\w.-]+/g, '…');

function add(counts: Map<string, number>, key: string, by: number): void {
  counts.set(key, (counts.get(key) ?? 0) + by);
}

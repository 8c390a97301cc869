import { availableParallelism } from 'node:os';
import { Worker, type MessagePort } from 'node:worker_threads';
import { partsOf, type LivePart, type WindowPart, type WindowRead } from './window.part.js';

/** Thrown when a thread that helps has ended, or could not live what it was asked to. */
export class HelperFailed extends Error {
  readonly code = 'HELPER_FAILED';
}

interface Asked {
  readonly id: number;
  readonly streamIds: readonly string[];
  readonly isTold: boolean;
}

type Answer =
  { readonly id: number; readonly part: WindowPart } | { readonly id: number; readonly failure: string };

/** No more is asked. */
const ENOUGH = null;
/** A thread that is told so closes its connections; one that does not is ended. */
const CLOSING_MS = 2_000;

/** In a thread that helps: lives what it is asked to, and returns when no more is asked. */
export function help(port: MessagePort, read: WindowRead): Promise<void> {
  const live = partsOf(read);
  const answer = (told: Answer): void => port.postMessage(told);
  return new Promise((resolve) => {
    port.on('message', (asked: Asked | typeof ENOUGH) => {
      if (asked === ENOUGH) return resolve();
      const { id, streamIds, isTold } = asked;
      live(streamIds, isTold).then(
        (part) => answer({ id, part }),
        (error: unknown) => answer({ id, failure: String(error) }),
      );
    });
  });
}

/** A thread that {@link help}s, for whoever has started it. */
export class WindowHelper {
  private readonly waiting = new Map<number, PromiseWithResolvers<WindowPart>>();
  private readonly ended: Promise<void>;
  private asked = 0;
  private failure: HelperFailed | null = null;

  private isClosing = false;
  private isTold = false;

  /** @param onFailed hears, once, of the first thing that it fails in; not of its end when it is let go */
  constructor(
    private readonly thread: Worker,
    private readonly onFailed: (reason: HelperFailed) => void = () => undefined,
  ) {
    this.ended = new Promise((resolve) => {
      thread.on('exit', () => {
        this.fail('the thread has ended');
        resolve();
      });
    });
    thread.on('error', (error) => this.fail(String(error)));
    thread.on('message', (told: Answer) => {
      const waiting = this.waiting.get(told.id);
      this.waiting.delete(told.id);
      if ('part' in told) waiting?.resolve(told.part);
      else waiting?.reject(this.failed(told.failure));
    });
  }

  /** @throws HelperFailed */
  readonly live: LivePart = async (streamIds, isTold = true) => {
    if (this.failure !== null) throw this.failure;
    const id = (this.asked += 1);
    const waiting = Promise.withResolvers<WindowPart>();
    this.waiting.set(id, waiting);
    this.thread.postMessage({ id, streamIds, isTold } satisfies Asked);
    return waiting.promise;
  };

  /** Lets it close what it has opened, and ends it. */
  async close(): Promise<void> {
    this.isClosing = true;
    this.thread.postMessage(ENOUGH);
    const late = setTimeout(() => void this.thread.terminate(), CLOSING_MS);
    await this.ended;
    clearTimeout(late);
  }

  private failed(why: string): HelperFailed {
    const reason = new HelperFailed(why);
    if (!this.isTold && !this.isClosing) this.onFailed(reason);
    this.isTold = true;
    return reason;
  }

  /** For good: the thread is no more. */
  private fail(why: string): void {
    this.failure ??= this.failed(why);
    for (const { reject } of this.waiting.values()) reject(this.failure);
    this.waiting.clear();
  }
}

/**
 * Threads of one simulation, this one among them: two at the most, for more would only take from whoever answers requests; and
 * one on two cores, where the log's own process has the other. A second one there was no faster, for a third more processor
 * time (docs/benchmarks.md).
 */
export const threadsOn = (cores: number): number => (cores < 3 ? 1 : 2);
/**
 * Incidents from which on a thread is worth its start: loading and warming up took 1.5 s of a core, in which the first one
 * lives four thousand.
 */
const HELPED_FROM = 10_000;
/**
 * What a thread may have that lives a window. It holds three parts of 32 streams, whole, the differences of up to 32 parts
 * that wait to be told (some 100 KB each), some 500 rows that wait to be written, and the ids of the window, 30 MB at most. The
 * rest is what it may have before it is swept: a heap that runs out ends the simulation, not the process. V8 lets a heap grow the
 * less between two full collections the less it may have: with 512 MB it collected all the time, and kept what it came across
 * meanwhile (docs/benchmarks.md). Young objects have more room than V8 gives them by itself: nearly all that a part makes is
 * dead with it.
 */
export const THREAD_MEMORY = { maxOldGenerationSizeMb: 2_048, maxYoungGenerationSizeMb: 96 } as const;

export interface HelpersOptions {
  /** The file of a program that calls {@link help}. */
  readonly program: string;
  /** What it is given. */
  readonly workerData: unknown;
  /** Incidents from which on anybody helps. Default 10,000. */
  readonly helpedFrom?: number;
  /** Threads in all, the one that is helped among them. Default two, or one where there are fewer than three cores. */
  readonly threads?: number;
  /**
   * Hears of the first failure of each of them, and of one that could not be started. Nothing is lost by it but time: whoever is
   * helped does the work.
   */
  readonly onFailed?: (reason: HelperFailed) => void;
}

/** The threads that help with one window, started when it is known how large it is. */
export class WindowHelpers {
  private readonly started: WindowHelper[] = [];

  constructor(private readonly options: HelpersOptions) {}

  /** Those who help with so many incidents: none where there are few of them, one core only, or no thread to be had. */
  readonly for = (incidents: number): readonly LivePart[] => {
    const { helpedFrom = HELPED_FROM, threads = threadsOn(availableParallelism()) } = this.options;
    const wanted = incidents < helpedFrom ? 0 : threads - 1;
    try {
      while (this.started.length < wanted) this.started.push(this.start());
    } catch (error) {
      this.options.onFailed?.(new HelperFailed(String(error)));
    }
    return this.started.map(({ live }) => live);
  };

  async close(): Promise<void> {
    await Promise.all(this.started.map((helper) => helper.close()));
  }

  private start(): WindowHelper {
    const { program, workerData, onFailed } = this.options;
    const thread = new Worker(program, { workerData, resourceLimits: THREAD_MEMORY });
    return new WindowHelper(thread, onFailed);
  }
}

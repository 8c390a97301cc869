import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { THREAD_MEMORY } from '@shaoying/incident-application';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { Platform } from '../platform.js';
import { SimulationStore, type HeldSimulation, type Holding } from './simulation-store.js';

const program = fileURLToPath(new URL('./simulation.thread.js', import.meta.url));

/** How soon a simulation that another process has taken in is begun. */
const POLL_MS = 1_000;

/** Carries simulations out beside the requests of this process, one at a time, each in a thread of its own. */
@Injectable()
export class SimulationRuns implements OnApplicationBootstrap, OnModuleDestroy {
  private polling: NodeJS.Timeout | undefined;
  private running: {
    readonly held: Holding;
    readonly thread: Worker;
    readonly ended: Promise<void>;
  } | null = null;
  private claiming: Promise<void> | null = null;
  private isStopping = false;

  constructor(
    private readonly store: SimulationStore,
    private readonly platform: Platform,
  ) {}

  onApplicationBootstrap(): void {
    this.polling = setInterval(() => this.look(), POLL_MS).unref();
  }

  async onModuleDestroy(): Promise<void> {
    this.isStopping = true;
    clearInterval(this.polling);
    await this.claiming;
    if (this.running === null) return;
    const { held, thread, ended } = this.running;
    await thread.terminate();
    await ended;
    await this.store.giveBack(held).catch(() => undefined);
  }

  /** Begins the next one, where none is running here. */
  look(): void {
    if (this.running !== null || this.claiming !== null || this.isStopping) return;
    this.claiming = this.claim()
      .catch((error: unknown) =>
        this.platform.logger.warn({ err: error }, 'no simulation can be taken up now'),
      )
      .finally(() => {
        this.claiming = null;
      });
  }

  private async claim(): Promise<void> {
    const simulation = await this.store.claim();
    if (simulation !== null) this.begin(simulation);
  }

  private begin(simulation: HeldSimulation): void {
    const { config, stores, logger } = this.platform;
    const { eventStoreUrl, readModelUrl, timersUrl } = stores;
    const { id, holder } = simulation;
    const held: Holding = { id, holder };
    const thread = new Worker(program, {
      workerData: { config: { ...config, eventStoreUrl, readModelUrl, timersUrl }, simulation },
      resourceLimits: THREAD_MEMORY,
    });
    logger.info({ simulationId: id }, 'a simulation begins');
    thread.on('error', (error) =>
      logger.error({ err: error, simulationId: id }, 'the thread of a simulation has died'),
    );
    const ended = new Promise<void>((resolve) => {
      thread.on('exit', (code) => {
        resolve();
        void this.ended(held, code);
      });
    });
    this.running = { held, thread, ended };
  }

  private async ended(held: Holding, code: number): Promise<void> {
    this.running = null;
    if (this.isStopping) return;
    // What it has not said itself.
    if (code !== 0) await this.store.fail(held, 'SIMULATION_DIED').catch(() => undefined);
    this.look();
  }
}

import { RESTART_LIMITS, RestartBudget, type RestartLimits } from '@shaoying/postgres';
import { fork, type ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ToChild, ToParent } from './messages.js';

/** Thrown when a child process ended before it had begun its task, or had not within the time it has. */
export class ProcessDidNotStart extends Error {
  readonly code = 'PROCESS_DID_NOT_START';
}

/** Thrown when a child process is asked that is not there, or does not answer in time. */
export class ProcessAway extends Error {
  readonly code = 'PROCESS_AWAY';
}

export interface SupervisionLog {
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  fatal(fields: object, message: string): void;
}

export interface SupervisedProcessOptions {
  /** What it is called in the log. */
  readonly name: string;
  /** Absolute path of the program; it calls `serveParent`. */
  readonly program: string;
  /**
   * Sent to it over a channel that nobody else reads: it may hold passwords. Must survive a structured clone. A child is
   * forked at once and loads its program while a task that is still being prepared is waited for; one that cannot be
   * prepared fails the start with its reason.
   */
  readonly task: unknown;
  readonly log: SupervisionLog;
  /** Called once when it has died and none of the starts that are allowed brought it back. */
  readonly onGivenUp: () => void;
  /** Starts after a death. Default as for PostgreSQL: 20 within 30 minutes, the first at once. */
  readonly restarts?: RestartLimits;
  /** For one start. Default 90,000 ms: its connections may wait for a crash recovery. */
  readonly startMsMax?: number;
  /** From being told to stop until it is killed. Default 3,000 ms. */
  readonly stopMsMax?: number;
  /** How often it is asked whether it is alive. Default 10,000 ms. */
  readonly signOfLifeMs?: number;
  /** One that says nothing for so long hangs: it is killed, and started again. Default 60,000 ms. */
  readonly silenceMsMax?: number;
}

/** Nobody waits for the answer to this one: that anything comes back is enough. */
const signOfLife = { kind: 'ask', id: 0, question: 'sign of life' } as const;

interface Running {
  readonly child: ChildProcess;
  readonly exited: Promise<string>;
}

/**
 * A process of our own that lives as long as this one wants it: started, asked, stopped, started again when it dies. Its
 * standard output and error are this process's own, so that its last words are not lost with whoever passes them on.
 */
export class SupervisedProcess {
  private running: Running | null = null;
  /** What was forked last, whether it has begun or not. */
  private forked: Running | null = null;
  private readonly stopping = new AbortController();
  private stopped: Promise<void> | undefined;
  private coming: Promise<void> = Promise.resolve();
  private readonly waiting = new Map<number, (value: unknown) => void>();
  private readonly underWay = new Map<string, Promise<unknown>>();
  private questions = 0;
  private silentTurns = 0;
  private readonly budget: RestartBudget;

  /** Resolves when the child has begun its task. A first start that fails is not tried again. @throws ProcessDidNotStart */
  readonly begun: Promise<void>;

  /** Starts the child and does not wait for it. */
  constructor(private readonly options: SupervisedProcessOptions) {
    this.budget = new RestartBudget(options.restarts ?? RESTART_LIMITS);
    this.begun = this.begin();
    // Heard by whoever waits for it, sooner or later.
    this.begun.catch(() => undefined);
  }

  /** Null while there is none. */
  get pid(): number | null {
    return this.running?.child.pid ?? null;
  }

  /**
   * Whoever asks what is being asked already gets the same answer, and waits no longer than the first one does.
   * @throws ProcessAway
   */
  ask<Value>(question: string, answerMsMax: number): Promise<Value> {
    let asked = this.underWay.get(question);
    if (asked === undefined) {
      asked = this.askAnew(question, answerMsMax).finally(() => this.underWay.delete(question));
      this.underWay.set(question, asked);
    }
    return asked as Promise<Value>;
  }

  private async askAnew(question: string, answerMsMax: number): Promise<unknown> {
    const { running } = this;
    if (running === null) throw new ProcessAway(`${this.options.name}: being started again`);
    const id = (this.questions += 1);
    const answered = new Promise<unknown>((resolve) => this.waiting.set(id, resolve));
    const timer = setTimeout(() => this.settle(id, undefined), answerMsMax);
    send(running.child, { kind: 'ask', id, question });
    const value = await answered;
    clearTimeout(timer);
    if (value === undefined) throw new ProcessAway(`${this.options.name}: no answer to ${question}`);
    return value;
  }

  /** Lets it end in order, kills it when it does not. Safe to call twice. */
  stop(): Promise<void> {
    this.stopped ??= this.stopOnce();
    return this.stopped;
  }

  private async begin(): Promise<void> {
    const { program, task, name, startMsMax = 90_000 } = this.options;
    const child = fork(program, {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      // One that JSON would turn into null is a number here.
      serialization: 'advanced',
      // Two inspectors would want one port.
      execArgv: process.execArgv.filter((argument) => !argument.startsWith('--inspect')),
    });
    const exited = new Promise<string>((resolve) => {
      child.once('error', (error) => resolve(error.message));
      child.once('exit', (code, signal) => resolve(signal === null ? `exit code ${code}` : signal));
    });
    // Errors of the channel, after the first one that ends the waiting above: 'exit' tells what is to be told.
    child.on('error', () => undefined);
    this.forked = { child, exited };
    const begun = this.listen(child);
    const ended = exited.then((how) => `it ended (${how})`);
    const tooSlow = new AbortController();
    const beginning = async (): Promise<string | null> => {
      send(child, { kind: 'begin', task: await task });
      const late = sleep(startMsMax, `not within ${startMsMax / 1_000} s`, { signal: tooSlow.signal });
      return Promise.race([begun, late.catch(() => null)]);
    };
    const failure = await Promise.race([ended, beginning().catch(reasonOf)]);
    tooSlow.abort();
    if (failure !== null) {
      child.kill('SIGKILL');
      throw new ProcessDidNotStart(`${name}: ${failure}`);
    }
    this.running = this.forked;
    this.watchOver(this.running);
    void exited.then((how) => this.died(child, how));
  }

  /**
   * Turns of our own timer are counted, not the time that the clock says has passed: on a machine that was suspended, or
   * while this process was stopped, the child could not answer either, and a timer makes up for none of the turns it missed.
   */
  private watchOver({ child, exited }: Running): void {
    const { name, log, signOfLifeMs = 10_000, silenceMsMax = 60_000 } = this.options;
    this.silentTurns = 0;
    const timer = setInterval(() => {
      if (this.silentTurns * signOfLifeMs >= silenceMsMax) {
        clearInterval(timer);
        log.error(
          { process: { name, pid: child.pid, silenceMsMax } },
          `the process ${name} hangs; it is killed`,
        );
        child.kill('SIGKILL');
        return;
      }
      this.silentTurns += 1;
      send(child, signOfLife);
    }, signOfLifeMs).unref();
    void exited.then(() => clearInterval(timer));
  }

  /** Hears the child. @returns null when it has begun, otherwise why not */
  private listen(child: ChildProcess): Promise<string | null> {
    return new Promise((resolve) => {
      child.on('message', (message: ToParent) => {
        this.silentTurns = 0;
        if (message.kind === 'ready') resolve(null);
        else if (message.kind === 'failed') resolve(message.reason);
        else this.settle(message.id, message.value);
      });
    });
  }

  private settle(id: number, value: unknown): void {
    this.waiting.get(id)?.(value);
    this.waiting.delete(id);
  }

  private died({ pid }: ChildProcess, how: string): void {
    this.running = null;
    for (const id of [...this.waiting.keys()]) this.settle(id, undefined);
    if (this.stopping.signal.aborted) return;
    const { name, log } = this.options;
    log.error({ process: { name, pid, how } }, `the process ${name} ended; it is started again`);
    this.coming = this.comeBack();
  }

  private async comeBack(): Promise<void> {
    const { name, log, onGivenUp } = this.options;
    const { signal } = this.stopping;
    const diedAtMs = performance.now();
    for (let waitMs = this.budget.take(); waitMs !== null; waitMs = this.budget.take()) {
      if (waitMs > 0) await sleep(waitMs, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      try {
        await this.begin();
        const downMs = Math.round(performance.now() - diedAtMs);
        const restarts = this.budget.taken;
        log.warn({ process: { name, pid: this.pid, downMs, restarts } }, `the process ${name} is back`);
        return;
      } catch (error) {
        if (signal.aborted) return;
        log.error({ process: { name }, err: error }, `the process ${name} could not be started again`);
      }
    }
    log.fatal({ process: { name } }, `the process ${name} cannot be kept running; this one ends too`);
    onGivenUp();
  }

  private async stopOnce(): Promise<void> {
    this.stopping.abort();
    const { forked, running } = this;
    if (forked !== null && running === null) {
      // In the middle of a start, or dead already: there is nothing to bring to an end.
      forked.child.kill('SIGKILL');
      await forked.exited;
    } else if (forked !== null) {
      send(forked.child, { kind: 'stop' });
      const timer = setTimeout(() => forked.child.kill('SIGKILL'), this.options.stopMsMax ?? 3_000);
      await forked.exited;
      clearTimeout(timer);
    }
    await this.coming;
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function send(child: ChildProcess, message: ToChild): void {
  // To one that is dying: its end is heard of anyway.
  if (child.connected) child.send(message, () => undefined);
}

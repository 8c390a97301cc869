import { Inject, Injectable, Optional } from '@nestjs/common';
import { START } from '@shaoying/event-store';
import { ProjectionEngine, type ProjectionStatus } from '@shaoying/projections';
import { DeadlineScheduler } from '@shaoying/timers';
import { Platform } from './platform.js';

/** A read model this far behind the log makes the process not ready. */
const lagSecondsMax = 30;
const checkMsMax = 2_000;
/** A check that hangs is waited for by nobody after this long: the next request starts another. */
const checkAbandonedMs = 10_000;

export interface Trouble {
  readonly part: string;
  readonly reason: string;
}

/** Positions only, here and below: anyone may ask, and what an error says may come out of a report. */
const told = (rebuild: ProjectionStatus['rebuild']): string =>
  rebuild?.errorPosition == null
    ? `being rebuilt, at position ${rebuild?.position ?? START}${rebuild ? `, ${rebuild.lagEvents} events to go` : ''}`
    : `their rebuild is stopped at position ${rebuild.errorPosition}`;

const stopped = ({ status, errorPosition }: ProjectionStatus): string => {
  if (status === 'absent') return status;
  return errorPosition === null ? 'stopped: the log was replaced' : `stopped at position ${errorPosition}`;
};

/** Whether this process can do the work of its roles. */
@Injectable()
export class Readiness {
  /** By part. Anyone may ask as often as they like: the stores are asked once at a time, over one connection each. */
  private readonly underWay = new Map<string, Promise<Trouble[]>>();

  constructor(
    @Inject(Platform) private readonly platform: Platform,
    @Optional() @Inject(ProjectionEngine) private readonly engine?: ProjectionEngine,
    @Optional() @Inject(DeadlineScheduler) private readonly scheduler?: DeadlineScheduler,
  ) {}

  /** What is not ready; within some 2 s, whatever hangs. */
  async troubles(): Promise<Trouble[]> {
    return (await Promise.all([this.log(), this.jurisdiction(), this.readModels(), this.timers()])).flat();
  }

  private async log(): Promise<Trouble[]> {
    return this.attempt('event-log', async () => {
      await this.platform.stores.log.head();
      return [];
    });
  }

  private async jurisdiction(): Promise<Trouble[]> {
    const { state } = this.platform.directory.status();
    return state === 'LIVE' ? [] : [{ part: 'jurisdiction', reason: `directory is ${state}` }];
  }

  private async readModels(): Promise<Trouble[]> {
    const { engine } = this;
    if (engine === undefined) return [];
    return this.attempt('read-models', async () =>
      (await engine.status()).flatMap((it) => {
        const { name, status, lagSeconds, version, codeVersion, rebuild } = it;
        const part = `read-model ${name}`;
        // Also where the serving tables have stopped: of an upgrade, only the new ones come to an end.
        if (version !== null && version !== codeVersion)
          return [{ part, reason: `tables of version ${version}, not ${codeVersion}: ${told(rebuild)}` }];
        if (status !== 'running') return [{ part, reason: stopped(it) }];
        return lagSeconds > lagSecondsMax
          ? [{ part, reason: `${Math.round(lagSeconds)} s behind the log` }]
          : [];
      }),
    );
  }

  private async timers(): Promise<Trouble[]> {
    const { scheduler } = this;
    if (scheduler === undefined) return [];
    return this.attempt('timers', async () => {
      const { ready, reason } = await scheduler.readiness();
      return ready ? [] : [{ part: 'timers', reason: reason ?? 'late' }];
    });
  }

  private async attempt(part: string, check: () => Promise<Trouble[]>): Promise<Trouble[]> {
    let timer: NodeJS.Timeout | undefined;
    const tooSlow = new Promise<Trouble[]>((resolve) => {
      timer = setTimeout(() => resolve([{ part, reason: `no answer within ${checkMsMax} ms` }]), checkMsMax);
    });
    return Promise.race([this.shared(part, check), tooSlow]).finally(() => clearTimeout(timer));
  }

  /** The check of this part that is under way, or a new one. */
  private shared(part: string, check: () => Promise<Trouble[]>): Promise<Trouble[]> {
    const other = this.underWay.get(part);
    if (other !== undefined) return other;
    // What went wrong is for the log and the CLI: anyone may call this, and messages may hold addresses.
    const checked = check().catch(() => [{ part, reason: 'cannot be reached' }]);
    const forget = (): void => {
      clearTimeout(abandoned);
      if (this.underWay.get(part) === checked) this.underWay.delete(part);
    };
    const abandoned = setTimeout(forget, checkAbandonedMs).unref();
    this.underWay.set(part, checked);
    void checked.then(forget);
    return checked;
  }
}

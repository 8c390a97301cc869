import { randomUUID } from 'node:crypto';
import type { Clock } from '@shaoying/config';
import type { JurisdictionDirectory } from '@shaoying/jurisdiction-contracts';
import type { CommandOutcome } from './incident.command-service.js';
import { FixProvisionalDeadlinesCommand } from './rescheduling.messages.js';

/** Incidents looked at in one sweep; what is left is the next sweep's. */
const PAGE = 500;
/** An incident that had nothing to move is not read again before this long: its calendar may not be the published one. */
const LOOK_AGAIN_MS = 3_600_000;

type Calendars = ReturnType<JurisdictionDirectory['calendars']>;

export interface ProvisionalWatchOptions {
  readonly calendars: () => Calendars;
  /**
   * Incidents with a provisional deadline that something is owed by, due before an instant, in one fixed order behind
   * `after`.
   */
  readonly incidents: (dueBefore: string, after: string | null, limit: number) => Promise<readonly string[]>;
  readonly fix: (command: FixProvisionalDeadlinesCommand) => Promise<Pick<CommandOutcome, 'events'>>;
  readonly clock: Clock;
  readonly log: {
    info(fields: object, message: string): void;
    error(fields: object, message: string): void;
  };
  /** Pause between two sweeps; there is hardly ever anything to read. Default 5,000. */
  readonly intervalMs?: number;
}

/**
 * Moves provisional deadlines once the year they reach into is published (domain.md §5), without being asked: by a command
 * for each incident, so that each has its event. Any number may run at once: whoever comes second finds nothing to move.
 */
export class ProvisionalWatch {
  private readonly notBefore = new Map<string, number>();
  private readonly intervalMs: number;
  private timer: NodeJS.Timeout | undefined;
  private sweeping: Promise<unknown> = Promise.resolve();
  private stopped = false;

  constructor(private readonly options: ProvisionalWatchOptions) {
    this.intervalMs = options.intervalMs ?? 5_000;
  }

  /** Sweeps for ever, in the background. */
  start(): void {
    if (this.stopped) return;
    this.sweeping = this.sweepLogged().then(() => {
      if (!this.stopped) this.timer = setTimeout(() => this.start(), this.intervalMs);
    });
  }

  /** Waits for the sweep that is under way. */
  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.sweeping;
  }

  /** Answers in how many incidents something was moved. @throws what the read model and the command throw */
  async sweep(): Promise<number> {
    const dueBefore = publishedUntil(this.options.calendars());
    if (dueBefore === null) return 0;
    const nowMs = this.options.clock.now().getTime();
    for (const [incidentId, ms] of this.notBefore) if (ms <= nowMs) this.notBefore.delete(incidentId);
    let moved = 0;
    let after: string | null = null;
    do {
      const page: readonly string[] = await this.options.incidents(dueBefore, after, PAGE);
      for (const incidentId of page) {
        if (this.stopped) return moved;
        if (this.notBefore.has(incidentId)) continue;
        if (await this.fix(incidentId)) moved += 1;
        else this.notBefore.set(incidentId, nowMs + LOOK_AGAIN_MS);
      }
      after = page.length < PAGE ? null : (page.at(-1) ?? null);
    } while (after !== null);
    return moved;
  }

  private async fix(incidentId: string): Promise<boolean> {
    // Never the same command: another year, or a deadline that became provisional since, is another matter.
    const commandId = randomUUID();
    const actor = { id: 'system:timers', role: 'system', orgUnitId: null };
    const context = { commandId, correlationId: commandId, causationId: commandId, actor };
    const { events } = await this.options.fix(new FixProvisionalDeadlinesCommand(context, incidentId));
    return events.length > 0;
  }

  private async sweepLogged(): Promise<void> {
    const { log } = this.options;
    try {
      const incidents = await this.sweep();
      if (incidents > 0) log.info({ incidents }, 'provisional deadlines were moved into a published year');
    } catch (error) {
      log.error({ err: error }, 'provisional deadlines cannot be moved yet; it is tried again');
    }
  }
}

/** The instant before which some calendar carries every year; null where none carries any. */
function publishedUntil(calendars: Calendars): string | null {
  const ends = calendars.flatMap(({ years, utcOffsetMinutes }) => {
    const carried = Object.keys(years).map(Number);
    if (carried.length === 0) return [];
    let year = Math.min(...carried);
    while (carried.includes(year + 1)) year += 1;
    return [Date.UTC(year + 1, 0, 1) - utcOffsetMinutes * 60_000];
  });
  return ends.length === 0 ? null : new Date(Math.max(...ends)).toISOString();
}

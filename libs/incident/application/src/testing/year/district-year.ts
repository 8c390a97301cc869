import { createHash } from 'node:crypto';
import type { RecordedEvent } from '@shaoying/event-store';
import type { IncidentState } from '@shaoying/incident-domain';
import {
  IncidentRefused,
  MarkOverdueCommand,
  ReportIncidentCommand,
  type CommandContext,
  type CommandOutcome,
} from '../../index.js';
import { SampleOffice } from '../sample-office.js';
import { DeadlineTable } from './deadline-table.js';
import { Dice } from './dice.js';
import { ReadOnceStore } from './read-once-store.js';
import { SimulatedTime, type Outage } from './simulated-time.js';

const hourMs = 3_600_000;

/** The year in the district's own time. */
export const YEAR = {
  fromMs: Date.parse('2026-01-01T00:00:00+08:00'),
  toMs: Date.parse('2027-01-01T00:00:00+08:00'),
} as const;

/** Sealed with a key that no seed gives. */
const withoutReporter = (key: string, value: unknown): unknown => (key === 'reporter' ? null : value);

/** Told of everything that happens to an incident, and of nothing else. */
export type Attendant = (year: DistrictYear, state: IncidentState) => void;

/**
 * A year of 清河区: real handlers over a log in memory, the sample city's calendars and policies, the real scheduler in
 * simulated time, and people who do what their habits and the dice say. The same seed is the same year.
 */
export class DistrictYear {
  readonly dice: Dice;
  readonly table = new DeadlineTable();
  readonly time: SimulatedTime;
  readonly outages: readonly Outage[];
  readonly handlers: ReturnType<SampleOffice['handlers']>;
  /** Receipt codes of incidents, as their reporters keep them. */
  readonly receipts = new Map<string, string>();
  /** Refusals by code: what somebody meant to do when something else had happened already. */
  readonly refusals = new Map<string, number>();
  readonly incidentIds: string[] = [];
  private readonly states = new Map<string, IncidentState>();
  private readonly intended = new Set<string>();
  private readonly attendants: Attendant[] = [];

  private constructor(
    readonly office: SampleOffice,
    readonly seed: number,
    isEverAway: boolean,
  ) {
    this.dice = new Dice(seed);
    this.outages = isEverAway ? this.someOutages() : [];
    this.handlers = office.handlers();
    office.clock.set(new Date(YEAR.fromMs));
    this.time = new SimulatedTime(office.clock, this.table, async (deadline) => {
      await this.tell(this.handlers.markOverdue.execute(MarkOverdueCommand.of(deadline)));
    });
  }

  /** @param isEverAway whether the process of the timers is away three times; else its clock is never late */
  static async open(seed: number, isEverAway = true): Promise<DistrictYear> {
    const office = await SampleOffice.open(new ReadOnceStore());
    // What is published is read; following a log that grows by a hundred thousand events would be most of the work.
    await office.directory.stop();
    return new DistrictYear(office, seed, isEverAway);
  }

  attendedBy(...attendants: readonly Attendant[]): this {
    this.attendants.push(...attendants);
    return this;
  }

  get nowMs(): number {
    return this.time.nowMs;
  }

  get now(): string {
    return new Date(this.nowMs).toISOString();
  }

  as(role: string, orgUnitId: string | null): CommandContext {
    return this.office.as(role, orgUnitId);
  }

  stateOf(incidentId: string): IncidentState {
    const state = this.states.get(incidentId);
    if (state === undefined) throw new Error(`nobody has told of ${incidentId}`);
    return state;
  }

  /** Reports so many incidents over the year, most of them by day, and lives it. */
  async live(incidents: number, report: (year: DistrictYear) => ReportIncidentCommand): Promise<void> {
    for (let index = 0; index < incidents; index += 1) {
      this.time.agenda.add(this.someInstant(), async () => {
        const outcome = await this.handlers.report.execute(report(this));
        this.receipts.set(outcome.incidentId, outcome.receiptCode);
        this.incidentIds.push(outcome.incidentId);
        await this.tell(Promise.resolve(outcome));
      });
    }
    await this.time.live(YEAR.toMs, this.outages);
  }

  /** Something that somebody means to do with an incident; once at a time under one name. */
  intend(
    incidentId: string,
    name: string,
    afterMs: number,
    act: (state: IncidentState) => Promise<CommandOutcome> | null,
  ): void {
    const key = `${incidentId} ${name}`;
    if (this.intended.has(key)) return;
    this.intended.add(key);
    this.time.agenda.add(this.nowMs + Math.max(1, Math.round(afterMs)), async () => {
      this.intended.delete(key);
      const attempt = act(this.stateOf(incidentId));
      if (attempt !== null) await this.tell(attempt);
    });
  }

  /** The same, once for ever. */
  intendOnce(
    incidentId: string,
    name: string,
    afterMs: number,
    act: (state: IncidentState) => Promise<CommandOutcome> | null,
  ): void {
    const key = `${incidentId} once ${name}`;
    if (this.intended.has(key)) return;
    this.intended.add(key);
    this.intend(incidentId, name, afterMs, act);
  }

  /** Of a second stream that a command wrote to. */
  async tellOf(incidentId: string): Promise<void> {
    const found = await this.office.service().find(incidentId);
    if (found !== null) this.attend(found.state);
  }

  async eventsOf(incidentId: string): Promise<readonly RecordedEvent[]> {
    return this.office.store.readStream(`incident-${incidentId}`);
  }

  /** Of everything that was recorded; the same for the same seed. */
  async digest(): Promise<string> {
    const hash = createHash('sha256');
    for (const incidentId of this.incidentIds)
      for (const { type, occurredAt, recordedAt, data } of await this.eventsOf(incidentId))
        hash.update(JSON.stringify([type, occurredAt, recordedAt, data], withoutReporter));
    return hash.digest('hex');
  }

  private async tell(attempt: Promise<CommandOutcome>): Promise<void> {
    try {
      const { state } = await attempt;
      this.attend(state);
    } catch (error) {
      if (!(error instanceof IncidentRefused)) throw error;
      this.refusals.set(error.code, (this.refusals.get(error.code) ?? 0) + 1);
    }
  }

  private attend(state: IncidentState): void {
    this.states.set(state.incidentId, state);
    this.table.follow(state);
    for (const attendant of this.attendants) attendant(this, state);
  }

  private someInstant(): number {
    const { dice } = this;
    const dayMs = 24 * hourMs;
    const day = Math.floor(dice.between(0, (YEAR.toMs - YEAR.fromMs) / dayMs));
    const hour = dice.chance(0.75) ? dice.between(8, 19) : dice.between(0, 24);
    return YEAR.fromMs + day * dayMs + Math.round(hour * hourMs);
  }

  /** Three times a year the process of the timers is away: for minutes, over a night, over a weekend. */
  private someOutages(): readonly Outage[] {
    return [0.4, 14, 62].map((hours, index) => {
      const fromMs = YEAR.fromMs + Math.round((60 + index * 90 + this.dice.between(0, 60)) * 24 * hourMs);
      return { fromMs, toMs: fromMs + hours * hourMs };
    });
  }
}

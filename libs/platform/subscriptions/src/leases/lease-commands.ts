import { LeaseCommandReused } from '../subscriptions.errors.js';
import { Gathered } from './gathered.js';
import { FIND_COMMANDS, SWEEP_COMMANDS, SWEEP_ENDINGS, type LeaseSql } from './lease.tables.js';

/** For how long it is known at least of a request that it was carried out, and of a lease that it has ended: a day. */
export const rememberedMs = 86_400_000;
/** Of a department's requests with a key, and of a group's leases that have ended: the newest, where there are more in a day. */
export const rememberedMax = 10_000;
const sweepEveryMs = 60_000;
const uniqueViolation = '23505';

/** A request with an `Idempotency-Key`. */
export interface LeaseCommand {
  /** UUID; the same for every attempt of the same request, and for nobody else's. */
  readonly commandId: string;
  /** Fingerprint of the request. */
  readonly requestHash: string;
}

/** What is known of a request that was carried out. */
export interface RecordedCommand {
  /** As the statement wrote it that carried it out. */
  readonly outcome: string;
  /** Of what was lent. */
  readonly leaseId: string | null;
}

interface CommandRow {
  readonly command_id: string;
  readonly request_hash: string;
  readonly outcome: string;
  readonly lease_id: string | null;
}

/**
 * Requests with a key, as the statements that carry them out record them: what one process has done another one answers again,
 * also after a `kill -9`. What had no effect is not recorded, and is judged anew.
 */
export class LeaseCommands {
  private readonly finding = new Gathered<string, CommandRow | undefined>((ids) => this.findAll(ids));
  private sweepAtMs = performance.now() + sweepEveryMs;

  constructor(private readonly sql: LeaseSql) {}

  /**
   * Carries a request out once. Two processes that are asked the same at once both begin; the statement of one of them fails, which
   * undoes what it did, and is answered by what the other one has recorded.
   * @throws LeaseCommandReused, and what `act` and `again` throw
   */
  async once<Answer>(
    command: LeaseCommand | undefined,
    act: () => Promise<Answer>,
    again: (recorded: RecordedCommand) => Answer | Promise<Answer>,
  ): Promise<Answer> {
    if (command === undefined) return act();
    const before = await this.find(command);
    if (before !== undefined) return again(before);
    try {
      return await act();
    } catch (error) {
      const meanwhile = isTaken(error) ? await this.find(command) : undefined;
      if (meanwhile === undefined) throw error;
      return again(meanwhile);
    }
  }

  /** Forgets what is older than it need be known, once a minute at the most. What fails is tried again the next time. */
  sweep(): void {
    if (performance.now() < this.sweepAtMs) return;
    this.sweepAtMs = performance.now() + sweepEveryMs;
    void this.sweepNow().catch(() => undefined);
  }

  /** @throws what PostgreSQL throws */
  async sweepNow(): Promise<void> {
    const values = [rememberedMs, rememberedMax];
    for (const statement of [SWEEP_COMMANDS, SWEEP_ENDINGS]) await this.sql.query({ ...statement, values });
  }

  private async find({ commandId, requestHash }: LeaseCommand): Promise<RecordedCommand | undefined> {
    const row = await this.finding.ask('', commandId);
    if (row === undefined) return undefined;
    if (row.request_hash !== requestHash) throw new LeaseCommandReused();
    return { outcome: row.outcome, leaseId: row.lease_id };
  }

  private async findAll(ids: readonly string[]): Promise<readonly (CommandRow | undefined)[]> {
    const { rows } = await this.sql.query<CommandRow>({ ...FIND_COMMANDS, values: [ids] });
    const byId = new Map(rows.map((row) => [row.command_id, row]));
    return ids.map((id) => byId.get(id));
  }
}

/** Whether another process has recorded the same command meanwhile. */
export const isTaken = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === uniqueViolation;

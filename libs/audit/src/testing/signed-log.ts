import { SimulatedClock } from '@shaoying/config';
import type { EventStore } from '@shaoying/event-store';
import { PostgresEventStore } from '@shaoying/event-store-postgres';
import { ProjectionEngine } from '@shaoying/projections';
import { newEvent } from '@shaoying/projections/testing';
import { Pool } from 'pg';
import { CheckpointSigner, type SignerReport } from '../checkpoints/checkpoint-signer.js';
import type { CheckpointExport } from '../checkpoints/checkpoint-export.js';
import { noteSigner, type NoteSigner } from '../checkpoints/signed-note.js';
import { auditTree, auditTreeName } from '../log-tree/audit-tree.projection.js';
import { AuditTreeQuery } from '../log-tree/audit-tree.query.js';
import { LogSource } from '../verify/log.source.js';
import { TreeLeaves } from '../verify/tree-leaves.js';
import { verifyLog, type VerifyOptions, type VerifyReport } from '../verify/verify-log.js';

export const origin = 'audit.example/log';
export const realKey = noteSigner(origin, Buffer.alloc(32, 1));
export const otherKey = noteSigner(origin, Buffer.alloc(32, 2));

const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** A log on PostgreSQL with its tree, which is brought up to date by hand, and a signer. */
export class SignedLog {
  readonly tree: AuditTreeQuery;
  private readonly signers = new Map<string, CheckpointSigner>();

  private constructor(
    readonly store: PostgresEventStore,
    readonly pool: Pool,
    private readonly engine: ProjectionEngine,
    readonly clock: SimulatedClock,
  ) {
    this.tree = new AuditTreeQuery(pool);
  }

  static async open(url: string): Promise<SignedLog> {
    const store = await PostgresEventStore.open({ url, poolSize: 2 });
    const pool = new Pool({ connectionString: url, max: 2 });
    pool.on('error', () => undefined);
    const engine = new ProjectionEngine({ store, url, projections: [auditTree('sha256')], log: quiet });
    return new SignedLog(store, pool, engine, new SimulatedClock(new Date('2026-03-02T01:00:00.000Z')));
  }

  async append(streamId: string, count: number): Promise<void> {
    const recordedAt = this.clock.now().toISOString();
    const events = Array.from({ length: count }, (_, nth) =>
      newEvent('IncidentProgressed', { nth, text: '道路 repair' }, { occurredAt: recordedAt, recordedAt }),
    );
    await this.store.append(streamId, 'any', events);
  }

  /** Builds the tree anew from the log as it is. */
  async build(): Promise<void> {
    await this.engine.rebuild(auditTreeName);
  }

  /** The signers forget what they have done, as a process does that ends. */
  restart(): void {
    this.signers.clear();
  }

  look(
    target: CheckpointExport,
    signers: readonly NoteSigner[] = [realKey],
    asked = false,
  ): Promise<SignerReport> {
    const who = `${target.name} ${signers.map(({ verifierKey }) => verifierKey).join()}`;
    const signer =
      this.signers.get(who) ??
      new CheckpointSigner({
        ...{ store: this.store as EventStore, tree: this.tree, origin, signers, target, clock: this.clock },
        ...{ treePosition: () => this.tree.position(), everyEvents: 1_000, everySeconds: 55 },
      });
    this.signers.set(who, signer);
    return signer.look(asked);
  }

  async verify(options: Partial<VerifyOptions> = {}): Promise<VerifyReport> {
    const known = options.known === null ? null : await TreeLeaves.open(this.pool);
    return verifyLog(new LogSource(this.store, null), { keys: [], notes: [], known, ...options });
  }

  async close(): Promise<void> {
    await this.engine.stop();
    await this.store.close();
    await this.pool.end();
  }
}

/** Keeps what was exported, as an office does that the operator cannot reach. */
export class KeptExport implements CheckpointExport {
  readonly name = 'another office';
  readonly notes: string[] = [];
  failing = false;

  constructor(private readonly read: (note: string) => ReturnType<CheckpointExport['last']>) {}

  async last(): ReturnType<CheckpointExport['last']> {
    const note = this.notes.at(-1);
    return note === undefined ? null : this.read(note);
  }

  async write(note: string): Promise<void> {
    if (this.failing) throw new Error('nobody is there');
    this.notes.push(note);
  }
}

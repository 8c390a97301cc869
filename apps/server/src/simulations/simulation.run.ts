import type { EventStore } from '@shaoying/event-store';
import {
  AlternativeRules,
  knownNow,
  simulateWindow,
  type Difference,
  type WhatIfProgress,
  type WhatIfReport,
} from '@shaoying/incident-application';
import { admitAlternative, readJurisdiction } from '@shaoying/jurisdiction-application';
import {
  SIMULATION_LIMITS,
  type Simulation,
  type SimulationRequest,
  type SimulationStore,
} from './simulation-store.js';

/** Written at once. */
const BATCH = 500;
const BEAT_MS = 1_000;

/** Thrown when whoever asked for it wants it no more. */
export class SimulationCancelled extends Error {
  readonly code = 'SIMULATION_CANCELLED';
}

/** The rules of a request over what is published. @throws JurisdictionInvalid, JurisdictionNotPublished */
async function rulesOf(store: EventStore, request: SimulationRequest): Promise<AlternativeRules> {
  const directory = await readJurisdiction(store);
  return new AlternativeRules(directory, admitAlternative(directory, request));
}

const NOTHING: WhatIfProgress = { incidentsDone: 0, incidentsTotal: 0, eventsDone: 0 };

/** Keeps the rows of a run, some hundred at a time, and no more than are told. */
export class KeptDifferences {
  private waiting: Difference[] = [];
  private kept = 0;

  constructor(
    private readonly id: string,
    private readonly store: SimulationStore,
  ) {}

  async add(differences: readonly Difference[]): Promise<void> {
    this.waiting.push(
      ...differences.slice(0, SIMULATION_LIMITS.differencesMax - this.kept - this.waiting.length),
    );
    if (this.waiting.length >= BATCH) await this.write();
  }

  async write(): Promise<void> {
    const written = this.waiting;
    this.waiting = [];
    if (written.length > 0) await this.store.add(this.id, this.kept + 1, written);
    this.kept += written.length;
  }
}

/**
 * Carries a simulation out, tells every second how far it is, and ends when nobody wants it any more. Writes nothing to the
 * log. @throws SimulationCancelled, the signal's reason, as {@link simulateWindow}
 */
export async function carryOut(
  { id, request }: Simulation,
  log: EventStore,
  store: SimulationStore,
  signal: AbortSignal,
): Promise<WhatIfReport | null> {
  const knownAt = await knownNow(log);
  if (knownAt === null) return null;
  const rules = await rulesOf(log, request);
  const cancelled = new AbortController();
  let progress = NOTHING;
  const beat = async (): Promise<void> => {
    if (!(await store.beat(id, progress, knownAt))) cancelled.abort(new SimulationCancelled());
  };
  const beating = setInterval(() => void beat().catch(() => undefined), BEAT_MS);
  const kept = new KeptDifferences(id, store);
  try {
    const report = await simulateWindow({
      ...{ store: log, rules, window: request.window, knownAt },
      signal: AbortSignal.any([signal, cancelled.signal]),
      onProgress: (told) => {
        progress = told;
      },
      onDifferences: (differences) => kept.add(differences),
    });
    await kept.write();
    await beat();
    return report;
  } finally {
    clearInterval(beating);
  }
}

import type { Config } from '@shaoying/config';
import type { EventStore } from '@shaoying/event-store';
import {
  AlternativeRules,
  knownNow,
  simulateWindow,
  type Difference,
  type KnownAt,
  type WhatIfProgress,
  type WhatIfReport,
  type WindowHelpers,
  type WindowRead,
} from '@shaoying/incident-application';
import { admitAlternative, readJurisdiction } from '@shaoying/jurisdiction-application';
import {
  SIMULATION_LIMITS,
  type HeldSimulation,
  type Holding,
  type SimulationRequest,
  type SimulationStore,
} from './simulation-store.js';

/** Written at once. */
const BATCH = 500;
const BEAT_MS = 1_000;

/** Thrown when whoever asked for it wants it no more, or another process has taken it over. */
export class SimulationCancelled extends Error {
  readonly code = 'SIMULATION_CANCELLED';
}

/**
 * What a request asks to live again: its window, and its rules over what was published by then.
 * @throws JurisdictionInvalid, JurisdictionNotPublished
 */
export async function windowOf(
  store: EventStore,
  request: SimulationRequest,
  knownAt: KnownAt,
): Promise<WindowRead> {
  const directory = await readJurisdiction(store, knownAt.position);
  const rules = new AlternativeRules(directory, admitAlternative(directory, request));
  return { store, rules, window: request.window, knownAt };
}

const NOTHING: WhatIfProgress = { incidentsDone: 0, incidentsTotal: 0, eventsDone: 0 };

/** Keeps the rows of a run, some hundred at a time. */
export class KeptDifferences {
  private waiting: Difference[] = [];
  private kept = 0;

  constructor(
    private readonly held: Holding,
    private readonly store: SimulationStore,
  ) {}

  /** @throws SimulationCancelled, what the store throws */
  async add(differences: readonly Difference[]): Promise<void> {
    this.waiting.push(...differences);
    if (this.waiting.length >= BATCH) await this.write();
  }

  /** @throws SimulationCancelled, what the store throws */
  async write(): Promise<void> {
    const written = this.waiting;
    this.waiting = [];
    if (written.length > 0 && !(await this.store.add(this.held, this.kept + 1, written)))
      throw new SimulationCancelled();
    this.kept += written.length;
  }
}

/** What a thread is given that helps with a simulation. */
export interface HelperData {
  readonly config: Config;
  readonly request: SimulationRequest;
  readonly knownAt: KnownAt;
}

/** Where a simulation is carried out. */
export interface SimulationPlace {
  readonly log: EventStore;
  readonly store: SimulationStore;
  /** The threads that help with it, by what they are given of it. */
  readonly helpers: (data: Omit<HelperData, 'config'>) => Pick<WindowHelpers, 'for' | 'close'>;
  /** Streams that a thread reads at once. Default 32. */
  readonly streamsInPart?: number;
}

/**
 * Carries a simulation out, tells every second how far it is, and ends when nobody wants it any more. Writes nothing to the
 * log. @throws SimulationCancelled, the signal's reason, as {@link simulateWindow}
 */
export async function carryOut(
  { id, holder, request }: HeldSimulation,
  { log, store, helpers, streamsInPart }: SimulationPlace,
  signal: AbortSignal,
): Promise<WhatIfReport | null> {
  const held: Holding = { id, holder };
  const knownAt = await knownNow(log);
  if (knownAt === null) return null;
  const read = await windowOf(log, request, knownAt);
  const cancelled = new AbortController();
  let progress = NOTHING;
  const beat = async (): Promise<void> => {
    if (!(await store.beat(held, progress, knownAt))) cancelled.abort(new SimulationCancelled());
  };
  const beating = setInterval(() => void beat().catch(() => undefined), BEAT_MS);
  const kept = new KeptDifferences(held, store);
  const helping = helpers({ request, knownAt });
  try {
    const report = await simulateWindow({
      ...read,
      signal: AbortSignal.any([signal, cancelled.signal]),
      helpers: helping.for,
      streamsInPart,
      onProgress: (told) => {
        progress = told;
      },
      onDifferences: (differences) => kept.add(differences),
      differencesMax: SIMULATION_LIMITS.differencesMax,
    });
    await kept.write();
    await beat();
    cancelled.signal.throwIfAborted();
    return report;
  } finally {
    clearInterval(beating);
    await helping.close();
  }
}

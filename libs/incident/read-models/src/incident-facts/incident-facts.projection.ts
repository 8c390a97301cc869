import type { Projection } from '@shaoying/projections';
import { incidentEntries } from '../incident-rows.js';
import { FactBatch, factEvents } from './fact-batch.js';
import { factTables } from './fact-tables.js';
import { overCases } from './over-cases.js';

/**
 * What numbers are made of: filings, suspensions, calls to reporters, escalations, whistles, summonses, returns, checks, feedback, closings, each as a fact of its own
 * with the instant from which it was so, the one at which the log learnt of it, and the case as it was then. See
 * `cohorts.ts` for what is counted of it.
 */
export const incidentFacts: Projection = {
  name: 'incident-facts',
  version: 9,
  schema: factTables,
  completion: overCases,
  eventTypes: [...factEvents],
  async apply(events, tx) {
    const entries = incidentEntries(events);
    const batch = await FactBatch.of(tx, entries);
    for (const entry of entries) batch.fold(entry);
    await batch.write(tx);
  },
};

// Writes to the log what becomes an item of one department's feed, past the API: commands are measured elsewhere. Each event is an
// append of its own, as a command's would be; the server learns of it as of another process's.
import { hash, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { PostgresEventStore } from '@shaoying/event-store-postgres';
import { assertIncidentEventData } from '@shaoying/incident-contracts';

const actor = { id: 'bench', role: 'street-office', orgUnitId: 'st-hepan' };
const place = {
  ...{ gridId: 'gr-liuyin', estateId: 'es-liuyin-garden', communityId: 'co-liuyin' },
  ...{ streetId: 'st-hepan', districtId: 'di-qinghe' },
};
/** Appends under way at once while many are written. */
const atOnce = 32;
const streamOf = (incidentId) => `incident-${incidentId}`;

function event(type, schemaVersion, data, now = new Date().toISOString()) {
  assertIncidentEventData(type, data);
  const commandId = randomUUID();
  return {
    ...{ eventId: randomUUID(), type, schemaVersion, occurredAt: now, recordedAt: now, actor },
    ...{ correlationId: commandId, causationId: commandId, commandId, data },
  };
}

/** Without deadlines: no alarm of theirs shall ring meanwhile. */
function reported(incidentId) {
  return event('IncidentReported', 3, {
    ...{ incidentId, category: 'sewer-blockage', severity: 'MINOR', description: '下水道堵塞，污水外溢' },
    location: { lon: 116.4, lat: 39.9, crs: 'WGS84', address: '柳荫花园3号楼' },
    ...{ place, channel: 'PATROL', anonymous: false, reporter: null },
    receiptHash: hash('sha256', incidentId, 'hex'),
    ...{ claimedAt: null, imported: false, externalId: null, reportedBy: actor.id, recurrenceOf: null },
    ...{ evidence: [], deadlines: [] },
  });
}

const evaluated = (departmentId) =>
  event('TaskEvaluated', 1, {
    ...{ evaluationId: randomUUID(), whistleId: randomUUID(), taskId: randomUUID(), departmentId },
    ...{ evaluatingUnitId: actor.orgUnitId, score: 5, comment: '到场及时，处置到位，居民满意' },
  });

async function overMany(items, act) {
  let next = 0;
  const one = async () => {
    while (next < items.length) await act(items[next++]);
  };
  await Promise.all(Array.from({ length: atOnce }, one));
}

export class FeedWriter {
  #store;

  constructor(store) {
    this.#store = store;
  }

  static async open(url) {
    return new FeedWriter(await PostgresEventStore.open({ url }));
  }

  close() {
    return this.#store.close();
  }

  /** @returns ids of as many new incidents */
  async report(count) {
    const ids = Array.from({ length: count }, () => randomUUID());
    await overMany(ids, (id) => this.#store.append(streamOf(id), 'none', [reported(id)]));
    return ids;
  }

  /** `each` items about each incident for one department, as fast as it goes. */
  fill(departmentId, incidentIds, each) {
    return overMany(incidentIds, (id) =>
      this.#store.append(
        streamOf(id),
        'any',
        Array.from({ length: each }, () => evaluated(departmentId)),
      ),
    );
  }

  /**
   * `perSecond` events for `seconds`, the departments in turn; what is late is not made up for faster than it comes.
   * @returns `{ written, perSecond }`: how many it came to
   */
  async pace(departmentIds, incidentIds, perSecond, seconds) {
    const startedMs = performance.now();
    const total = Math.round(perSecond * seconds);
    const appends = [];
    for (let written = 0; written < total;) {
      const due = Math.min(total, Math.floor(((performance.now() - startedMs) * perSecond) / 1_000));
      for (; written < due; written += 1) {
        const incidentId = incidentIds[written % incidentIds.length];
        const item = evaluated(departmentIds[written % departmentIds.length]);
        appends.push(this.#store.append(streamOf(incidentId), 'any', [item]));
      }
      await sleep(2);
    }
    await Promise.all(appends);
    return { written: total, perSecond: (total * 1_000) / (performance.now() - startedMs) };
  }
}

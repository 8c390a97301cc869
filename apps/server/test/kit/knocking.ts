import { setTimeout as sleep } from 'node:timers/promises';
import type { Answer, City } from './city.js';
import { fileIncident, report } from './incident-steps.js';
import { waitFor } from './wait-for.js';

const reads = (id: string): readonly string[] => [
  '/v1/incidents?limit=5',
  `/v1/incidents/${id}`,
  `/v1/incidents/${id}/events`,
  `/v1/incidents/${id}/replay?at=2`,
  '/v1/departments/dp-urban-management/queue',
  '/v1/departments/dp-urban-management/dispatches',
  '/v1/departments/dp-urban-management/workload',
  '/v1/metrics/check-in-on-time?by=department',
  '/v1/categories',
];

/** No waiting for the read models to catch up with the load: as many reads as can be had in the outage. */
const whateverIsThere = { 'Shaoying-Min-Position': '0' };

export interface Knocked {
  /** What was neither a success nor a "come back later". */
  readonly strange: string[];
  /** How often it was "come back later". */
  later: number;
}

/**
 * Knocks at every door until told to end.
 * @param knocked what came of it so far, for whoever looks meanwhile
 */
export async function knockEverywhere(
  city: City,
  ended: AbortSignal,
  knocked: Knocked = { strange: [], later: 0 },
): Promise<Knocked> {
  const { id } = await fileIncident(city);
  // Asked below for whatever is there: it must be, once, before an outage may show less.
  const oversight = city.as('oversight');
  await waitFor('the incident is readable', async () => {
    return (await oversight.get(`/v1/incidents/${id}`, whateverIsThere)).status === 200;
  });
  const reporter = { name: '王小明', phone: '13900001111' };
  const judge = (path: string, { status, headers, text }: Answer<unknown>): void => {
    const later = status === 503 && Number(headers.get('retry-after')) > 0;
    if (later) knocked.later += 1;
    else if (status >= 300) knocked.strange.push(`${path}: ${status} ${text}`);
  };
  while (!ended.aborted) {
    for (const path of reads(id)) judge(path, await city.as('oversight').get(path, whateverIsThere));
    judge('a report with a reporter', await city.anonymous.post('/v1/incidents', { ...report, reporter }));
    await sleep(20);
  }
  return knocked;
}

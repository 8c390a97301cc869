import { decodeIncidentEvent, type RecordedIncidentEvent } from '@shaoying/incident-contracts';
import { propertyParameters } from '@shaoying/event-store/testing';
import { departments } from '../testing/year/departments.js';
import { DistrictYear, YEAR } from '../testing/year/district-year.js';
import { closing, dispatch, intake, standing, whistling } from '../testing/year/offices.js';
import { report } from '../testing/year/residents.js';
import { AlternativeRules } from './alternative-rules.js';
import { simulateIncident } from './simulated-incident.js';

const { seed } = propertyParameters({});
test('prototype', async () => {
  const year = await DistrictYear.open(seed, false);
  year.attendedBy(intake, dispatch, standing, whistling, departments, closing);
  await year.live(800, report);
  const rules = new AlternativeRules(year.office.directory, { policy: null, ladder: null, calendar: null });
  const asOf = new Date(YEAR.toMs).toISOString();
  let n = 0; const rows = []; let ev = 0; const kept = new Map(); const keptTimers = new Map();
  const all: RecordedIncidentEvent[][] = [];
  for (const id of year.incidentIds) all.push((await year.eventsOf(id)).map(decodeIncidentEvent));
  require('fs').writeFileSync('/tmp/year.json', JSON.stringify({ jur: (await year.office.store.readAll('0', { limit: 5000 })).filter((e) => !e.streamId.startsWith('incident-')), all }));
  const t = performance.now();
  for (const events of all) {
    const one = simulateIncident(events, rules, asOf);
    n += 1; ev += events.length; rows.push(...one.differences);
    for (const [id, why] of one.kept) { const tm = one.recorded.deadline(id)?.timer; keptTimers.set(tm, (keptTimers.get(tm) ?? 0) + 1); kept.set(why, (kept.get(why) ?? 0) + 1); }
  }
  const inOutage = (r: any) => year.outages.some(({ fromMs, toMs }) => [r.recorded.dueAt, r.simulated.dueAt].some((d) => d !== null && Date.parse(d) <= toMs + 1000 && Date.parse(d) >= fromMs - 30*24*3600e3));
  const groups = new Map();
  for (const r of rows) { const k = `${r.cause} ${r.kind} ${r.timer ?? r.metric} ${r.change} ${inOutage(r)}`; groups.set(k, (groups.get(k) ?? 0) + 1); }
  require('fs').writeFileSync('/tmp/out.json', JSON.stringify({ n, ev, ms: performance.now() - t, kept: [...kept], keptTimers: [...keptTimers], groups: [...groups], rows: rows.filter((r) => r.cause === 'RULES' || !inOutage(r)).slice(0, 12), outages: year.outages.map((o)=>[new Date(o.fromMs), new Date(o.toMs)]) }, null, 1));
  await year.office.close();
}, 300_000);

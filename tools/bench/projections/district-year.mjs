// A district's year as a log: lives that the real decider has decided once, told again of other incidents, in other
// places, of other departments and at other times of the year.
import { randomUUID } from 'node:crypto';
import { SimulatedCity } from '@shaoying/incident-read-models/testing';

const yearStart = '2026-01-01T00:00:00.000Z';
const yearMs = 365 * 24 * 3_600_000;
const callers = 100;
/** Incidents that go on at the same time: their events lie among each other in the log. */
const atOnce = 500;
const portions = 3;
const streets = 20;
const estates = 400;
const departments = 30;

const closing = (city) => city.pass(60).check('inc', 'PASS').pass(90).feedback('inc', 'SOLVED').close('inc');
const selfHandled = (city) => closing(city.report('inc').pass(60).handle('inc').pass(120).finish('inc'));
const handled = (city, department) =>
  city
    .acknowledge('inc', department)
    .pass(50)
    .checkIn('inc', department)
    .pass(500)
    .complete('inc', department);
const whistled = (city, ...departmentIds) => {
  city.report('inc').pass(30).whistle('inc', departmentIds).pass(20);
  for (const department of departmentIds) handled(city, department);
  return city;
};

/** Each as often as it stands here. */
const lives = [
  ...Array.from({ length: 7 }, () => selfHandled),
  ...Array.from({ length: 5 }, () => (city) => closing(whistled(city, 'dept-1'))),
  ...Array.from({ length: 3 }, () => (city) => closing(whistled(city, 'dept-1', 'dept-2'))),
  (city) => {
    city.report('inc').whistle('inc', ['dept-1']).pass(30).requestReturn('inc', 'dept-1').pass(60);
    return closing(handled(city.decideReturn('inc', 'dept-1', 'dept-2'), 'dept-2'));
  },
  (city) => closing(whistled(city, 'dept-1').check('inc', 'FAIL').pass(300).complete('inc', 'dept-1')),
  (city) => closing(selfHandled(city).pass(600).reopen('inc').handle('inc').pass(60).finish('inc')),
  (city) => {
    city.report('inc').pass(10).suspend('inc').pass(5_000).resume('inc').whistle('inc', ['dept-2']);
    return closing(handled(city.pass(400).ringAlarms(), 'dept-2'));
  },
  (city) =>
    city.report('inc').pass(60).whistle('inc', ['dept-1', 'dept-2']).pass(200).checkIn('inc', 'dept-1'),
];

const templates = lives.map((live) => live(new SimulatedCity(yearStart)).events);

/** Mean number of events of an incident. */
export const eventsEach = templates.reduce((sum, events) => sum + events.length, 0) / templates.length;

const isInstant = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

function retold(template, index, incidents) {
  const id = randomUUID();
  const shiftMs = Math.floor((index / incidents) * yearMs);
  const estate = (index * 7) % estates;
  const names = {
    'estate-1': `estate-${estate}`,
    'community-1': `community-${estate % 100}`,
    'street-1': `street-${estate % streets}`,
    'dept-1': `dp-${index % departments}`,
    'dept-2': `dp-${(index + 11) % departments}`,
    GARBAGE: index % 3 === 0 ? 'GARBAGE' : 'PARKING',
  };
  const value = (text) => {
    if (isInstant.test(text)) return new Date(Date.parse(text) + shiftMs).toISOString();
    return names[text] ?? text.replace(/(^|-of-)inc(?=$|-)/, `$1${id}`);
  };
  const told = JSON.parse(JSON.stringify(template), (_, cell) =>
    typeof cell === 'string' ? value(cell) : cell,
  );
  return {
    streamId: `incident-${id}`,
    events: told.map((event) => {
      const { streamId, revision, position, ...sent } = { ...event, eventId: randomUUID() };
      void [streamId, revision, position];
      return { ...sent, commandId: randomUUID() };
    }),
  };
}

/** Appends a year of so many events, in the order of the year. @returns how many there are */
export async function writeYear(store, size, progress) {
  const incidents = Math.round(size / eventsEach);
  let written = 0;
  for (let start = 0; start < incidents; start += atOnce) {
    const going = Array.from({ length: Math.min(atOnce, incidents - start) }, (_, place) =>
      retold(templates[(start + place) % templates.length], start + place, incidents),
    );
    for (let portion = 0; portion < portions; portion += 1) {
      const waiting = [...going];
      const writer = async () => {
        for (let life = waiting.pop(); life !== undefined; life = waiting.pop()) {
          const [from, to] = [portion, portion + 1].map((part) =>
            Math.floor((life.events.length * part) / portions),
          );
          if (to > from)
            await store.append(life.streamId, from === 0 ? 'none' : from - 1, life.events.slice(from, to));
          written += to - from;
        }
      };
      await Promise.all(Array.from({ length: callers }, writer));
    }
    progress(written);
  }
  return written;
}

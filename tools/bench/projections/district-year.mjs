// A district's year as a log: lives that the real decider has decided once, told again of other incidents, in other
// places, of other departments and at other times of the year.
import { randomUUID } from 'node:crypto';
import { SimulatedCity } from '@shaoying/incident-read-models/testing';

const yearStart = '2026-01-01T00:00:00.000Z';
const yearMs = 365 * 24 * 3_600_000;
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

const goingOn = (city) =>
  city.report('inc').pass(60).whistle('inc', ['dept-1', 'dept-2']).pass(200).checkIn('inc', 'dept-1');
/** Two months later: what a year leaves open, the next one ends. */
const endedLate = (city) => {
  goingOn(city)
    .pass(60 * 24 * 60)
    .complete('inc', 'dept-1')
    .checkIn('inc', 'dept-2');
  return closing(city.complete('inc', 'dept-2'));
};

/** Each as often as it stands here; the last one is of what goes on still. */
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
  goingOn,
];

const told = (live) => live(new SimulatedCity(yearStart)).events;
const templates = lives.map(told);

/** Mean number of events of an incident. */
export const eventsEach = templates.reduce((sum, events) => sum + events.length, 0) / templates.length;

const isInstant = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const renamed = ['estate-1', 'community-1', 'street-1', 'dept-1', 'dept-2', 'GARBAGE'];
/** Around what differs from one telling to the next, in a text that is made of JSON. Used by no text. */
const mark = '\uE000';
const marked = (kind, text) => `${mark}${kind}${text}${mark}`;

function markedText(text) {
  if (isInstant.test(text)) return marked('t', Date.parse(text));
  if (renamed.includes(text)) return marked('n', text);
  return text.replace(/(^|-of-)inc(?=$|-)/, (_, before) => `${before}${marked('i', '')}`);
}

/** A text as its pieces: every other one is a kind and what it was. */
const piecesOf = (value) =>
  JSON.stringify(value, (_, cell) => (typeof cell === 'string' ? markedText(cell) : cell)).split(mark);

/** A life once as pieces: parsing and printing JSON for every telling took longer than PostgreSQL does to take it. */
const storyOf = (events) =>
  events.map(({ eventId, streamId, position, commandId, correlationId, causationId, ...event }) => {
    void [eventId, streamId, position, commandId, correlationId, causationId];
    const { type, schemaVersion, revision, occurredAt, recordedAt, actor, data } = event;
    return {
      ...{ type, schemaVersion, revision, actor: piecesOf(actor), data: piecesOf(data) },
      ...{ occurredMs: Date.parse(occurredAt), recordedMs: Date.parse(recordedAt) },
    };
  });
const stories = templates.map(storyOf);
const storiesBefore = [...stories.slice(0, -1), storyOf(told(endedLate))];

function retold(index, incidents, startMs, among = stories) {
  const id = randomUUID();
  const shiftMs = startMs - Date.parse(yearStart) + Math.floor((index / incidents) * yearMs);
  const estate = (index * 7) % estates;
  const names = {
    'estate-1': `estate-${estate}`,
    'community-1': `community-${estate % 100}`,
    'street-1': `street-${estate % streets}`,
    'dept-1': `dp-${index % departments}`,
    'dept-2': `dp-${(index + 11) % departments}`,
    GARBAGE: index % 3 === 0 ? 'GARBAGE' : 'PARKING',
  };
  const instant = (ms) => new Date(ms + shiftMs).toISOString();
  const pieceOf = (piece, place) => {
    if (place % 2 === 0) return piece;
    if (piece[0] === 't') return instant(Number(piece.slice(1)));
    return piece[0] === 'n' ? names[piece.slice(1)] : id;
  };
  const textOf = (pieces) => pieces.map(pieceOf).join('');
  return among[index % among.length].map(({ type, schemaVersion, revision, ...event }) => {
    const commandId = randomUUID();
    return {
      ...{ eventId: randomUUID(), streamId: `incident-${id}`, type, schemaVersion, revision, commandId },
      ...{ occurredAt: instant(event.occurredMs), recordedAt: instant(event.recordedMs) },
      ...{ actor: textOf(event.actor), data: textOf(event.data) },
    };
  });
}

/** One more telling, for whoever appends it by the engine: portions of its life as the engine takes them. */
export function oneMoreLife(index) {
  return retold(index, 1_000_000, Date.parse(yearStart) + yearMs).map(({ streamId, revision, ...event }) => ({
    ...{ streamId, revision },
    event: {
      ...event,
      ...{ correlationId: event.commandId, causationId: event.commandId },
      ...{ actor: JSON.parse(event.actor), data: JSON.parse(event.data) },
    },
  }));
}

/**
 * Writes a year of so many events behind the log, in the order of the year.
 * @param log takes rows in bulk, past the engine
 * @param year how many years before the first one; those leave nothing open
 * @returns how many there are
 */
export async function writeYear(log, size, progress, year = 0) {
  const incidents = Math.round(size / eventsEach);
  const startMs = Date.parse(yearStart) - year * yearMs;
  let written = 0;
  for (let start = 0; start < incidents; start += atOnce) {
    const going = Array.from({ length: Math.min(atOnce, incidents - start) }, (_, place) =>
      retold(start + place, incidents, startMs, year === 0 ? stories : storiesBefore),
    );
    for (let portion = 0; portion < portions; portion += 1) {
      const [from, to] = [portion, portion + 1];
      const events = going.flatMap((life) =>
        life.slice(Math.floor((life.length * from) / portions), Math.floor((life.length * to) / portions)),
      );
      await log.write(events);
      written += events.length;
    }
    progress(written);
  }
  return written;
}

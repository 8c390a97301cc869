import { propertyParameters } from '@shaoying/event-store/testing';
import type { DeadlineQuery, TimerKind } from '@shaoying/jurisdiction-contracts';
import { DEFAULT_HANDLING_RULES, TIMER_KINDS } from '@shaoying/jurisdiction-domain';
import fc from 'fast-check';
import { lindongJurisdiction } from './testing/index.js';

const lindong = lindongJurisdiction();
const pins = lindong.pins();
/** A Friday before Spring Festival, 16:00 in Lindong; Saturday the 14th is worked. */
const start = '2026-02-13T08:00:00.000Z';
const deadline = (timer: TimerKind, more: Partial<DeadlineQuery> = {}) =>
  lindong.deadline({ timer, start, pins, category: 'road-damage', ...more });

describe('units', () => {
  test('know their ancestors, nearest first', () => {
    expect(lindong.ancestors('es-lanwan').map(({ id }) => id)).toEqual([
      'co-shuian',
      'st-hepan',
      'di-qinghe',
      'ct-lindong',
    ]);
    expect(lindong.ancestors('nowhere')).toEqual([]);
  });
  test('lie within themselves and everything above, and within nothing else', () => {
    expect(lindong.isWithin('es-lanwan', 'st-hepan')).toBe(true);
    expect(lindong.isWithin('es-lanwan', 'es-lanwan')).toBe(true);
    expect(lindong.isWithin('es-lanwan', 'st-gulou')).toBe(false);
    expect(lindong.isWithin('nowhere', 'nowhere')).toBe(false);
  });
});

describe('calendars of departments', () => {
  /** National Day, Thursday, 20:00 in Lindong. */
  const holiday = '2026-10-01T12:00:00.000Z';
  const counted = (unitId: string | undefined, timer: TimerKind, more: Partial<DeadlineQuery> = {}) =>
    deadline(timer, { start: holiday, ...(unitId === undefined ? {} : { unitId }), ...more });

  test('a holiday is none for who is there day and night, a short night for who is on shifts', () => {
    expect(counted('dp-gas', 'RETURN_WINDOW')?.dueAt).toBe('2026-10-01T16:00:00.000Z');
    expect(counted('dp-ecology', 'RETURN_WINDOW')?.dueAt).toBe('2026-10-02T00:00:00.000Z');
    expect(counted('dp-water', 'RETURN_WINDOW')?.dueAt).toBe('2026-10-08T06:00:00.000Z');
    expect(counted('dp-gas', 'CHECK_IN')?.dueAt).toBe('2026-10-02T12:00:00.000Z');
  });

  test('a deadline names its calendar and version, and its ladder, pause and extension are counted in them', () => {
    const due = counted('dp-gas', 'CHECK_IN')!;
    expect(due).toMatchObject({ calendarId: 'dp-gas', calendarVersion: 1, provisional: false });
    expect(lindong.ladderSchedule(pins, due).map(({ at }) => at)).toEqual([
      '2026-10-02T12:00:00.000Z',
      '2026-10-03T00:00:00.000Z',
      '2026-10-03T12:00:00.000Z',
    ]);
    const pause = lindong.afterPause(due, '2026-10-01T13:00:00.000Z', '2026-10-01T15:00:00.000Z');
    expect(pause.dueAt).toBe('2026-10-02T14:00:00.000Z');
    expect(lindong.extended(due, { amount: 2, unit: 'WORKING_DAY' }).dueAt).toBe('2026-10-04T12:00:00.000Z');
  });

  test('whoever has none, and what is nobody’s in particular, is counted in the one of the policy', () => {
    expect(counted('dp-water', 'CHECK_IN')).toMatchObject({ calendarId: 'default' });
    expect(counted(undefined, 'CHECK')).toMatchObject({ calendarId: 'default' });
  });
});

describe('deadlines by the defaults of domain.md §3.4', () => {
  test.each<[TimerKind, Partial<DeadlineQuery>, string]>([
    ['VERIFY', {}, '2026-02-13T10:00:00.000Z'],
    ['DISPATCH', {}, '2026-02-13T09:00:00.000Z'],
    ['ACKNOWLEDGE', {}, '2026-02-13T09:00:00.000Z'],
    ['ACKNOWLEDGE', { whistleKind: 'EMERGENCY' }, '2026-02-13T08:10:00.000Z'],
    ['CONTACT', {}, '2026-02-14T08:00:00.000Z'],
    ['CHECK_IN', {}, '2026-02-14T08:00:00.000Z'],
    ['CHECK_IN', { whistleKind: 'EMERGENCY' }, '2026-02-13T08:30:00.000Z'],
    ['HANDLING', { whistleKind: 'KEY_WORK' }, '2026-02-27T08:00:00.000Z'],
    ['HANDLING', { whistleKind: 'PUBLIC_DEMAND' }, '2026-02-25T08:00:00.000Z'],
    ['HANDLING', { whistleKind: 'PUBLIC_DEMAND', category: 'gas-leak' }, '2026-02-14T08:00:00.000Z'],
    ['INCIDENT_TOTAL', {}, '2026-02-20T08:00:00.000Z'],
    ['INCIDENT_TOTAL', { category: 'gas-leak' }, '2026-02-13T10:00:00.000Z'],
    ['INCIDENT_TOTAL', { category: 'lift-fault' }, '2026-02-14T08:00:00.000Z'],
    ['INCIDENT_TOTAL', { category: 'roof-leak' }, '2026-02-28T08:00:00.000Z'],
    ['INCIDENT_TOTAL', { category: 'roof-leak', urgency: 'IMMEDIATE' }, '2026-02-13T10:00:00.000Z'],
    ['RETURN_WINDOW', {}, '2026-02-14T03:00:00.000Z'],
    ['RETURN_DECISION', {}, '2026-02-14T03:00:00.000Z'],
    ['ARBITRATION', {}, '2026-02-14T08:00:00.000Z'],
    ['CHECK', {}, '2026-02-14T08:00:00.000Z'],
    ['CALLBACK', {}, '2026-02-16T08:00:00.000Z'],
    ['FEEDBACK_WINDOW', {}, '2026-02-27T08:00:00.000Z'],
    ['SUSPENSION_REVIEW', {}, '2026-03-15T08:00:00.000Z'],
    ['SUPERVISION_RESPONSE', {}, '2026-02-14T08:00:00.000Z'],
    ['RATIFICATION', {}, '2026-02-14T08:00:00.000Z'],
    ['REWORK', {}, '2026-02-14T08:00:00.000Z'],
    ['REOPEN_WINDOW', {}, '2026-03-15T08:00:00.000Z'],
    // Saturday is worked, then nine days of holiday, then eight working days and one more Saturday worked.
    ['APPEAL_WINDOW', {}, '2026-03-05T08:00:00.000Z'],
  ])('%s %j is due %s', (timer, more, dueAt) => {
    expect(deadline(timer, more)).toMatchObject({
      timer,
      dueAt,
      startedAt: start,
      policyVersion: 1,
      calendarVersion: 1,
    });
  });

  test('every timer has one', () => {
    for (const timer of TIMER_KINDS) expect(deadline(timer)).not.toBeNull();
  });

  test('warns at 80 % of the working time', () => {
    // 8 working hours from Friday 16:00: 6.4 of them are over on Saturday at 14:24.
    expect(deadline('CHECK_IN')?.warnAt).toBe('2026-02-14T06:24:00.000Z');
    expect(deadline('CHECK_IN', { whistleKind: 'EMERGENCY' })?.warnAt).toBe('2026-02-13T08:24:00.000Z');
  });

  test('a start with another offset is the same instant', () => {
    expect(deadline('CHECK_IN', { start: '2026-02-13T16:00:00+08:00' })).toEqual(deadline('CHECK_IN'));
  });

  test('pins of a version that was never published are a typed error', () => {
    const unknown = { ...pins, policyVersion: 9 };
    expect(() => deadline('CHECK_IN', { pins: unknown })).toThrow(
      expect.objectContaining({ code: 'JURISDICTION_NOT_PUBLISHED', documentId: 'default', version: 9 }),
    );
  });

  test('a start that is no instant is a typed error', () => {
    expect(() => deadline('CHECK_IN', { start: 'yesterday' })).toThrow(
      expect.objectContaining({ code: 'INSTANT_OUT_OF_RANGE' }),
    );
  });
});

describe('ladder', () => {
  test('climbs at the breach, half as late again, and as late again, in working time', () => {
    const schedule = lindong.ladderSchedule(pins, deadline('CHECK_IN')!);
    expect(schedule.map(({ tier, level, at }) => [tier, level, at])).toEqual([
      [1, 'BLUE', '2026-02-14T08:00:00.000Z'],
      // Two hours are left of Saturday, then nine days of holiday.
      [2, 'ORANGE', '2026-02-24T03:00:00.000Z'],
      [3, 'RED', '2026-02-24T08:00:00.000Z'],
    ]);
  });
  test('has no steps for a window whose end is nobody’s failure', () => {
    expect(lindong.ladder(pins, 'RETURN_WINDOW')).toEqual([]);
    expect(lindong.ladder(pins, 'CHECK_IN')).toHaveLength(3);
  });
});

describe('due', () => {
  test('answers the calculator of POST /v1/calendars/{id}/due', () => {
    expect(
      lindong.due('default', { start: '2026-02-13T16:00:00+08:00', amount: 3, unit: 'WORKING_DAY' }),
    ).toEqual({
      due: '2026-02-25T08:00:00.000Z',
      calendarVersion: 1,
      provisional: false,
    });
  });
  test('refuses an unknown calendar', () => {
    const query = { start, amount: 1, unit: 'WORKING_DAY' } as const;
    expect(() => lindong.due('other', query)).toThrow(
      expect.objectContaining({ code: 'JURISDICTION_NOT_PUBLISHED' }),
    );
  });
});

describe('a timer in stages', () => {
  const query = { timer: 'HANDLING', start, pins, category: 'illegal-construction' } as const;

  test('has a due time for each, every one counted from the start', () => {
    expect(
      lindong.deadlines(query).map(({ stage, unit, startedAt, dueAt }) => [stage, unit, startedAt, dueAt]),
    ).toEqual([
      ['现场核实', 'WORKING_DAY', start, '2026-02-24T08:00:00.000Z'],
      ['责令改正', 'WORKING_DAY', start, '2026-03-02T08:00:00.000Z'],
      ['整改完成', 'WORKING_DAY', start, '2026-03-12T08:00:00.000Z'],
    ]);
  });
  test('is due as a whole when its last stage is', () => {
    expect(lindong.deadline(query)).toEqual(lindong.deadlines(query)[2]);
  });
  test('is one of stage null where the rule has one duration, and none where the timer is not started', () => {
    expect(lindong.deadlines({ ...query, category: 'road-damage' })).toMatchObject([{ stage: null }]);
    const { version: _version, ...policy } = lindong.policy('default')!;
    const rules = policy.rules.map((rule) =>
      rule.timer === 'HANDLING' && !rule.when ? { timer: rule.timer, duration: null } : rule,
    );
    const other = lindongJurisdiction();
    other.apply({ type: 'DeadlinePolicyPublished', data: { policy: { ...policy, rules, version: 2 } } });
    expect(other.deadlines({ ...query, category: 'road-damage', pins: other.pins() })).toEqual([]);
  });
});

describe('rules of handling', () => {
  test('are those of the pinned version', () => {
    const {
      clockOnReturn,
      returnsBeforeArbitration,
      refusalsBeforeArbitration,
      extensions,
      whistles,
      repeatWhistleDays,
    } = lindong.rules(pins);
    expect({
      clockOnReturn,
      returnsBeforeArbitration,
      refusalsBeforeArbitration,
      extensions,
      whistles,
      repeatWhistleDays,
    }).toEqual(DEFAULT_HANDLING_RULES);
    expect(() => lindong.rules({ ...pins, policyVersion: 9 })).toThrow(
      expect.objectContaining({ code: 'JURISDICTION_NOT_PUBLISHED' }),
    );
  });
});

describe('a deadline moved', () => {
  const checkIn = deadline('CHECK_IN')!;
  const contact = deadline('CONTACT')!;
  // 16:00 to 17:00 on Friday the 13th, worked throughout.
  const [pausedAt, resumedAt] = ['2026-02-13T08:00:00.000Z', '2026-02-13T09:00:00.000Z'];

  test('by a pause is due later by the working time that passed in it, warned as much later', () => {
    // An hour later than Saturday 16:00; warned at 15:24 instead of 14:24.
    expect(lindong.afterPause(checkIn, pausedAt, resumedAt)).toEqual({
      dueAt: '2026-02-14T09:00:00.000Z',
      warnAt: '2026-02-14T07:24:00.000Z',
      provisional: false,
    });
  });
  test('by a night in which nobody works stays; counted on the clock it is due as much later', () => {
    const [evening, morning] = ['2026-02-13T10:00:00.000Z', '2026-02-14T01:00:00.000Z'];
    expect(lindong.afterPause(checkIn, evening, morning)).toMatchObject({
      dueAt: checkIn.dueAt,
      warnAt: checkIn.warnAt,
    });
    expect(lindong.afterPause(contact, evening, morning).dueAt).toBe('2026-02-14T23:00:00.000Z');
    // Not recorded at the time: as time on the clock.
    expect(lindong.afterPause({ ...checkIn, unit: null }, evening, morning).dueAt).toBe(
      '2026-02-14T23:00:00.000Z',
    );
  });
  test('by a pause over Spring Festival goes on where it stood', () => {
    // Paused on Saturday 15:00 with one hour left, resumed on Tuesday the 24th at 9:00.
    const moved = lindong.afterPause(checkIn, '2026-02-14T07:00:00.000Z', '2026-02-24T01:00:00.000Z');
    expect(moved.dueAt).toBe('2026-02-24T02:00:00.000Z');
  });
  test('not at all when it was due already, or when no time passed', () => {
    const due = { dueAt: checkIn.dueAt, warnAt: checkIn.warnAt, provisional: false };
    expect(lindong.afterPause(checkIn, checkIn.dueAt, '2026-02-26T08:00:00.000Z')).toEqual(due);
    expect(lindong.afterPause(checkIn, pausedAt, pausedAt)).toEqual(due);
  });
  test('keeps a warning that was due before the pause', () => {
    const moved = lindong.afterPause(checkIn, '2026-02-14T07:00:00.000Z', '2026-02-14T08:00:00.000Z');
    expect(moved).toMatchObject({ warnAt: checkIn.warnAt, dueAt: '2026-02-14T09:00:00.000Z' });
  });
  test('into a year without calendar is provisional', () => {
    const late = deadline('SUPERVISION_RESPONSE', { start: '2026-12-30T08:00:00.000Z' })!;
    expect(late.provisional).toBe(false);
    expect(lindong.afterPause(late, '2026-12-30T08:00:00.000Z', '2026-12-31T08:00:00.000Z').provisional).toBe(
      true,
    );
  });
  test('two pauses one after the other are one pause of both', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(checkIn, contact),
        fc.integer({ min: 0, max: 3_000 }),
        fc.integer({ min: 0, max: 3_000 }),
        (before, firstMinutes, secondMinutes) => {
          const at = (minutes: number) => new Date(Date.parse(start) + minutes * 60_000).toISOString();
          const middle = at(firstMinutes);
          const end = at(firstMinutes + secondMinutes);
          const first = { ...before, ...lindong.afterPause(before, start, middle) };
          expect(lindong.afterPause(first, middle, end)).toEqual(lindong.afterPause(before, start, end));
        },
      ),
      propertyParameters({ numRuns: 200 }),
    );
  });
  test('by an extension is due so much after the old due time, warned at the same share', () => {
    const two = { amount: 2, unit: 'WORKING_DAY' } as const;
    // Three working days in all; 80 % of their 24 hours is 19.2.
    expect(lindong.extended(checkIn, two)).toEqual({
      dueAt: '2026-02-25T08:00:00.000Z',
      warnAt: '2026-02-25T02:12:00.000Z',
      provisional: false,
    });
    expect(lindong.extended(contact, { amount: 24, unit: 'CLOCK_HOUR' })).toEqual({
      dueAt: '2026-02-15T08:00:00.000Z',
      warnAt: '2026-02-14T22:24:00.000Z',
      provisional: false,
    });
  });
  test('apportions working time', () => {
    expect(lindong.workingMsBetween('default', 1, start, checkIn.dueAt)).toBe(8 * 3_600_000);
    expect(lindong.workingMsBetween('default', 1, checkIn.dueAt, start)).toBe(-8 * 3_600_000);
    expect(() => lindong.workingMsBetween('default', 9, start, start)).toThrow(
      expect.objectContaining({ code: 'JURISDICTION_NOT_PUBLISHED' }),
    );
  });
  test('has its ladder climbed by what was recorded of it', () => {
    const { timer, startedAt, dueAt, calendarId, calendarVersion, unit } = checkIn;
    const recorded = { timer, startedAt, dueAt, calendarId, calendarVersion, unit };
    expect(lindong.ladderSchedule(pins, recorded)).toEqual(lindong.ladderSchedule(pins, checkIn));
    // Without its unit by the clock: 24 hours allowed, so 12 hours late.
    expect(lindong.ladderSchedule(pins, { ...recorded, unit: null })[1]).toMatchObject({
      level: 'ORANGE',
      at: '2026-02-14T20:00:00.000Z',
      respondWithin: { amount: 4, unit: 'WORKING_HOUR' },
    });
  });
});

describe('who is responsible for what, where', () => {
  test('is the department of the category, with its helpers', () => {
    expect(lindong.responsible('gas-leak', ['es-lanwan'])).toEqual({
      departmentId: 'dp-gas',
      assistingDepartmentIds: ['dp-fire'],
      basis: null,
    });
  });
  test('is another in an area with an entry of its own, with that one’s legal basis', () => {
    expect(lindong.responsible('rubbish-heap', ['es-railway-village'])).toMatchObject({
      departmentId: 'dp-transport',
      basis: '清河区铁路沿线环境整治方案第三条',
    });
    expect(lindong.responsible('rubbish-heap', ['es-beiqiao-east', 'co-beiqiao'])).toMatchObject({
      departmentId: 'dp-urban-management',
      basis: '清河区生活垃圾管理办法第九条',
    });
  });
  test('the most specific area decides, areas above count, and helpers never include the lead', () => {
    const { version: _version, ...catalogue } = lindong.catalogue('default')!;
    const other = lindongJurisdiction();
    const lift = {
      ...lindong.category('lift-fault')!,
      responsibleByArea: [
        { areaId: 'di-qinghe', departmentId: 'dp-fire' },
        { areaId: 'co-liuyin', departmentId: 'dp-housing' },
        { areaId: 'st-hepan', departmentId: 'dp-water', assistingDepartmentIds: ['dp-gas'] },
      ],
    };
    const categories = [...catalogue.categories.filter(({ code }) => code !== 'lift-fault'), lift];
    other.apply({
      type: 'DispatchCataloguePublished',
      data: { catalogue: { ...catalogue, categories, version: 2 } },
    });
    const led = (...areas: string[]) => other.responsible('lift-fault', areas)?.departmentId;
    expect(led('es-chunhe-court')).toBe('dp-housing');
    expect(led('st-hepan', 'co-liuyin')).toBe('dp-housing');
    expect(led('es-lanwan')).toBe('dp-water');
    expect(led('st-gulou')).toBe('dp-fire');
    expect(led()).toBe('dp-market-supervision');
    // dp-housing helps everywhere else; here it leads.
    expect(other.responsible('lift-fault', ['co-liuyin'])?.assistingDepartmentIds).toEqual([]);
    expect(other.responsible('lift-fault', ['es-lanwan'])?.assistingDepartmentIds).toEqual(['dp-gas']);
    expect(other.responsible('lift-fault', ['es-lanwan'], pins)?.departmentId).toBe('dp-market-supervision');
  });
  test('is nobody for an unknown matter', () => {
    expect(lindong.responsible('unknown', ['es-lanwan'])).toBeUndefined();
  });
});

describe('the grid of a point', () => {
  const at = '2026-02-13T08:00:00.000Z';
  test('is told with its map’s version, the dedicated one first', () => {
    expect(lindong.locate({ lon: 120.41, lat: 31.81, crs: 'WGS84' }, at)).toEqual({
      gridId: 'gr-zhonglou-plaza',
      orgUnitId: 'co-zhonglou',
      gridMapId: 'default',
      gridMapVersion: 1,
      others: ['gr-zhonglou'],
    });
  });
  test('edge case 17: the wrong system is another grid or none', () => {
    // What AMap shows for a point 60 m inside 柳荫's western edge.
    const amap = { lon: 120.40491, lat: 31.82805 };
    const named = (crs: 'WGS84' | 'GCJ02' | 'BD09') => lindong.locate({ ...amap, crs }, at)?.gridId;
    expect(named('GCJ02')).toBe('gr-liuyin');
    expect(lindong.locate({ lon: 120.4245, lat: 31.83, crs: 'GCJ02' }, at)?.gridId).not.toBe(
      lindong.locate({ lon: 120.4245, lat: 31.83, crs: 'WGS84' }, at)?.gridId,
    );
    expect(lindong.locate({ lon: 120.404, lat: 31.83, crs: 'BD09' }, at)).toBeNull();
  });
  test('is none outside every grid', () => {
    expect(lindong.locate({ lon: 120.5, lat: 31.83, crs: 'WGS84' }, at)).toBeNull();
  });
  test('asks for an instant', () => {
    expect(() => lindong.locate({ lon: 120.41, lat: 31.81, crs: 'WGS84' }, 'then')).toThrow(
      expect.objectContaining({ code: 'INSTANT_OUT_OF_RANGE' }),
    );
  });
});

import type { DeadlineQuery, TimerKind } from '@shaoying/jurisdiction-contracts';
import { TIMER_KINDS } from '@shaoying/jurisdiction-domain';
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

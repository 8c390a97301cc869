import { givenOf, historyOf } from '@shaoying/testing';
import { foldIncident, SEALED_TEXT, type IncidentCommand, type IncidentEvent } from './index.js';
import * as sample from './testing/index.js';

// Whose matter it is: sealed, told to who has it in hand, forgotten (domain.md §3.2, RevealReporter; §6, 32).

const { hours, days, incidentDecider, LEAD, ASSIST, sealed, whistleLife } = sample;
const given = givenOf(incidentDecider);
const after = (...commands: IncidentCommand[]): IncidentEvent[] => historyOf(incidentDecider, commands);
const { revealReporter, forgetReporter } = sample;

const known = sample.report(0, { reporter: sealed, anonymous: false });
/** The sample life with somebody who left a name. */
const lived = (steps: number): IncidentEvent[] => after(known, ...whistleLife.slice(1, steps));
const reported = after(known);
const whistled = lived(3);
const revealed = { type: 'ReporterIdentityRevealed' } as const;

describe('what is marked as personal', () => {
  const personal = { fields: ['DESCRIPTION', 'NOTE', 'LOCATION'], sealed } as const;
  const home = { lon: 120.412345, lat: 31.836789, crs: 'GCJ02', address: '柳荫小区3号楼502' } as const;
  const coarse = { lon: 120.412, lat: 31.837, crs: 'GCJ02', address: null } as const;

  it('is recorded as a word in its place, a coarse point, and what is sealed', () => {
    given([])
      .when(sample.report(0, { personal, location: home, description: '502 室王家漏水' }))
      .thenLike([
        { type: 'IncidentReported', data: { description: SEALED_TEXT, location: coarse, reporter: null } },
        { type: 'PersonalDataSealed', data: { about: 'REPORT', fields: personal.fields, sealed } },
      ]);
  });

  it('leaves nothing of a home that is only an address', () => {
    given([])
      .when(sample.report(0, { personal, location: { ...home, lon: null, lat: null } }))
      .thenLike([{ type: 'IncidentReported', data: { location: null } }, { type: 'PersonalDataSealed' }]);
  });

  it('stays as it is where only something else is marked', () => {
    given([])
      .when(sample.report(0, { personal: { fields: ['NOTE'], sealed }, location: home }))
      .thenLike([{ type: 'IncidentReported', data: { location: home } }, { type: 'PersonalDataSealed' }]);
  });

  it('makes nobody who could be called', () => {
    expect(foldIncident(after(sample.report(0, { personal })))).toMatchObject({
      ...{ reporterKnown: false, subjects: [sealed.subjectId], homeSealed: true },
    });
  });

  it('keeps every later place coarse', () => {
    const homes = after(sample.report(0, { personal, location: home }), ...whistleLife.slice(1, 3));
    given(homes)
      .when(sample.locate(hours(1), { location: home }))
      .thenLike([{ type: 'IncidentLocated', data: { location: coarse } }]);
    const checkIn = sample.checkIn(70, LEAD, { location: home });
    const arrived = after(
      sample.report(0, { personal, location: home }),
      ...whistleLife.slice(1, 4),
      checkIn,
    ).find(({ type }) => type === 'DepartmentCheckedIn');
    expect(arrived?.data).toMatchObject({ location: coarse });
  });

  it('is sealed in feedback, too', () => {
    const spoken = { fields: ['COMMENT'], sealed } as const;
    given(lived(9))
      .when(sample.feedback(days(2), { comment: '王小明说好', personal: spoken }))
      .thenLike([
        { type: 'FeedbackRecorded', data: { comment: SEALED_TEXT } },
        { type: 'PersonalDataSealed', data: { about: 'FEEDBACK', fields: ['COMMENT'] } },
      ]);
  });
});

describe('a reporter is revealed', () => {
  it('to the department with an open task, and it says for which', () => {
    const [task] = foldIncident(whistled).tasks;
    given(whistled)
      .when(revealReporter(hours(1)))
      .thenLike([
        {
          ...revealed,
          data: {
            ...{ unitId: LEAD, taskId: task?.taskId, purpose: 'CONTACT_REPORTER', fields: ['NAME', 'PHONE'] },
          },
        },
      ]);
  });

  it('each time anew: every look is on record', () => {
    given([
      ...whistled,
      ...after(known, ...whistleLife.slice(1, 3), revealReporter(40)).slice(whistled.length),
    ])
      .when(revealReporter(hours(1)))
      .thenLike([revealed]);
  });

  it.each([
    ['its street, while it has the matter', sample.byStreet(5), reported],
    ['its street, while departments handle it', sample.byStreet(hours(1)), whistled],
    ['a callback, while feedback is awaited', sample.byCallback(days(2)), lived(9)],
    [
      'a community that handles it itself',
      sample.byCommunity(30),
      after(known, ...whistleLife.slice(1, 2), sample.startSelfHandling(20)),
    ],
  ])('to %s', (_who, origin, history) => {
    given(history).when(revealReporter(0, { origin })).thenLike([revealed]);
  });

  it.each([
    ['a department without a task', sample.byDepartment(hours(1), sample.THIRD), whistled],
    ['a department before it is summoned', sample.byDepartment(10, LEAD), reported],
    ['a department whose task is done', sample.byDepartment(days(2), LEAD), lived(8)],
    ['another street', sample.by(hours(1), 'street-office', sample.OTHER_STREET), whistled],
    ['its street once it is closed', sample.byStreet(days(3)), lived(11)],
    ['a community that does not handle it', sample.byCommunity(hours(1)), whistled],
    ['a callback before it is checked', sample.byCallback(hours(1)), whistled],
    ['oversight, which reads everything', sample.by(hours(1), 'oversight', null), whistled],
    ['an administrator', sample.by(hours(1), 'admin', null), whistled],
  ])('not to %s', (_who, origin, history) => {
    given(history).when(revealReporter(0, { origin })).thenRefused('REVEAL_WITHOUT_TASK');
  });

  it('not to a department that says the matter is not its own', () => {
    const returned = after(known, ...whistleLife.slice(1, 3), sample.requestReturn(hours(1)));
    given(returned)
      .when(revealReporter(hours(2)))
      .thenRefused('REVEAL_WITHOUT_TASK');
    given(returned)
      .when(revealReporter(hours(2), { origin: sample.byDepartment(hours(2), ASSIST) }))
      .thenLike([revealed]);
  });

  it('not where nobody left anything, has withdrawn, or is forgotten', () => {
    const nobody = after(...whistleLife.slice(0, 3));
    given(nobody)
      .when(revealReporter(hours(1)))
      .thenRefused('REPORTER_UNKNOWN');
    const withdrawn = after(known, ...whistleLife.slice(1, 3), sample.withdraw(40, { hazard: true }));
    given(withdrawn)
      .when(revealReporter(hours(1)))
      .thenRefused('REPORTER_WITHDREW');
    const forgotten = after(known, ...whistleLife.slice(1, 3), forgetReporter(40));
    given(forgotten)
      .when(revealReporter(hours(1)))
      .thenRefused('REPORTER_FORGOTTEN');
    // The key is destroyed, and that is not on record yet.
    given(whistled)
      .when(revealReporter(hours(1), { readable: false }))
      .thenRefused('REPORTER_FORGOTTEN');
    // Whoever has no part in it does not learn of it.
    given(nobody)
      .when(revealReporter(hours(1), { origin: sample.byDepartment(hours(1), sample.THIRD) }))
      .thenRefused('REVEAL_WITHOUT_TASK');
  });
});

describe('a reporter is forgotten', () => {
  it.each([
    ['reported', reported],
    ['handled', whistled],
    ['closed', lived(11)],
  ])('while it is %s, and once', (_state, history) => {
    given(history)
      .when(forgetReporter(days(4)))
      .thenLike([{ type: 'ReporterForgotten', data: { subjectIds: [sealed.subjectId] } }]);
    const gone = [
      ...history,
      ...(incidentDecider.decide(foldIncident(history), forgetReporter(days(4))).events ?? []),
    ];
    given(gone)
      .when(forgetReporter(days(5)))
      .thenNothing();
  });

  it('and nobody is left to be told or called', () => {
    const gone = after(known, forgetReporter(5));
    expect(foldIncident(gone)).toMatchObject({ reporterKnown: false, reporterForgotten: true, subjects: [] });
    given(gone)
      .when(sample.reject(10, { notice: null }))
      .thenLike([{ type: 'IncidentRejected' }]);
  });

  it('not where there is none', () => {
    given(after(sample.report(0)))
      .when(forgetReporter(5))
      .thenRefused('REPORTER_UNKNOWN');
  });

  it('only as far as keys were destroyed', () => {
    given(reported)
      .when(forgetReporter(5, { subjectIds: ['another'] }))
      .thenRefused('REPORTER_UNKNOWN');
  });
});

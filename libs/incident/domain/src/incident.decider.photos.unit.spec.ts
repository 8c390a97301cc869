import { givenOf, historyOf } from '@shaoying/testing';
import fc from 'fast-check';
import { foldIncident, PHOTOS_OF_REPORT_MAX, type IncidentCommand, type IncidentEvent } from './index.js';
import * as sample from './testing/index.js';

// 随手拍: photos of whoever reports something, named by the report or sent after it (ADR 44).

const { days, hours, incidentDecider, report, supplement, whistleLife, withdraw, forgetReporter } = sample;
const given = givenOf(incidentDecider);
const after = (...commands: IncidentCommand[]): IncidentEvent[] => historyOf(incidentDecider, commands);
const [kerb, manhole, yard] = ['c', 'd', 'e'].map((digit) => digit.repeat(64)) as [string, string, string];
const reported = after(report(0, { evidence: [kerb] }));

describe('a report', () => {
  it('names its photos, each once', () => {
    given([])
      .when(report(0, { evidence: [kerb, manhole, kerb] }))
      .thenLike([{ type: 'IncidentReported', data: { evidence: [kerb, manhole] } }]);
  });

  it('that an office files at once names them too', () => {
    given([])
      .when(report(0, { evidence: [kerb], filing: sample.filing(0) }))
      .thenLike([{ type: 'IncidentReported', data: { evidence: [kerb] } }, { type: 'IncidentFiled' }]);
  });

  it('brought in from another system names none', () => {
    given([])
      .when(sample.importCase())
      .thenLike([{ type: 'IncidentReported', data: { evidence: [] } }, {}, {}, {}, {}, {}]);
  });
});

describe('a photo that comes after the report', () => {
  it('is added where the report did not name it', () => {
    given(reported)
      .when(supplement(5, { evidence: [kerb, manhole, manhole] }))
      .thenLike([{ type: 'ReportSupplemented', data: { evidence: [manhole] } }]);
  });

  it('says nothing new where it is named already, however the case stands', () => {
    const rejected = after(report(0, { evidence: [kerb] }), sample.reject(5));
    for (const history of [reported, rejected])
      given(history)
        .when(supplement(6, { evidence: [kerb] }))
        .thenNothing();
    given(after(report(0), supplement(5, { evidence: [yard] })))
      .when(supplement(6, { evidence: [yard] }))
      .thenNothing();
  });

  it('still comes when it is closed, and in the cycle after that: it may show that nothing is solved', () => {
    const closed = after(...whistleLife.slice(0, 11));
    given(closed)
      .when(supplement(days(3), { evidence: [yard] }))
      .thenLike([{ type: 'ReportSupplemented' }]);
    const reopened = after(...whistleLife.slice(0, 11), sample.reopen(days(3)));
    given(reopened)
      .when(supplement(days(4), { evidence: [yard] }))
      .thenLike([{ type: 'ReportSupplemented' }]);
    expect(foldIncident(reopened).photos).toEqual(foldIncident(closed).photos);
  });

  it('is added to a duplicate as to any other report', () => {
    given(after(report(0), sample.merge(5)))
      .when(supplement(hours(1), { evidence: [yard] }))
      .thenLike([{ type: 'ReportSupplemented' }]);
  });

  it('is refused of another receipt, before anything is said about the case', () => {
    for (const history of [reported, after(report(0, { evidence: [kerb] }), forgetReporter(5))])
      given(history)
        .when(supplement(6, { receiptHash: 'of another report', evidence: [kerb] }))
        .thenRefused('RECEIPT_CODE_WRONG');
  });

  it('is refused of who has withdrawn, or is forgotten, also where it was named', () => {
    const withdrawn = after(report(0, { evidence: [kerb] }), withdraw(5));
    const goesOn = after(report(0, { evidence: [kerb] }), withdraw(5, { hazard: true }));
    for (const history of [withdrawn, goesOn])
      given(history)
        .when(supplement(6, { evidence: [kerb] }))
        .thenRefused('REPORTER_WITHDREW');
    given(after(report(0, { evidence: [kerb] }), forgetReporter(5)))
      .when(supplement(6, { evidence: [kerb] }))
      .thenRefused('REPORTER_FORGOTTEN');
  });

  it('is one of so many and no more, those of the report included', () => {
    const hashes = Array.from({ length: PHOTOS_OF_REPORT_MAX }, (_, index) => `${10 + index}`.repeat(32));
    const full = after(report(0, { evidence: hashes.slice(0, 2) }), supplement(5, { evidence: hashes }));
    expect(foldIncident(full).photos).toHaveLength(PHOTOS_OF_REPORT_MAX);
    given(full)
      .when(supplement(6, { evidence: [kerb] }))
      .thenRefused('TOO_MANY_PHOTOS');
    given(full)
      .when(supplement(6, { evidence: hashes }))
      .thenNothing();
  });
});

describe('who is seen on photos', () => {
  it('can be forgotten, though no name was left', () => {
    given(reported)
      .when(forgetReporter(5, { subjectIds: [] }))
      .thenLike([{ type: 'ReporterForgotten', data: { subjectIds: [] } }]);
    given(after(report(0), supplement(3)))
      .when(forgetReporter(5, { subjectIds: [] }))
      .thenLike([{ type: 'ReporterForgotten' }]);
  });

  it('is forgotten once', () => {
    const gone = after(report(0, { evidence: [kerb] }), forgetReporter(5, { subjectIds: [] }));
    given(gone)
      .when(forgetReporter(6, { subjectIds: [] }))
      .thenNothing();
    expect(foldIncident(gone)).toMatchObject({ reporterForgotten: true, photos: [kerb] });
  });

  it('is nobody where there is neither a photo nor a name', () => {
    given(after(report(0)))
      .when(forgetReporter(5, { subjectIds: [] }))
      .thenRefused('REPORTER_UNKNOWN');
  });
});

test('in any order and number, each photo is named once, and no more than there may be', () => {
  const hash = fc.integer({ min: 10, max: 39 }).map((number) => `${number}`.repeat(32));
  const hashes = fc.array(hash, { maxLength: 12 });
  fc.assert(
    fc.property(hashes, fc.array(hashes, { maxLength: 8 }), (named, later) => {
      let history = after(report(0, { evidence: named }));
      for (const evidence of later) {
        const { events } = incidentDecider.decide(foldIncident(history), supplement(5, { evidence }));
        history = [...history, ...(events ?? [])];
      }
      const all = history.flatMap(({ data }) => ('evidence' in data ? [data.evidence].flat() : []));
      expect(new Set(all).size).toBe(all.length);
      expect(all.length).toBeLessThanOrEqual(PHOTOS_OF_REPORT_MAX);
      expect(foldIncident(history).photos).toEqual(all);
    }),
  );
});

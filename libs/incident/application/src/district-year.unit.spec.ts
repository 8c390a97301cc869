import { propertyParameters } from '@shaoying/event-store/testing';
import type { IncidentTimer } from '@shaoying/incident-domain';
import { departments, departmentsOf, habitOf } from './testing/year/departments.js';
import { DistrictYear, YEAR } from './testing/year/district-year.js';
import { DueOracle } from './testing/year/due-oracle.js';
import { IncidentLedger, type Move } from './testing/year/incident-ledger.js';
import { closing, dispatch, intake, standing, whistling } from './testing/year/offices.js';
import { report } from './testing/year/residents.js';
import { fateOf, fateProblems, lostTwice, totalsRestarted, type Fate } from './testing/year/year-oracle.js';

const incidents = 3_000;
const yearMsMax = 300_000;

async function opened(seed: number): Promise<DistrictYear> {
  const year = await DistrictYear.open(seed);
  return year.attendedBy(intake, dispatch, standing, whistling, departments, closing);
}

describe('a whole year in a district', () => {
  const { seed } = propertyParameters({});
  let year: DistrictYear;
  let ledgers: readonly IncidentLedger[];

  beforeAll(async () => {
    year = await opened(seed);
    await year.live(incidents, report);
    ledgers = await Promise.all(
      year.incidentIds.map(async (id) => new IncidentLedger(await year.eventsOf(id))),
    );
  }, yearMsMax);
  afterAll(() => year.office.close());

  /** What is wrong, with the seed that shows it: `FC_SEED` lives the same year again. */
  const nothingWrong = (problems: readonly string[]): void =>
    expect({ seed, count: problems.length, first: problems.slice(0, 20) }).toEqual({
      seed,
      count: 0,
      first: [],
    });

  it('warns of each deadline that is still owed at its time; ends it in one way: met in time, missed once, or called off; and takes each step of its ladder once, at its time', () => {
    nothingWrong(ledgers.flatMap((ledger) => fateProblems(ledger, year.outages, YEAR.toMs)));
  });

  it('has every due time, step of a ladder, pause and extension where the policy and the notice of the holidays put it', () => {
    const oracle = new DueOracle(year.office.directory);
    nothingWrong(ledgers.flatMap((ledger) => oracle.problems(ledger)));
  });

  it('has one lead in each whistle, nothing owed by what has ended, and late on an event where it was late', () => {
    nothingWrong(ledgers.flatMap(({ problems }) => problems));
  });

  it('books no hour of an account twice', () => {
    nothingWrong(ledgers.flatMap(lostTwice));
  });

  it('counts one total time in each cycle', () => {
    nothingWrong(ledgers.flatMap(totalsRestarted));
  });

  describe('the figures of departments', () => {
    const own: readonly IncidentTimer[] = ['ACKNOWLEDGE', 'CONTACT', 'CHECK_IN', 'HANDLING', 'REWORK'];
    const fates = (departmentId: string, timers = own): Map<Fate, number> => {
      const all = ledgers.flatMap((ledger) =>
        [...ledger.clocks.values()]
          .filter((clock) => ledger.taskOfClock(clock)?.departmentId === departmentId)
          .filter(({ deadline, moves }) => timers.includes(deadline.timer) && !moves.some(leftNoTime))
          .map(fateOf),
      );
      return new Map([...Map.groupBy(all, (fate) => fate)].map(([fate, list]) => [fate, list.length]));
    };

    it.each(departmentsOf('PROMPT'))('%s, always in time, has missed nothing', (departmentId) => {
      const { MET = 0, BREACHED = 0 } = Object.fromEntries(fates(departmentId));
      expect({ seed, BREACHED }).toEqual({ seed, BREACHED: 0 });
      expect(MET).toBeGreaterThan(300);
    });

    it.each(departmentsOf('SILENT'))('%s, which never answers, has met nothing', (departmentId) => {
      const { MET = 0, BREACHED = 0 } = Object.fromEntries(fates(departmentId));
      expect({ seed, MET }).toEqual({ seed, MET: 0 });
      expect(BREACHED).toBeGreaterThan(300);
    });

    it.each(departmentsOf('MIXED', 'SLOW', 'RETURNS'))('%s has met some and missed some', (departmentId) => {
      const { MET = 0, BREACHED = 0 } = Object.fromEntries(fates(departmentId));
      const missed = BREACHED / (MET + BREACHED);
      const [least, most] = habitOf({ departmentId }) === 'MIXED' ? [0.01, 0.3] : [0.3, 0.95];
      expect({ seed, missed, enough: missed > least && missed < most }).toEqual({
        seed,
        missed,
        enough: true,
      });
    });
  });

  it.each([
    ['reporters called by who handles it without a whistle', 'CONTACT', 'INCIDENT'],
    ['extensions decided', 'EXTENSION_DECISION', 'TASK'],
  ] as const)('has %s in time and too late, and some no more', (_, timer, kind) => {
    const clocks = ledgers
      .flatMap((ledger) => [...ledger.clocks.values()])
      .filter(({ deadline, owner }) => deadline.timer === timer && owner.kind === kind);
    const fates = Map.groupBy(clocks, fateOf);
    const scarce = (['MET', 'BREACHED', 'CALLED_OFF'] as const).filter(
      (fate) => (fates.get(fate)?.length ?? 0) < 10,
    );
    expect({ seed, scarce }).toEqual({ seed, scarce: [] });
  });

  it('has seen everything that a year brings', async () => {
    const seen = new Map<string, number>();
    for (const id of year.incidentIds)
      for (const { type } of await year.eventsOf(id)) seen.set(type, (seen.get(type) ?? 0) + 1);
    const scarce = LIVELY.filter((type) => (seen.get(type) ?? 0) < 10);
    expect({ seed, scarce }).toEqual({ seed, scarce: [] });
    expect(year.incidentIds).toHaveLength(incidents);
  });
});

/** No working time was left when a pause began, so it was due in the instant that ended it: nobody can meet that. */
const leftNoTime = ({ toMs, pause }: Move): boolean => pause !== null && toMs <= pause.toMs;

/** Without these the year would prove little about what it is for. */
const LIVELY = [
  ...['IncidentRejected', 'IncidentVoided', 'IncidentWithdrawn', 'IncidentEscalated', 'IncidentReopened'],
  ...['IncidentSuspended', 'SuspensionRenewed', 'IncidentResumed', 'IncidentMerged', 'IncidentUnmerged'],
  ...['WhistleProposed', 'WhistleRefused', 'WhistleRatified', 'WhistleFlagged', 'LeadChanged'],
  ...['ReturnRequested', 'ReturnAccepted', 'ReturnRejected', 'ArbitrationOpened', 'ResponsibilityDecided'],
  ...['ExtensionGranted', 'ExtensionRefused', 'TaskReleased', 'DepartmentAdded', 'TaskStageCompleted'],
  ...[
    'DeadlineWarned',
    'TaskOverdue',
    'IncidentOverdue',
    'SupervisionIssued',
    'SupervisionResponded',
    'SupervisionLifted',
  ],
  ...['ReporterContacted', 'ReporterContactedBySelfHandler'],
  ...['CheckFailed', 'FeedbackRecorded', 'IncidentClosed', 'TaskEvaluated'],
];

test(
  'the same seed is the same year, and another is another',
  async () => {
    const digestOf = async (seed: number): Promise<string> => {
      const year = await opened(seed);
      await year.live(60, report);
      const digest = await year.digest();
      await year.office.close();
      return digest;
    };
    const [first, again, other] = [await digestOf(1), await digestOf(1), await digestOf(2)];
    expect(again).toBe(first);
    expect(other).not.toBe(first);
  },
  yearMsMax,
);

import type { RecordedEvent } from '@shaoying/event-store';
import type { IncidentTimer, Place } from '@shaoying/incident-domain';
import type { MetricDimension } from '../metrics/metric-definition.js';
import type { MetricWindow } from '../metrics/metrics.query.js';
import type { Moment } from '../sql-reader.js';
import {
  clockOf,
  contextAt,
  holderBefore,
  isCalledOff,
  knownPlace,
  ofType,
  outOfBase,
  pausedMs,
  placeInCycle,
  reopeningOf,
  standingOf,
  storiesOf,
  summonedBy,
  whistlesOfTasks,
  type Story,
} from './course-oracle.js';
import {
  holderAt,
  isOver,
  isUndecided,
  sooner,
  tasksAtMoment,
  visibleAt,
  type OracleTask,
} from './task-oracle.js';

// The metrics of domain.md §4 a second time, straight from the event list, with loops a reader can check by eye. Shares
// no code with the read models: where both agree, neither has misread the definition in the same way by accident.

type Told = ReturnType<typeof visibleAt>[number];

/** A case or task whose window instant lies in the window. */
export interface OracleCase {
  readonly incidentId: string;
  readonly taskId: string | null;
  readonly dimensions: Readonly<Record<MetricDimension, string | null>>;
  readonly counts: boolean;
  readonly good: boolean;
  /** An answer that counts in part. */
  readonly partly?: boolean;
  /** That answer is about satisfaction, not about what was solved. */
  readonly rates?: boolean;
  /** Of an index, or milliseconds. */
  readonly amount?: number | null;
  readonly reason: string | null;
  /** Ids of the events that decided. */
  readonly events: readonly string[];
}

const ms = (instant: string): number => Date.parse(instant);

/**
 * The cases of one metric's window, as they were at a moment.
 * @param version of its formula: the newest, where none is named
 * @throws Error for a metric it does not know
 */
export function casesOf(
  name: string,
  log: readonly RecordedEvent[],
  window: MetricWindow,
  moment: Moment,
  version = Infinity,
): OracleCase[] {
  const visible = visibleAt(log, moment);
  const inWindow = (instant: string): boolean =>
    ms(window.from) <= ms(instant) && ms(instant) < ms(window.to);
  switch (name) {
    case 'containment-estate':
      return closed(visible, inWindow, 'MINOR', ['ESTATE'], true);
    case 'containment-community':
      return closed(visible, inWindow, 'MAJOR', ['ESTATE', 'COMMUNITY'], false);
    case 'containment-street':
      return closed(visible, inWindow, 'GROUP', ['ESTATE', 'COMMUNITY', 'SUBDISTRICT'], false);
    case 'acknowledge-on-time':
    case 'check-in-on-time':
    case 'handling-on-time':
      return onTime(log, inWindow, moment, timers[name], version === 4, version < 6);
    case 'response-rate':
      return [
        ...onTime(log, inWindow, moment, 'CONTACT', version === 2, version < 4),
        ...storiesOf(log, moment).flatMap((story) =>
          [
            ...callsOf(story, moment, version === 2, version < 4),
            ...(version < 5 ? [] : unasked(story)),
          ].filter(({ at }) => inWindow(at)),
        ),
      ];
    case 'contained-at-estate':
      return closed(visible, inWindow, null, ['ESTATE'], false);
    case 'contained-at-community':
      return closed(visible, inWindow, null, ['ESTATE', 'COMMUNITY'], false);
    case 'contained-at-subdistrict':
      return closed(visible, inWindow, null, ['ESTATE', 'COMMUNITY', 'SUBDISTRICT'], false);
    case 'contained-at-district':
      return closed(visible, inWindow, null, ['ESTATE', 'COMMUNITY', 'SUBDISTRICT', 'DISTRICT'], false);
    case 'three-rates':
      return ['response-rate', 'resolution-rate', 'satisfaction-rate'].flatMap((rate) =>
        casesOf(
          rate,
          log,
          window,
          moment,
          rate === 'response-rate' ? responsesIn(version) : version < 7 ? 1 : Infinity,
        ),
      );
    case 'repeat-whistle-rate':
      return repeats(storiesOf(log, moment), inWindow, version < 2);
    default:
      return storiesOf(log, moment).flatMap((story) =>
        ofStory(name, story, moment, version).filter(({ at }) => inWindow(at)),
      );
  }
}

/** Which version of the response rate was in three rates. */
const responsesIn = (version: number): number =>
  version < 4 ? 2 : version < 6 ? 3 : version < 8 ? 4 : Infinity;

type Dated = OracleCase & { readonly at: string };

function ofStory(name: string, story: Story, moment: Moment, version: number): Dated[] {
  switch (name) {
    case 'closing-rate':
    case 'closing-on-time':
      return totals(story, moment, name === 'closing-on-time', version === 1, version < 3);
    case 'whistle-rate':
      return filed(story, moment, false, version === 1);
    case 'suspension-rate':
      return filed(story, moment, true, true);
    case 'late-suspension-rate':
      return suspensions(story, version);
    case 'resolution-rate':
    case 'satisfaction-rate':
      return callbacks(story, moment, name === 'satisfaction-rate', version < 2);
    case 'reopen-rate':
    case 'time-to-resolution':
    case 'time-to-first-completion':
    case 'time-before-escalation':
      return closings(story, name, version < 2);
    case 'return-rate':
    case 'dispatch-accuracy':
      return summonses(story, name === 'return-rate');
    case 'buck-passing-index':
      return disputes(story);
    case 'rework-rate':
      return checks(story);
    default:
      throw new Error(`the oracle does not know the metric ${name}`);
  }
}

const timers = {
  'acknowledge-on-time': 'ACKNOWLEDGE',
  'check-in-on-time': 'CHECK_IN',
  'handling-on-time': 'HANDLING',
} as const satisfies Record<string, IncidentTimer>;

/** A case of one incident, in the place and with the lead of the event it is counted by. */
function caseBy(
  story: Story,
  by: Told,
  judged: { reason: string | null; good: boolean; events: readonly (Told | null | undefined)[] },
  /** Of the last whistle, also in reverse, as it was once. */
  lastLead = false,
): Dated {
  const { category, place, ...leads } = contextAt(story, by);
  const lead = lastLead ? leads.lead : leads.head;
  return {
    ...{ at: by.occurredAt, incidentId: story.incidentId, taskId: null, counts: judged.reason === null },
    dimensions: {
      ...{ estate: place.estateId, community: place.communityId, street: place.streetId, category },
      department: lead?.departmentId ?? null,
    },
    ...{ reason: judged.reason, good: judged.reason === null && judged.good },
    events: [...new Set(judged.events.flatMap((event) => (event ? [event.eventId] : [])))],
  };
}

/** The same in the place it is known to lie in, or lay in, and nobody's. */
function inPlace(place: Place, found: Dated): Dated {
  const { category } = found.dimensions;
  const units = { estate: place.estateId, community: place.communityId, street: place.streetId };
  return { ...found, dimensions: { ...units, category, department: null } };
}

function filed(story: Story, { asOf }: Moment, suspended: boolean, asKnown: boolean): Dated[] {
  const [filing] = ofType(story.visible, 'IncidentFiled');
  if (filing === undefined) return [];
  const whistle = ofType(story.visible, 'WhistleBlown').find(
    ({ data }) => !isCalledOff(story, data.whistleId),
  );
  const { standing, event } = standingOf(story);
  const isSuspended = standing === 'SUSPENDED';
  const isClosed = ofType(story.visible, 'IncidentClosed').some(
    ({ data }) => reopeningOf(story, data.cycle) === undefined,
  );
  const reason = outOfBase(story) ?? (suspended && isClosed ? 'CLOSED' : null);
  const judged = suspended
    ? { reason, good: isSuspended, events: [filing, isSuspended ? event : null] }
    : { reason, good: whistle !== undefined, events: [filing, whistle] };
  const place = asKnown ? knownPlace(story, filing) : placeInCycle(story, filing, filing.occurredAt);
  const found = inPlace(place, caseBy(story, filing, judged));
  const age = isSuspended && event !== null ? ms(asOf) - ms(event.occurredAt) : null;
  return [suspended ? { ...found, amount: found.counts ? age : null } : found];
}

/** Its incident is suspended, and it had not been missed by then; any suspension, as it was once. */
function standsStill(story: Story, due: string, anyHides: boolean): boolean {
  const { standing, event } = standingOf(story);
  return standing === 'SUSPENDED' && (anyHides || ms(due) >= ms(event?.occurredAt ?? ''));
}

function totals(
  story: Story,
  { asOf }: Moment,
  onTimeOnly: boolean,
  asKnown: boolean,
  anyHides: boolean,
): Dated[] {
  return ofType(story.visible, 'IncidentFiled').flatMap((filing) => {
    const { cycle } = filing.data;
    const total = clockOf(story, filing, 'INCIDENT_TOTAL');
    if (total === null) return [];
    const closing = ofType(story.visible, 'IncidentClosed').find(({ data }) => data.cycle === cycle);
    let reason = outOfBase(story);
    if (reason === null && closing === undefined) {
      if (reopeningOf(story, cycle) !== undefined) reason = 'WITHDRAWN';
      else if (standsStill(story, total.due, anyHides)) reason = 'SUSPENDED';
      else if (ms(total.due) >= ms(asOf)) reason = 'NOT_DUE_YET';
    }
    const good = closing !== undefined && (!onTimeOnly || ms(closing.occurredAt) <= ms(total.due));
    const found = caseBy(story, filing, { reason, good, events: [filing, total.movedBy, closing] });
    const ended = sooner(closing?.occurredAt ?? null, total.due);
    const place = asKnown ? knownPlace(story, filing) : placeInCycle(story, filing, ended);
    return [{ ...inPlace(place, found), at: total.due }];
  });
}

function callbacks(story: Story, { asOf }: Moment, satisfaction: boolean, lastLead: boolean): Dated[] {
  const told = ofType(story.visible, 'CheckPassed', 'FeedbackRecorded');
  return [...new Set(told.map(({ data }) => data.cycle))].flatMap((cycle) => {
    const inCycle = story.visible.filter((event) => 'cycle' in event.data && event.data.cycle === cycle);
    const asked = ofType(inCycle, 'CheckPassed').at(-1);
    const rated = ofType(inCycle, 'FeedbackRecorded').at(-1);
    const word = rated && ofType(inCycle, 'FeedbackRecorded', 'FeedbackCorrected').at(-1);
    const by = rated ?? asked;
    if (by === undefined) return [];
    const at = rated === undefined ? (asked?.data.feedbackUntil ?? '') : rated.occurredAt;
    const leftOut = ofType(inCycle, 'ScoreExcluded').some(({ data }) => data.item === 'FEEDBACK');
    let reason = outOfBase(story);
    if (reason === null && contextAt(story, by).anonymous) reason = 'ANONYMOUS';
    if (reason === null && leftOut) reason = 'EXCLUDED_ON_APPEAL';
    if (reason === null && rated === undefined) reason = ms(at) >= ms(asOf) ? 'NOT_DUE_YET' : 'NO_ANSWER';
    if (reason === null && satisfaction && word?.data.satisfaction === 'NOT_RATED') reason = 'NOT_RATED';
    const [whole, part] = satisfaction ? ['SATISFIED', 'BASICALLY_SATISFIED'] : ['SOLVED', 'PARTLY'];
    const said = satisfaction ? word?.data.satisfaction : word?.data.solved;
    const found = caseBy(story, by, { reason, good: said === whole, events: [asked, rated, word] }, lastLead);
    return [{ ...found, at, partly: reason === null && said === part, rates: satisfaction }];
  });
}

function closings(story: Story, name: string, lastLead: boolean): Dated[] {
  return ofType(story.visible, 'IncidentClosed').map((closing) => {
    const reopening = reopeningOf(story, closing.data.cycle);
    const [filing] = ofType(story.visible, 'IncidentFiled');
    const [completion] = ofType(story.visible, 'HandlingCompleted');
    let reason = outOfBase(story);
    if (name === 'reopen-rate') {
      const good = reopening !== undefined && ms(reopening.occurredAt) - ms(closing.occurredAt) <= 30 * dayMs;
      return caseBy(story, closing, { reason, good, events: [closing, reopening] }, lastLead);
    }
    if (reason === null && reopening !== undefined) reason = 'REOPENED';
    if (reason === null && name === 'time-to-first-completion' && completion === undefined)
      reason = 'NEVER_COMPLETED';
    if (name === 'time-before-escalation') {
      const escalation = ofType(story.visible, 'WhistleBlown', 'IncidentEscalated').find(
        (event) => event.type === 'IncidentEscalated' || !isCalledOff(story, event.data.whistleId),
      );
      reason ??= escalation === undefined ? 'NEVER_ESCALATED' : null;
      const waited = ms(escalation?.occurredAt ?? '') - ms(filing?.occurredAt ?? '');
      return {
        ...caseBy(story, closing, { reason, good: true, events: [filing, escalation, closing] }, lastLead),
        amount: reason === null ? waited : null,
      };
    }
    const filedMs = ms(filing?.occurredAt ?? '');
    const total = ms(closing.occurredAt) - filedMs - pausedMs(story);
    const first = ms(completion?.occurredAt ?? '') - filedMs;
    const events = name === 'time-to-resolution' ? [filing, closing] : [filing, completion, closing];
    const amount = name === 'time-to-resolution' ? total : first;
    return {
      ...caseBy(story, closing, { reason, good: true, events }, lastLead),
      amount: reason === null ? amount : null,
    };
  });
}

/** The calls that whoever handled it without a whistle owed the reporter: one in each cycle, from its filing. */
function callsOf(story: Story, { asOf }: Moment, asKnown: boolean, anyHides: boolean): Dated[] {
  return ofType(story.visible, 'IncidentFiled').flatMap((filing) => {
    const { cycle } = filing.data;
    const clock = clockOf(story, filing, 'CONTACT');
    if (clock === null) return [];
    const { due, deadlineId } = clock;
    const nextCycle = ofType(story.all, 'IncidentReopened').find(({ data }) => data.cycle === cycle + 1);
    const until = nextCycle?.revision ?? Infinity;
    const inCycle = story.visible.filter(({ revision }) => revision > filing.revision && revision < until);
    const call = ofType(inCycle, 'ReporterContactedBySelfHandler').find(
      ({ data }) => data.reached && data.dueAt !== null,
    );
    const [whistle] = ofType(inCycle, 'WhistleBlown');
    const leftOut = ofType(story.visible, 'ScoreExcluded').some(
      ({ data }) => data.item === 'OVERDUE' && data.itemId === deadlineId,
    );
    const out = outOfBase(story);
    let reason: string | null = null;
    if (leftOut) reason = 'EXCLUDED_ON_APPEAL';
    else if (call === undefined && whistle !== undefined && ms(whistle.occurredAt) <= ms(due))
      reason = 'TAKEN_OVER';
    else if (out !== null) reason = out === 'MERGED' ? out : 'WITHDRAWN';
    else if (call === undefined && standsStill(story, due, anyHides)) reason = 'SUSPENDED';
    else if (call === undefined && ms(due) >= ms(asOf)) reason = 'NOT_DUE_YET';
    const good = call !== undefined && ms(call.occurredAt) <= ms(due);
    const found = caseBy(story, filing, { reason, good, events: [filing, call] });
    const ended = sooner(call?.occurredAt ?? null, due);
    const place = asKnown ? knownPlace(story, filing) : placeInCycle(story, filing, ended);
    return [{ ...inPlace(place, found), at: due }];
  });
}

/** Reported anonymously: nobody is called, which is told once, by the first filing. */
function unasked(story: Story): Dated[] {
  const [filing] = ofType(story.visible, 'IncidentFiled');
  if (filing === undefined || !contextAt(story, filing).anonymous) return [];
  const out = outOfBase(story);
  const reason = out === null ? 'ANONYMOUS' : out === 'MERGED' ? out : 'WITHDRAWN';
  const found = caseBy(story, filing, { reason, good: false, events: [filing] });
  return [inPlace(placeInCycle(story, filing, filing.occurredAt), found) as Dated];
}

const dayMs = 24 * 3_600_000;

/** Late beyond 80 percent of the total time; of what has a whole percent on record alone, from 80 on, as it was by the first version. */
function suspensions(story: Story, version: number): Dated[] {
  return ofType(story.visible, 'IncidentSuspended').map((suspension) => {
    const { usedPercent: used, usedTime } = suspension.data;
    const isLate =
      version === 1 || usedTime === null
        ? used !== null && used >= 80
        : usedTime.usedMs / usedTime.allowedMs > 0.8;
    const filings = ofType(story.visible, 'IncidentFiled');
    const filing = filings.findLast(({ revision }) => revision < suspension.revision);
    const reason = outOfBase(story) ?? (used === null ? 'UNTIMED' : null);
    const judged = { reason, good: isLate, events: [filing, suspension] };
    return caseBy(story, suspension, judged, version < 3);
  });
}

function summonses(story: Story, returns: boolean): Dated[] {
  const reason = outOfBase(story);
  return story.visible.flatMap((event) =>
    summonedBy(event).map(({ taskId, departmentId }): Dated => {
      const asked = ofType(story.visible, 'ReturnRequested').find(({ data }) => data.taskId === taskId);
      const gone = ofType(story.visible, 'ReturnAccepted', 'ResponsibilityDecided').find(
        (decided) =>
          decided.data.taskId === taskId &&
          (decided.type === 'ReturnAccepted' ||
            decided.data.responsibleUnitId !== holderBefore(story, taskId, decided)),
      );
      const found = caseBy(story, event, {
        ...{ reason, good: returns ? asked !== undefined : gone === undefined },
        events: [event, returns ? asked : gone],
      });
      return { ...found, taskId, dimensions: { ...found.dimensions, department: departmentId } };
    }),
  );
}

function disputes(story: Story): Dated[] {
  const whistle = ofType(story.visible, 'WhistleBlown').find(
    ({ data }) => !isCalledOff(story, data.whistleId),
  );
  if (whistle === undefined) return [];
  const returns = ofType(story.visible, 'ReturnRequested');
  const more = Math.max(0, returns.length - 1);
  const reason = outOfBase(story);
  const found = caseBy(story, whistle, { reason, good: more > 0, events: [whistle, ...returns] }, true);
  return [{ ...found, amount: reason === null ? more : null }];
}

function checks(story: Story): Dated[] {
  const whistles = whistlesOfTasks(story);
  const done = ofType(story.visible, 'TaskCompleted');
  const first = done.filter((event) => done.find(({ data }) => data.taskId === event.data.taskId) === event);
  return first.flatMap((completed): Dated[] => {
    const { taskId, departmentId } = completed.data;
    const cycle = cycleAt(story, completed);
    const check = ofType(story.visible, 'CheckPassed', 'CheckFailed').find(
      ({ revision, data }) => revision > completed.revision && data.cycle === cycle,
    );
    if (check === undefined || isCalledOff(story, whistles.get(taskId) ?? '', check.revision)) return [];
    const failed = ofType(story.visible, 'CheckFailed').find(({ data }) => data.taskIds.includes(taskId));
    const found = caseBy(story, check, {
      ...{ reason: outOfBase(story), good: failed !== undefined, events: [completed, check, failed] },
    });
    return [{ ...found, taskId, dimensions: { ...found.dimensions, department: departmentId } }];
  });
}

function cycleAt({ all }: Story, at: Told): number {
  const reopened = ofType(all, 'IncidentReopened').filter(({ revision }) => revision < at.revision);
  return reopened.at(-1)?.data.cycle ?? 1;
}

function repeats(
  stories: readonly Story[],
  inWindow: (instant: string) => boolean,
  anyWhistle: boolean,
): OracleCase[] {
  const blown = stories
    .flatMap((story) =>
      ofType(story.visible, 'WhistleBlown').map((whistle) => {
        const isOff = isCalledOff(story, whistle.data.whistleId);
        const isBack = !anyWhistle && whistle.data.reverse;
        const reason = outOfBase(story) ?? (isOff ? 'CALLED_OFF' : isBack ? 'REVERSE' : null);
        const { category, place } = contextAt(story, whistle);
        return { story, whistle, reason, category, estateId: place.estateId };
      }),
    )
    .sort(
      ({ whistle: a }, { whistle: b }) =>
        ms(a.occurredAt) - ms(b.occurredAt) ||
        (a.incidentId === b.incidentId ? a.revision - b.revision : a.incidentId < b.incidentId ? -1 : 1),
    );
  return blown.flatMap(({ story, whistle, reason, category, estateId }, place) => {
    if (!inWindow(whistle.occurredAt)) return [];
    const earlier = blown
      .slice(0, place)
      .findLast(
        (other) =>
          other.reason === null &&
          (other.story.incidentId === story.incidentId ||
            (estateId !== null && other.estateId === estateId && other.category === category)),
      );
    const isRepeat =
      reason === null &&
      earlier !== undefined &&
      ms(whistle.occurredAt) - ms(earlier.whistle.occurredAt) <= 180 * dayMs;
    const events = [whistle, isRepeat ? earlier.whistle : null];
    return [caseBy(story, whistle, { reason, good: isRepeat, events }, true)];
  });
}

function dimensionsOf(
  visible: readonly Told[],
  incidentId: string,
): Omit<OracleCase['dimensions'], 'department'> {
  let category: string | null = null;
  let place: Place | null = null;
  for (const event of visible) {
    if (event.incidentId !== incidentId) continue;
    if (event.type === 'IncidentReported') category = event.data.category;
    if (event.type === 'IncidentReported' || event.type === 'IncidentLocated') place = event.data.place;
  }
  if (place === null) throw new Error(`${incidentId} was not reported`);
  return { estate: place.estateId, community: place.communityId, street: place.streetId, category };
}

function closed(
  visible: readonly Told[],
  inWindow: (instant: string) => boolean,
  severity: string | null,
  levels: readonly string[],
  inAnEstate: boolean,
): OracleCase[] {
  const cases: OracleCase[] = [];
  for (const event of visible) {
    if (event.type !== 'IncidentClosed' || !inWindow(event.occurredAt)) continue;
    const own = visible.filter((other) => other.incidentId === event.incidentId);
    // What was opened again is not closed, or is by a later closing.
    if (own.some((other) => other.type === 'IncidentReopened' && other.data.cycle > event.data.cycle))
      continue;
    const report = own.find((other) => other.type === 'IncidentReported');
    if (report?.type !== 'IncidentReported') throw new Error(`${event.incidentId} was not reported`);
    // As the case was when it was closed.
    const then = own.filter((other) => other.revision <= event.revision);
    const dimensions = { ...dimensionsOf(then, event.incidentId), department: null };
    let reason: string | null = null;
    if (severity !== null && report.data.severity !== severity) reason = 'OTHER_SEVERITY';
    else if (inAnEstate && dimensions.estate === null) reason = 'NOT_LOCATED_IN_AN_ESTATE';
    const good = levels.includes(event.data.resolutionLevel);
    cases.push({
      ...{ incidentId: event.incidentId, taskId: null, dimensions, counts: reason === null, reason },
      ...{ good: reason === null && good, events: [event.eventId] },
    });
  }
  return cases;
}

function onTime(
  log: readonly RecordedEvent[],
  inWindow: (instant: string) => boolean,
  moment: Moment,
  timer: 'ACKNOWLEDGE' | 'CHECK_IN' | 'HANDLING' | 'CONTACT',
  asKnown: boolean,
  /** As it was once: any suspension hides what is not done, and only a signature acknowledges. */
  asOnce: boolean,
): OracleCase[] {
  const { asOf } = moment;
  const visible = visibleAt(log, moment);
  const stories = new Map(asKnown ? [] : storiesOf(log, moment).map((story) => [story.incidentId, story]));
  return tasksAtMoment(log, moment).flatMap((task): OracleCase[] => {
    const deadline = task.deadlines.findLast((candidate) => candidate.timer === timer);
    const due = deadline?.dueAt;
    if (due === undefined || !inWindow(due)) return [];
    const [metAt, metBy] = actOf(task, timer, asOnce);
    const leftOut =
      timer === 'CONTACT' &&
      visible.some(
        (event) =>
          event.type === 'ScoreExcluded' &&
          event.incidentId === task.incidentId &&
          event.data.item === 'OVERDUE' &&
          event.data.itemId === deadline?.deadlineId,
      );
    const reason = leftOut ? 'EXCLUDED_ON_APPEAL' : whyNotJudged(task, timer, metAt, due, asOf, asOnce);
    return [
      {
        ...{ incidentId: task.incidentId, taskId: task.taskId, counts: reason === null, reason },
        dimensions: {
          ...dimensionsOf(visible, task.incidentId),
          ...placeThen(stories.get(task.incidentId), task, sooner(metAt, due)),
          department: holderAt(task, sooner(metAt, due)),
        },
        good: reason === null && metAt !== null && ms(metAt) <= ms(due),
        events: metBy === null ? [task.notifiedBy] : [task.notifiedBy, metBy],
      },
    ];
  });
}

/** Where a task lay as of an event of it, by what its own cycle says. */
function placeThen(story: Story | undefined, { notifiedBy }: OracleTask, at: string) {
  if (story === undefined) return {};
  const given = story.visible.find(({ eventId }) => eventId === notifiedBy)!;
  const filing = ofType(story.visible, 'IncidentFiled').findLast(
    ({ revision }) => revision < given.revision,
  )!;
  const { estateId, communityId, streetId } = placeInCycle(story, filing, at);
  return { estate: estateId, community: communityId, street: streetId };
}

function actOf(task: OracleTask, timer: string, asOnce: boolean): [at: string | null, by: string | null] {
  const { acknowledgedAt: signedAt, checkedInAt: cameAt } = task;
  if (
    timer === 'ACKNOWLEDGE' &&
    !asOnce &&
    cameAt !== null &&
    (signedAt === null || ms(cameAt) < ms(signedAt))
  )
    return [cameAt, task.checkedInBy];
  if (timer === 'ACKNOWLEDGE') return [signedAt, task.acknowledgedBy];
  if (timer === 'CONTACT') return [task.contactedAt, task.contactedBy];
  if (timer === 'CHECK_IN') return [cameAt, task.checkedInBy];
  return task.acceptedAt === null ? [task.completedAt, task.completedBy] : [task.acceptedAt, task.acceptedBy];
}

function whyNotJudged(
  task: OracleTask,
  timer: string,
  metAt: string | null,
  due: string,
  asOf: string,
  asOnce: boolean,
): string | null {
  if (task.setAside === 'MERGED' || task.setAside === 'WITHDRAWN') return task.setAside;
  if (task.state === 'RETURNED') return 'RETURNED';
  if (task.state === 'RELEASED' && !task.counted) return 'RELEASED';
  if (metAt !== null) return null;
  const missedBefore = isOver(task) || ms(due) < ms(task.setAsideAt ?? '');
  if (task.setAside === 'SUSPENDED' && (asOnce || !missedBefore)) return 'SUSPENDED';
  const asked = timer === 'HANDLING' && task.extending;
  if (timer !== 'ACKNOWLEDGE' && !isOver(task) && (isUndecided(task) || asked)) return 'UNDECIDED';
  return ms(due) < ms(asOf) ? null : 'NOT_DUE_YET';
}

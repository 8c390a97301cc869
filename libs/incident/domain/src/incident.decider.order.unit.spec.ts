import { givenOf, historyOf } from '@shaoying/testing';
import {
  foldIncident,
  LIFECYCLES,
  type IncidentCommand,
  type IncidentEvent,
  type Lifecycle,
  type RefusalCode,
} from './index.js';
import * as sample from './testing/index.js';

// Row by row the table of domain.md §3.2: whatever a state does not list is refused there, and how.

const { incidentDecider, hours, days, LEAD, taskIdOf } = sample;
const given = givenOf(incidentDecider);
const after = (...commands: IncidentCommand[]): IncidentEvent[] => historyOf(incidentDecider, commands);
const lived = (steps: number): IncidentEvent[] => after(...sample.whistleLife.slice(0, steps));

const states: Record<Lifecycle, IncidentEvent[]> = {
  REPORTED: lived(1),
  VERIFYING: after(sample.report(0), sample.verify(5)),
  FILED: lived(2),
  HANDLING: lived(6),
  CHECKING: lived(8),
  FEEDBACK: lived(9),
  CLOSED: lived(11),
  SUSPENDED: after(...sample.whistleLife.slice(0, 6), sample.suspend(hours(2))),
  REJECTED: after(sample.report(0), sample.reject(5)),
  MERGED: after(...sample.whistleLife.slice(0, 6), sample.merge(hours(2))),
  WITHDRAWN: after(sample.report(0), sample.withdraw(5)),
  VOIDED: after(sample.report(0), sample.voidIncident(5)),
};

const late = days(2) - hours(4);
const whistleId = 'whistle-2';
const beforeHandling: Lifecycle[] = ['REPORTED', 'VERIFYING'];
const running: Lifecycle[] = [...beforeHandling, 'FILED', 'HANDLING'];
const open: Lifecycle[] = [...running, 'CHECKING', 'FEEDBACK', 'SUSPENDED'];

/** A command and where it is accepted; elsewhere it is refused by the state it meets. */
const allowed: readonly (readonly [IncidentCommand, Lifecycle[]])[] = [
  [sample.supplement(late), [...open, 'CLOSED', 'MERGED']],
  [sample.locate(late), open],
  [sample.verify(late), ['REPORTED']],
  [sample.reject(late), beforeHandling],
  [sample.file(late), beforeHandling],
  [sample.startSelfHandling(late), ['FILED']],
  [sample.selfHandlerContact(late), []],
  [sample.completeSelfHandling(late), []],
  [sample.escalate(late), ['FILED']],
  [sample.blow(late, { whistleId }), ['FILED']],
  [sample.acknowledge(late), []],
  [sample.contact(late), ['HANDLING']],
  [sample.checkIn(late), []],
  [sample.progress(late), ['HANDLING']],
  [sample.complete(late), ['HANDLING']],
  [sample.bookWork(late), ['HANDLING', 'CHECKING', 'FEEDBACK', 'CLOSED', 'SUSPENDED', 'MERGED']],
  [sample.requestReturn(late), []],
  [sample.decideReturn(late), []],
  [sample.openArbitration(late), ['HANDLING']],
  [sample.arbitrate(late), []],
  [sample.addDepartment(late), ['HANDLING']],
  [sample.changeLead(late), ['HANDLING']],
  [sample.requestRelease(late), ['HANDLING']],
  [sample.releaseTask(late), ['HANDLING']],
  [sample.transferTask(late), ['HANDLING', 'SUSPENDED', 'MERGED']],
  [sample.urge(late), ['HANDLING']],
  [sample.requestExtension(late), ['HANDLING']],
  [sample.decideExtension(late), []],
  [sample.cancelWhistle(late), ['HANDLING']],
  [sample.approveWhistle(late), []],
  [sample.evaluateTask(late), ['CHECKING', 'FEEDBACK', 'CLOSED']],
  [sample.check(late), ['CHECKING']],
  [sample.feedback(late), ['FEEDBACK']],
  [sample.correctFeedback(late), ['CLOSED']],
  [sample.close(late), []],
  [sample.reopen(late), ['CLOSED', 'WITHDRAWN']],
  [sample.suspend(late), ['FILED', 'HANDLING']],
  [sample.resume(late), ['SUSPENDED']],
  [sample.merge(late), running],
  [sample.unmerge(late), ['MERGED']],
  [sample.joinDuplicate(late), open],
  [sample.withdraw(late), [...running, 'SUSPENDED', 'MERGED']],
  [sample.voidIncident(late), [...beforeHandling, 'FILED']],
  [sample.issueSupervision(late, { taskId: null }), open],
  [sample.fileAppeal(late), ['CLOSED']],
  [sample.flagReporter(late), [...LIFECYCLES]],
];

/** What says that a command does not fit where the case stands. */
const ofState: readonly RefusalCode[] = [
  ...(['INCIDENT_STATE', 'TASK_STATE', 'WHISTLE_STATE', 'TASK_NOT_FOUND', 'WHISTLE_NOT_FOUND'] as const),
  ...(['FEEDBACK_OUTSTANDING', 'EXTENSION_NOT_ASKED', 'WHISTLE_NEEDS_NO_APPROVAL'] as const),
  ...(['RETURN_AFTER_CHECK_IN', 'MERGE_TARGET_ENDED', 'NOT_THE_LEAD'] as const),
  ...(['FEEDBACK_NOT_RECORDED', 'REPORTER_WITHDREW'] as const),
];

test.each(Object.entries(states))('the sample case is %s', (name, history) => {
  expect(foldIncident(history).lifecycle).toBe(name);
});

describe.each(allowed.map(([command, where]) => ({ kind: command.kind, command, where })))(
  '$kind',
  ({ command, where }) => {
    test.each(Object.entries(states))('in %s', (name, history) => {
      const { events, refusal } = incidentDecider.decide(foldIncident(history), command);
      if (where.includes(name as Lifecycle)) expect(events).not.toHaveLength(0);
      else expect(ofState).toContain(refusal?.code);
    });

    test('of no incident', () => {
      given([]).when(command).thenRefused('INCIDENT_NOT_FOUND');
    });
  },
);

test('every command that needs an incident stands in the table, or says elsewhere where it is accepted', () => {
  const elsewhere: IncidentCommand['kind'][] = [
    ...([
      'ReportIncident',
      'ImportIncident',
      'MarkOverdue',
      'RescheduleDeadlines',
      'LeaveDuplicate',
    ] as const),
    ...(['RespondToSupervision', 'LiftSupervision', 'DecideAppeal', 'DecideReporterFlag'] as const),
    ...(['RevealReporter', 'ForgetReporter'] as const),
  ];
  const told = new Set([...allowed.map(([{ kind }]) => kind), ...elsewhere]);
  expect([...sample.commandKinds].filter((kind) => !told.has(kind))).toEqual([]);
});

test('an incident that has ended accepts nothing but the ways out it lists', () => {
  for (const ended of ['REJECTED', 'VOIDED'] as const) {
    const accepted = allowed.filter(
      ([command]) => incidentDecider.decide(foldIncident(states[ended]), command).events !== undefined,
    );
    expect(accepted.map(([{ kind }]) => kind)).toEqual(['FlagReporter']);
  }
});

test('the whole life, read off its events', () => {
  expect(lived(11).map(({ type }) => type)).toEqual([
    'IncidentReported',
    'IncidentFiled',
    'WhistleBlown',
    'TaskAcknowledged',
    'DepartmentCheckedIn',
    'TaskAcknowledged',
    'DepartmentCheckedIn',
    'TaskCompleted',
    'TaskCompleted',
    'HandlingCompleted',
    'CheckPassed',
    'FeedbackRecorded',
    'IncidentClosed',
  ]);
  expect(foldIncident(lived(11)).tasks[0]).toMatchObject({ taskId: taskIdOf(LEAD), state: 'DONE' });
});

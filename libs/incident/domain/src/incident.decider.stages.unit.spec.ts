import { givenOf, historyOf } from '@shaoying/testing';
import { foldIncident, type IncidentCommand, type IncidentEvent } from './index.js';
import * as sample from './testing/index.js';

// Staged handling: several HANDLING deadlines of one task, each for a stage of its own.

const { incidentDecider, at, days, LEAD, taskIdOf, deadline, assignment, report, file, blow, checkIn } =
  sample;
const { progress, complete, alarm, check, feedback } = sample;

const given = givenOf(incidentDecider);
const after = (...commands: IncidentCommand[]): IncidentEvent[] => historyOf(incidentDecider, commands);
const taskId = taskIdOf(LEAD);
const [surveyDue, repairDue] = [10 + days(1), 10 + days(3)];
const survey = {
  ...{ ...deadline('survey', 'HANDLING', 10), stage: 'SURVEY', dueAt: at(surveyDue) },
  steps: [{ step: 1, at: at(surveyDue), level: 'BLUE' as const, notify: [] }],
};
const repair = { ...deadline('repair', 'HANDLING', 10), stage: 'REPAIR' };
const tasks = [{ ...assignment(10, LEAD, 'LEAD'), deadlines: [survey, repair] }];
const working = [report(0), file(5), blow(10, { tasks }), checkIn(60)];
const stage = (minute: number, name: string) => progress(minute, LEAD, { stage: name });

test('a stage is done by its own time; the task goes on', () => {
  given(after(...working))
    .when(stage(surveyDue, 'SURVEY'))
    .then([
      {
        type: 'TaskStageCompleted',
        occurredAt: at(surveyDue),
        data: {
          ...{ taskId, departmentId: LEAD, stage: 'SURVEY', note: '正在疏通', evidence: [] },
          ...{ dueAt: at(surveyDue), late: false },
        },
      },
    ]);
  expect(foldIncident(after(...working, stage(100, 'SURVEY'))).tasks[0]).toMatchObject({
    ...{ state: 'WORKING', stagesDone: ['SURVEY'] },
  });
});

test('a stage done too late proves its own breach, and no other', () => {
  given(after(...working))
    .when(stage(surveyDue + 1, 'SURVEY'))
    .thenLike([
      { type: 'TaskOverdue', occurredAt: at(surveyDue), data: { deadlineId: 'survey:HANDLING' } },
      { type: 'TaskStageCompleted', data: { late: true } },
    ]);
});

test('a stage done lifts the order about it', () => {
  given(after(...working, alarm(surveyDue + 1, 'survey:HANDLING')))
    .when(stage(surveyDue + 10, 'SURVEY'))
    .thenLike([
      { type: 'TaskStageCompleted' },
      { type: 'SupervisionLifted', data: { supervisionId: 'survey:HANDLING-0', reason: 'MET' } },
    ]);
});

test('a stage done is not missed; the next one may be', () => {
  const done = after(...working, stage(100, 'SURVEY'));
  given(done)
    .when(alarm(days(30), 'survey:HANDLING'))
    .thenNothing();
  given(done)
    .when(alarm(repairDue + 1, 'repair:HANDLING'))
    .thenLike([{ type: 'TaskOverdue', occurredAt: at(repairDue) }, { type: 'SupervisionIssued' }]);
});

test('a stage nobody knows, or one that is done, is refused', () => {
  given(after(...working))
    .when(stage(100, 'PAINTING'))
    .thenRefused('STAGE_UNKNOWN');
  given(after(...working, stage(100, 'SURVEY')))
    .when(stage(110, 'SURVEY'))
    .thenRefused('STAGE_DONE');
});

test('the task is done in time by its last stage; a stage it skipped and missed is a breach', () => {
  given(after(...working))
    .when(complete(repairDue))
    .thenLike([
      { type: 'TaskOverdue', data: { deadlineId: 'survey:HANDLING' } },
      { type: 'TaskCompleted', data: { dueAt: at(repairDue), late: false } },
      { type: 'HandlingCompleted' },
    ]);
});

test('after a completion that was accepted a stage is not timed any more: it was not missed, and is not late', () => {
  const sentBack = [complete(100), check(110), feedback(120, { solved: 'UNSOLVED', reworks: [] })];
  given(after(...working, ...sentBack))
    .when(stage(surveyDue + 1, 'SURVEY'))
    .thenLike([{ type: 'TaskStageCompleted', data: { stage: 'SURVEY', dueAt: null, late: false } }]);
});

test('a word on the work says nothing of any stage', () => {
  given(after(...working))
    .when(progress(100))
    .then([
      {
        type: 'ProgressReported',
        occurredAt: at(100),
        data: { taskId, departmentId: LEAD, note: '正在疏通', evidence: [] },
      },
    ]);
});

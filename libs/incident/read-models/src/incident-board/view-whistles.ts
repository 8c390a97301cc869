import type { IncidentView, TaskView, WhistleView } from './incident-view.js';
import { opened, released, settle, summoned, withTask, withWhistle, type OneOf } from './view-changes.js';
import type { ViewEventOf } from './view-events.js';
import { dispatched } from './view-intake.js';

// Whistles, and what departments do about their tasks.

type WhistleEvent = OneOf<
  | 'WhistleProposed'
  | 'WhistleApproved'
  | 'WhistleRefused'
  | 'WhistleBlown'
  | 'WhistleRatified'
  | 'WhistleFlagged'
  | 'WhistleCancelled'
  | 'TaskEvaluated'
>;

export function afterWhistle(view: IncidentView, event: WhistleEvent, at: string): IncidentView {
  const { whistleId } = event.data;
  switch (event.type) {
    case 'WhistleProposed': {
      const { kind, reason, origin, proposingUnitId, summons } = event.data;
      const whistle: WhistleView = {
        ...{ whistleId, kind, reason, whistlingUnitId: proposingUnitId, state: 'PROPOSED' },
        ...{ cycle: view.cycle, origin, reverse: false, approval: 'AWAITED', approvingUnitId: null },
        ...{ proposedAt: at, summons, blownAt: null, flagged: null, endReason: null, endedAt: null },
        ...{ repeats: [], deadlines: [] },
      };
      return { ...view, whistles: [...view.whistles, whistle] };
    }
    case 'WhistleApproved':
      return withWhistle(view, whistleId, { approvingUnitId: event.data.approvingUnitId });
    case 'WhistleRefused': {
      const { refusingUnitId: approvingUnitId, reason: endReason } = event.data;
      const end = { approval: 'REFUSED', approvingUnitId, endReason, endedAt: at } as const;
      return withWhistle(view, whistleId, { state: 'REFUSED', ...end });
    }
    case 'WhistleBlown':
      return whistled(view, event);
    case 'WhistleRatified':
    case 'WhistleFlagged':
      return afterRatification(view, event, at);
    case 'WhistleCancelled':
      return cancelled(view, event);
    case 'TaskEvaluated': {
      const { evaluationId, taskId, evaluatingUnitId, score, comment } = event.data;
      const evaluation = { evaluationId, at, evaluatingUnitId, score, comment };
      const next = withTask(view, taskId, () => ({ evaluation }));
      const done = next.tasks.filter((task) => task.whistleId === whistleId && task.state === 'DONE');
      const whole = done.every((task) => task.evaluation !== null);
      const completed = next.whistles.some(
        (whistle) => whistle.whistleId === whistleId && whistle.state === 'COMPLETED',
      );
      return whole && completed ? withWhistle(next, whistleId, { state: 'EVALUATED' }) : next;
    }
  }
}

function whistled(view: IncidentView, event: ViewEventOf<'WhistleBlown'>): IncidentView {
  const { whistleId, kind, reason, whistlingUnitId, origin, reverse, approval } = event.data;
  const { repeats, tasks, deadlines } = event.data;
  const at = event.occurredAt;
  const proposal = view.whistles.find((whistle) => whistle.whistleId === whistleId);
  const whistle: WhistleView = {
    ...{ whistleId, kind, reason, whistlingUnitId, state: 'BLOWN', cycle: view.cycle, origin, reverse },
    ...{ approval, approvingUnitId: proposal?.approvingUnitId ?? null, summons: [], blownAt: at },
    ...{ proposedAt: proposal?.proposedAt ?? null, flagged: null, endReason: null, endedAt: null },
    ...{ repeats, deadlines: deadlines.map(opened) },
  };
  const whistles = [...view.whistles.filter((known) => known !== proposal), whistle];
  const handled = dispatched({ ...view, mode: 'WHISTLE', whistles }, at, view.level);
  return tasks.reduce((next, task) => summoned(next, task, whistleId, at), handled);
}

function afterRatification(
  view: IncidentView,
  event: OneOf<'WhistleRatified' | 'WhistleFlagged'>,
  at: string,
): IncidentView {
  const { whistleId } = event.data;
  const known = view.whistles.find((whistle) => whistle.whistleId === whistleId)?.deadlines ?? [];
  const decided = settle(known, ['RATIFICATION'], at);
  if (event.type === 'WhistleRatified') {
    const { ratifyingUnitId: approvingUnitId } = event.data;
    return withWhistle(view, whistleId, { approval: 'RATIFIED', approvingUnitId, deadlines: decided });
  }
  const { reason: flagged } = event.data;
  // Flagged for being late, it may be ratified still.
  if (flagged === 'NOT_RATIFIED') return withWhistle(view, whistleId, { flagged });
  return withWhistle(view, whistleId, { flagged, approval: 'REFUSED', deadlines: decided });
}

function cancelled(view: IncidentView, event: ViewEventOf<'WhistleCancelled'>): IncidentView {
  const { whistleId, reason, taskIds } = event.data;
  const at = event.occurredAt;
  const ended = withWhistle(view, whistleId, { state: 'CANCELLED', endReason: reason, endedAt: at });
  const next = released(ended, taskIds, at, { reasonCode: 'WHISTLE_CANCELLED', reason, counted: false });
  // A proposal that is taken back ends nobody's work.
  const goesOn =
    next.mode === 'SELF' ||
    next.whistles.some(({ cycle, state }) => cycle === next.cycle && state === 'BLOWN');
  return next.state !== 'HANDLING' || goesOn ? next : { ...next, state: 'FILED', mode: null };
}

type ActEvent = OneOf<
  | 'TaskAcknowledged'
  | 'DepartmentCheckedIn'
  | 'ReporterContacted'
  | 'ProgressReported'
  | 'TaskStageCompleted'
  | 'TaskUrged'
  | 'WorkBooked'
  | 'TaskCompleted'
>;

export function afterAct(task: TaskView, event: ActEvent, at: string): Partial<TaskView> {
  const { deadlines } = task;
  switch (event.type) {
    case 'TaskAcknowledged':
      return {
        ...{ state: 'ACKNOWLEDGED', acknowledgedAt: at, acknowledgedLate: event.data.late },
        deadlines: settle(deadlines, ['ACKNOWLEDGE'], at),
      };
    case 'DepartmentCheckedIn':
      return {
        ...{ state: 'CHECKED_IN', checkedInAt: at, checkedInLate: event.data.late },
        ...{ checkInDisputed: event.data.disputed, deadlines: settle(deadlines, ['CHECK_IN'], at) },
      };
    case 'ReporterContacted':
      if (!event.data.reached) return {};
      return {
        ...{ contactedAt: at, contactedLate: event.data.late },
        deadlines: settle(deadlines, ['CONTACT'], at),
      };
    case 'ProgressReported': {
      const count = (task.progress?.count ?? 0) + 1;
      return { state: 'WORKING', progress: { count, lastAt: at, lastNote: event.data.note } };
    }
    case 'TaskStageCompleted': {
      const { stage, late } = event.data;
      const stagesDone = [...task.stagesDone, { stage, at, late }];
      return { state: 'WORKING', stagesDone, deadlines: settle(deadlines, ['HANDLING'], at, stage) };
    }
    case 'TaskUrged':
      return { urged: { count: (task.urged?.count ?? 0) + 1, lastAt: at } };
    case 'WorkBooked':
      return { workedMinutes: task.workedMinutes + event.data.workedMinutes };
    case 'TaskCompleted':
      return {
        ...{ state: 'DONE', completedAt: at, completedLate: event.data.late, reworking: false },
        deadlines: settle(deadlines, ['HANDLING', 'REWORK'], at),
      };
  }
}

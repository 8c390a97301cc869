import {
  isRunningForTask,
  openExtensionOf,
  openTasks,
  taskOf,
  type AnyDeadline,
  type IncidentState,
  type Task,
} from '@shaoying/incident-domain';
import {
  AcknowledgeTaskCommand,
  CheckInCommand,
  CompleteTaskCommand,
  RecordContactCommand,
  ReportProgressCommand,
  RequestExtensionCommand,
  RequestReturnCommand,
  RespondToSupervisionCommand,
  type CommandOutcome,
} from '../../index.js';
import type { DistrictYear } from './district-year.js';

/**
 * PROMPT: always in time. MIXED: mostly. SLOW: in time or not, as it comes. RETURNS: slow, and rather gives it back.
 * SILENT: never answers anything.
 */
export type Habit = 'PROMPT' | 'MIXED' | 'SLOW' | 'RETURNS' | 'SILENT';

export const HABITS: Readonly<Record<string, Habit>> = {
  'dp-water': 'PROMPT',
  'dp-gas': 'PROMPT',
  'dp-fire': 'MIXED',
  'dp-urban-management': 'MIXED',
  'dp-housing': 'SLOW',
  'dp-ecology': 'SLOW',
  'dp-market-supervision': 'RETURNS',
  'dp-transport': 'SILENT',
};

export const departmentsOf = (...habits: readonly Habit[]): string[] =>
  Object.keys(HABITS).filter((departmentId) => habits.includes(habitOf({ departmentId })));

const hourMs = 3_600_000;
const OWED: readonly AnyDeadline['timer'][] = ['ACKNOWLEDGE', 'CONTACT', 'CHECK_IN', 'HANDLING', 'REWORK'];
const AT_WORK: readonly Task['state'][] = ['CHECKED_IN', 'WORKING'];
const ANSWERING: readonly Task['state'][] = ['NOTIFIED', 'ACKNOWLEDGED', ...AT_WORK];

export const habitOf = ({ departmentId }: { readonly departmentId: string }): Habit =>
  HABITS[departmentId] ?? 'SLOW';

/** Every department does the next thing with each of its tasks, when its habit lets it. */
export function departments(year: DistrictYear, state: IncidentState): void {
  answerOrders(year, state);
  if (state.lifecycle !== 'HANDLING') return;
  for (const task of openTasks(state)) {
    if (habitOf(task) === 'SILENT' || !ANSWERING.includes(task.state)) continue;
    const { taskId } = task;
    year.intend(state.incidentId, `task ${taskId}`, delayMs(year, state, task), (current) => {
      const known = taskOf(current, taskId);
      const able = current.lifecycle === 'HANDLING' && known && ANSWERING.includes(known.state);
      return able ? nextStep(year, current, known) : null;
    });
  }
}

/** What is owed next, soonest first. */
const owed = (state: IncidentState, task: Task): AnyDeadline[] =>
  task.deadlines
    .filter((deadline) => OWED.includes(deadline.timer) && isRunningForTask(state, task, deadline))
    .toSorted((a, b) => Date.parse(a.dueAt) - Date.parse(b.dueAt));

function delayMs({ dice, nowMs }: DistrictYear, state: IncidentState, task: Task): number {
  const dueMs = Date.parse(owed(state, task)[0]?.dueAt ?? new Date(nowMs + 24 * hourMs).toISOString());
  const leftMs = Math.max(0, dueMs - nowMs);
  const habit = habitOf(task);
  if (habit === 'PROMPT' || (habit === 'MIXED' && dice.chance(0.92))) return leftMs * dice.between(0.05, 0.8);
  if (habit === 'MIXED') return leftMs * dice.between(0.9, 1.4) + hourMs;
  return Math.min(leftMs * dice.between(0.2, 1.9) + dice.between(0, 3) * hourMs, 25 * 24 * hourMs);
}

function nextStep(year: DistrictYear, state: IncidentState, task: Task): Promise<CommandOutcome> {
  const { handlers, dice } = year;
  const { taskId, departmentId } = task;
  const { incidentId } = state;
  const context = year.as('department', departmentId);
  if (givesBack(year, task)) return giveBack(year, state, task);
  if (task.state === 'NOTIFIED' && dice.chance(0.6))
    return handlers.acknowledge.execute(new AcknowledgeTaskCommand(context, incidentId, taskId));
  const next = owed(state, task).find(({ timer }) => timer === 'CONTACT' || timer === 'CHECK_IN')?.timer;
  if (next === 'CONTACT') {
    const request = { reached: habitOf(task) === 'PROMPT' || dice.chance(0.8), note: null };
    return handlers.contact.execute(new RecordContactCommand(context, incidentId, taskId, request));
  }
  if (!AT_WORK.includes(task.state)) {
    const request = { occurredAt: null, location: null, note: null, evidence: [] };
    return handlers.checkIn.execute(new CheckInCommand(context, incidentId, taskId, request));
  }
  if (asksForTime(year, state, task)) {
    const request = { amount: 2, unit: 'WORKING_DAY', reason: '需要协调施工' } as const;
    return handlers.requestExtension.execute(
      new RequestExtensionCommand(context, incidentId, taskId, request),
    );
  }
  return work(year, state, task);
}

function work(year: DistrictYear, state: IncidentState, task: Task): Promise<CommandOutcome> {
  const { incidentId } = state;
  const { taskId, departmentId } = task;
  const context = year.as('department', departmentId);
  const handled = { note: '已处理', evidence: [] };
  const stages = owed(state, task).filter(({ timer, stage }) => timer === 'HANDLING' && stage !== null);
  const stage = stages[0]?.stage ?? null;
  if (stage === null || stages.length === 1)
    return year.handlers.complete.execute(new CompleteTaskCommand(context, incidentId, taskId, handled));
  return year.handlers.progress.execute(
    new ReportProgressCommand(context, incidentId, taskId, { note: '阶段完成', stage, evidence: [] }),
  );
}

function givesBack({ dice, nowMs }: DistrictYear, task: Task): boolean {
  const window = task.deadlines.find(({ timer }) => timer === 'RETURN_WINDOW');
  if (task.checkedIn || task.final || AT_WORK.includes(task.state)) return false;
  if (window === undefined || nowMs > Date.parse(window.dueAt)) return false;
  const habit = habitOf(task);
  return habit === 'RETURNS' ? dice.chance(0.6) : habit === 'SLOW' && dice.chance(0.06);
}

function giveBack(year: DistrictYear, { incidentId }: IncidentState, task: Task): Promise<CommandOutcome> {
  const others = Object.keys(HABITS).filter((id) => id !== task.departmentId);
  return year.handlers.requestReturn.execute(
    new RequestReturnCommand(year.as('department', task.departmentId), incidentId, task.taskId, {
      ...{ reasonCode: 'NOT_OUR_FUNCTION', basis: '三定方案第四条', suggestedUnitId: year.dice.pick(others) },
    }),
  );
}

/** A lead asks for more time, while it has some. */
function asksForTime({ dice, nowMs }: DistrictYear, state: IncidentState, task: Task): boolean {
  const handling = task.deadlines.findLast(({ timer }) => timer === 'HANDLING');
  if (task.role !== 'LEAD' || task.accepted || habitOf(task) === 'PROMPT') return false;
  if (handling === undefined || nowMs >= Date.parse(handling.dueAt)) return false;
  const { taskId } = task;
  const granted = state.extensions.filter((known) => known.taskId === taskId && known.outcome === 'GRANTED');
  if (openExtensionOf(state, taskId) !== undefined || granted.length >= 2) return false;
  return dice.chance(0.25);
}

/** Orders are answered by whoever answers anything. */
function answerOrders(year: DistrictYear, state: IncidentState): void {
  for (const { supervisionId, taskId, lifted, responded } of state.supervisions) {
    if (lifted || responded) continue;
    const task = taskId === null ? undefined : taskOf(state, taskId);
    if (task && habitOf(task) === 'SILENT') continue;
    const unit = task?.departmentId ?? state.place.streetId;
    const role = task ? 'department' : 'street-office';
    const afterMs = year.dice.between(0.5, 40) * hourMs;
    year.intendOnce(state.incidentId, `answer ${supervisionId}`, afterMs, (current) => {
      const order = current.supervisions.find((known) => known.supervisionId === supervisionId);
      if (order === undefined || order.lifted || order.responded) return null;
      return year.handlers.respond.execute(
        new RespondToSupervisionCommand(year.as(role, unit), current.incidentId, {
          ...{ supervisionId, response: '已派员' },
        }),
      );
    });
  }
}

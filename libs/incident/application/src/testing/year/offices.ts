import {
  openExtensionOf,
  openTasks,
  openWhistles,
  taskOf,
  whistleOf,
  type IncidentState,
  type Task,
  type WhistleKind,
} from '@shaoying/incident-domain';
import * as application from '../../index.js';
import type { CommandOutcome } from '../../index.js';
import { departmentsOf, habitOf, HABITS } from './departments.js';
import type { DistrictYear } from './district-year.js';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

type Doing = Promise<CommandOutcome> | null;

const street = (year: DistrictYear, { place }: IncidentState) => year.as('street-office', place.streetId);
const community = (year: DistrictYear, { place }: IncidentState) => year.as('community', place.communityId);
const centre = (year: DistrictYear) => year.as('supervision-centre', null);

/** Verifies and files, or rejects, or finds that it was an error; a few reporters take it back meanwhile. */
export function intake(year: DistrictYear, state: IncidentState): void {
  if (state.lifecycle !== 'REPORTED' && state.lifecycle !== 'VERIFYING') return;
  const { dice, handlers } = year;
  const hours = dice.chance(0.85) ? dice.between(0.05, 1.8) : dice.between(2, 60);
  year.intend(state.incidentId, 'intake', hours * hourMs, (current): Doing => {
    const { incidentId, lifecycle } = current;
    if (lifecycle !== 'REPORTED' && lifecycle !== 'VERIFYING') return null;
    const [context, luck] = [street(year, current), dice.next()];
    if (luck < 0.03) {
      const reason = { reasonCode: 'TOO_VAGUE', reason: '无法核实', notice: '请补充信息' } as const;
      return handlers.reject.execute(new application.RejectIncidentCommand(context, incidentId, reason));
    }
    if (luck < 0.04)
      return handlers.voidIt.execute(
        new application.VoidIncidentCommand(context, incidentId, { reason: '误报' }),
      );
    if (luck < 0.06) return withdraw(year, current);
    if (luck < 0.5 && lifecycle === 'REPORTED') {
      const found = { note: '属实', evidence: [] };
      return handlers.verify.execute(new application.VerifyIncidentCommand(context, incidentId, found));
    }
    return handlers.file.execute(new application.FileIncidentCommand(context, incidentId));
  });
}

function withdraw(year: DistrictYear, { incidentId }: IncidentState): Doing {
  const receiptCode = year.receipts.get(incidentId) ?? null;
  return year.handlers.withdraw.execute(
    new application.WithdrawIncidentCommand(year.as('resident', null), incidentId, {
      reason: null,
      receiptCode,
    }),
  );
}

/** Street office and community: whoever gives the matter to somebody, and handles what can be handled there. */
export function dispatch(year: DistrictYear, state: IncidentState): void {
  const { dice } = year;
  for (const whistle of state.whistles) {
    if (whistle.state === 'PROPOSED') decideProposal(year, state, whistle.whistleId);
    if (whistle.toBeRatified) ratify(year, state, whistle.whistleId);
  }
  const proposed = state.whistles.some((whistle) => whistle.state === 'PROPOSED');
  if (state.lifecycle === 'FILED' && !proposed) {
    const urgent = year.office.directory.category(state.category)?.urgency === 'IMMEDIATE';
    const hours = urgent
      ? dice.between(0.02, 0.2)
      : dice.chance(0.85)
        ? dice.between(0.05, 0.95)
        : dice.between(1, 30);
    year.intend(state.incidentId, 'dispatch', hours * hourMs, (current) => {
      const waits = current.whistles.some((whistle) => whistle.state === 'PROPOSED');
      return current.lifecycle === 'FILED' && !waits ? give(year, current, urgent) : null;
    });
  }
  if (state.lifecycle !== 'HANDLING' || state.mode !== 'SELF') return;
  if (state.reporterKnown && !state.contacted) contactReporter(year, state);
  year.intend(state.incidentId, 'self-handling', dice.between(0.5, 60) * hourMs, (current): Doing => {
    if (current.lifecycle !== 'HANDLING' || current.mode !== 'SELF') return null;
    const { incidentId } = current;
    if (current.escalatedTo === null && dice.chance(0.08)) {
      const up = { to: 'SUBDISTRICT', reason: '超出社区能力' } as const;
      return year.handlers.escalate.execute(
        new application.EscalateLevelCommand(community(year, current), incidentId, up),
      );
    }
    const done = { note: '已处理', evidence: [] };
    return year.handlers.completeSelfHandling.execute(
      new application.CompleteSelfHandlingCommand(community(year, current), incidentId, done),
    );
  });
}

/** In time mostly, too late now and then; nobody may answer, and then it is tried again. */
function contactReporter(year: DistrictYear, { incidentId }: IncidentState): void {
  const { dice } = year;
  const hours = dice.chance(0.75) ? dice.between(0.2, 20) : dice.between(20, 80);
  year.intend(incidentId, 'self-handler contact', hours * hourMs, (current): Doing => {
    if (current.lifecycle !== 'HANDLING' || current.mode !== 'SELF' || current.contacted) return null;
    return year.handlers.selfHandlerContact.execute(
      new application.RecordSelfHandlerContactCommand(community(year, current), incidentId, {
        ...{ reached: dice.chance(0.85), note: null },
      }),
    );
  });
}

function give(year: DistrictYear, state: IncidentState, urgent: boolean): Doing {
  const { dice, handlers } = year;
  const { incidentId } = state;
  const luck = dice.next();
  const merged = luck < 0.04 ? mergeIntoAnother(year, state) : null;
  if (merged !== null) return merged;
  if (luck < 0.07) return suspend(year, state);
  if (luck < 0.3 && !urgent && state.escalatedTo === null) {
    const request = { level: null, parties: ['PROPERTY_COMPANY'], note: null } as const;
    return handlers.startSelfHandling.execute(
      new application.StartSelfHandlingCommand(community(year, state), incidentId, request),
    );
  }
  const kind = urgent || dice.chance(0.04) ? 'EMERGENCY' : dice.pick(KINDS);
  const responsible = year.office.directory.responsible(state.category, [state.place.estateId ?? '']);
  const lead = dice.chance(0.25) ? dice.pick(Object.keys(HABITS)) : (responsible?.departmentId ?? 'dp-fire');
  const others = Object.keys(HABITS).filter((id) => id !== lead);
  const assists = dice.chance(0.35) ? [dice.pick(others)] : [];
  // Whoever is on the spot at night is of the grid.
  const [role, unit] =
    kind === 'EMERGENCY' && state.place.gridId !== null
      ? ['grid-worker', state.place.gridId]
      : dice.chance(0.3)
        ? ['community', state.place.communityId]
        : ['street-office', state.place.streetId];
  const request = { ...{ kind, lead, assists }, reason: '社区无此能力' };
  return handlers.blowWhistle.execute(
    new application.BlowWhistleCommand(year.as(role, unit), incidentId, request),
  );
}

const KINDS: readonly WhistleKind[] = ['PUBLIC_DEMAND', 'PUBLIC_DEMAND', 'KEY_WORK', 'JOINT_ENFORCEMENT'];

function decideProposal(year: DistrictYear, state: IncidentState, whistleId: string): void {
  const approve = year.dice.chance(0.93);
  year.intendOnce(state.incidentId, `approve ${whistleId}`, year.dice.between(0.1, 9) * hourMs, (current) => {
    if (whistleOf(current, whistleId)?.state !== 'PROPOSED') return null;
    if (current.lifecycle !== 'FILED' && current.lifecycle !== 'HANDLING') return null;
    const request = { approve, note: approve ? null : '可由社区处理' };
    return year.handlers.approveWhistle.execute(
      new application.ApproveWhistleCommand(street(year, current), current.incidentId, whistleId, request),
    );
  });
}

/** In time mostly, late now and then, sometimes never. */
function ratify(year: DistrictYear, state: IncidentState, whistleId: string): void {
  const hours = year.dice.chance(0.85) ? year.dice.between(0.2, 23) : year.dice.between(24, 200);
  year.intendOnce(state.incidentId, `ratify ${whistleId}`, hours * hourMs, (current) => {
    const whistle = whistleOf(current, whistleId);
    if (whistle?.toBeRatified !== true || year.dice.chance(0.1)) return null;
    const request = { approve: year.dice.chance(0.95), note: null };
    return year.handlers.approveWhistle.execute(
      new application.ApproveWhistleCommand(street(year, current), current.incidentId, whistleId, request),
    );
  });
}

function suspend(year: DistrictYear, state: IncidentState): Doing {
  const reviewAt = new Date(year.nowMs + Math.round(year.dice.between(5, 40) * dayMs)).toISOString();
  const request = { reasonCode: 'NEEDS_FUNDS', reason: '待资金落实', reviewAt } as const;
  return year.handlers.suspend.execute(
    new application.SuspendIncidentCommand(centre(year), state.incidentId, request),
  );
}

const GOING_ON: readonly IncidentState['lifecycle'][] = ['REPORTED', 'FILED', 'HANDLING'];

/** Into a recent one of the same street; what its departments have in hand goes on there where it can. */
function mergeIntoAnother(year: DistrictYear, state: IncidentState): Doing {
  const { incidentId, place, duplicates } = state;
  const into = year.incidentIds
    .slice(-60)
    .map((id) => year.stateOf(id))
    .find(
      (other) =>
        other.incidentId !== incidentId &&
        other.place.streetId === place.streetId &&
        GOING_ON.includes(other.lifecycle),
    );
  if (into === undefined || duplicates.length > 0) return null;
  const own = openTasks(state).map(({ departmentId }) => departmentId);
  const keepDepartments = openWhistles(into).length > 0 ? own.slice(0, 1) : [];
  const request = { into: into.incidentId, reason: '同一处', keepDepartments };
  const merged = year.handlers.merge.execute(
    new application.MergeIncidentCommand(street(year, state), incidentId, request),
  );
  // It wrote to the other stream too, also where it was refused in the end.
  return merged.finally(() => year.tellOf(into.incidentId));
}

/** What stands still is taken up again: on time, late, or after another while. */
export function standing(year: DistrictYear, state: IncidentState): void {
  const { dice } = year;
  if (state.lifecycle === 'MERGED')
    year.intendOnce(state.incidentId, 'unmerge', dice.between(2, 100) * hourMs, (current): Doing => {
      const into = current.mergedInto;
      if (current.lifecycle !== 'MERGED' || into === null || dice.chance(0.75)) return null;
      const request = { reason: '并非同一事项' };
      return year.handlers.unmerge
        .execute(new application.UnmergeIncidentCommand(street(year, current), current.incidentId, request))
        .finally(() => year.tellOf(into));
    });
  if (state.lifecycle !== 'SUSPENDED') return;
  const review = state.deadlines.find(({ timer }) => timer === 'SUSPENSION_REVIEW');
  const leftMs = Math.max(0, Date.parse(review?.dueAt ?? year.now) - year.nowMs);
  const afterMs = dice.chance(0.8) ? leftMs * dice.between(0.2, 1) : leftMs + dice.between(1, 90) * hourMs;
  year.intend(state.incidentId, 'resume', afterMs, (current) => {
    if (current.lifecycle !== 'SUSPENDED') return null;
    const renewUntil = dice.chance(0.15) ? new Date(year.nowMs + 20 * dayMs).toISOString() : null;
    const request = { reason: '条件具备', renewUntil };
    return year.handlers.resume.execute(
      new application.ResumeIncidentCommand(centre(year), current.incidentId, request),
    );
  });
}

/** What the street decides about whistles that are under way. */
export function whistling(year: DistrictYear, state: IncidentState): void {
  if (state.lifecycle !== 'HANDLING' || state.mode !== 'WHISTLE') return;
  const { dice } = year;
  const { incidentId, cycle } = state;
  for (const task of openTasks(state)) {
    if (task.state === 'RETURN_REQUESTED') decideReturn(year, state, task.taskId);
    if (task.state === 'IN_ARBITRATION') arbitrate(year, state, task.taskId);
    if (openExtensionOf(state, task.taskId)) decideExtension(year, state, task.taskId);
    if (habitOf(task) === 'SILENT') loseHope(year, state, task);
  }
  year.intendOnce(incidentId, `whim ${cycle}`, dice.between(1, 120) * hourMs, (current): Doing => {
    const luck = dice.next();
    if (current.lifecycle !== 'HANDLING' || current.mode !== 'WHISTLE') return null;
    if (luck < 0.05) return suspend(year, current);
    if (luck < 0.07) return mergeIntoAnother(year, current);
    if (luck < 0.08) return withdraw(year, current);
    const task = openTasks(current).find((known) => known.state !== 'RETURN_REQUESTED');
    const whistle = openWhistles(current)[0];
    if (task === undefined || whistle === undefined) return null;
    return luck < 0.2 ? press(year, current, task, whistle.whistleId, luck) : null;
  });
}

function press(year: DistrictYear, state: IncidentState, task: Task, whistleId: string, luck: number): Doing {
  const { handlers } = year;
  const { incidentId } = state;
  if (luck < 0.1) {
    const request = { departmentId: year.dice.pick(Object.keys(HABITS)), reason: '需其协助' };
    return handlers.addDepartment.execute(
      new application.AddDepartmentCommand(street(year, state), incidentId, whistleId, request),
    );
  }
  if (luck < 0.11)
    return handlers.cancelWhistle.execute(
      new application.CancelWhistleCommand(street(year, state), incidentId, whistleId, { reason: '误吹' }),
    );
  if (luck < 0.15) {
    const request = { taskId: task.taskId, level: 'BLUE', notify: null, reason: '久拖未决' } as const;
    return handlers.supervise.execute(
      new application.IssueSupervisionCommand(centre(year), incidentId, request),
    );
  }
  return handlers.urge.execute(
    new application.UrgeTaskCommand(street(year, state), incidentId, task.taskId, { note: null }),
  );
}

const canTake = (state: IncidentState, departmentId: string): boolean =>
  !state.returns.some((known) => known.departmentId === departmentId) &&
  !openTasks(state).some((known) => known.departmentId === departmentId);

function decideReturn(year: DistrictYear, state: IncidentState, taskId: string): void {
  year.intend(state.incidentId, `return ${taskId}`, year.dice.between(0.3, 30) * hourMs, (current): Doing => {
    const task = taskOf(current, taskId);
    if (current.lifecycle !== 'HANDLING' || task?.state !== 'RETURN_REQUESTED') return null;
    const context = street(year, current);
    const { incidentId } = current;
    if (year.dice.chance(0.08))
      return year.handlers.openArbitration.execute(
        new application.OpenArbitrationCommand(context, incidentId, taskId, {}),
      );
    const takers = Object.keys(HABITS).filter((id) => canTake(current, id));
    const accept = takers.length > 0 && year.dice.chance(0.6);
    const request = accept
      ? { accept, reason: null, newUnitId: year.dice.pick(takers) }
      : { accept, reason: '属其职责', newUnitId: null };
    return year.handlers.decideReturn.execute(
      new application.DecideReturnCommand(context, incidentId, taskId, request),
    );
  });
}

function arbitrate(year: DistrictYear, state: IncidentState, taskId: string): void {
  year.intend(
    state.incidentId,
    `arbitrate ${taskId}`,
    year.dice.between(1, 60) * hourMs,
    (current): Doing => {
      const task = taskOf(current, taskId);
      if (current.lifecycle !== 'HANDLING' || task?.state !== 'IN_ARBITRATION') return null;
      const takers = Object.keys(HABITS).filter((id) => canTake(current, id));
      const responsibleUnitId = year.dice.pick([task.departmentId, ...takers]);
      const request = { responsibleUnitId, rule: 'STATUTORY_FUNCTION', reason: '依三定方案' } as const;
      return year.handlers.arbitrate.execute(
        new application.ArbitrateCommand(
          year.as('arbitrator', 'di-qinghe'),
          current.incidentId,
          taskId,
          request,
        ),
      );
    },
  );
}

function decideExtension(year: DistrictYear, state: IncidentState, taskId: string): void {
  year.intend(
    state.incidentId,
    `extension ${taskId}`,
    year.dice.between(0.5, 50) * hourMs,
    (current): Doing => {
      const extension = openExtensionOf(current, taskId);
      if (current.lifecycle !== 'HANDLING' || extension === undefined) return null;
      const context = extension.ordinal === 1 ? street(year, current) : centre(year);
      const grant = year.dice.chance(0.75);
      return year.handlers.decideExtension.execute(
        new application.DecideExtensionCommand(context, current.incidentId, taskId, {
          ...{ grant, reason: grant ? null : '理由不足' },
        }),
      );
    },
  );
}

/** Whoever never answers is done without in the end, mostly. */
function loseHope(year: DistrictYear, state: IncidentState, { taskId }: Task): void {
  year.intendOnce(
    state.incidentId,
    `without ${taskId}`,
    year.dice.between(1, 20) * dayMs,
    (current): Doing => {
      const task = taskOf(current, taskId);
      const open = openTasks(current).some((known) => known.taskId === taskId);
      if (current.lifecycle !== 'HANDLING' || task === undefined || !open || year.dice.chance(0.2))
        return null;
      const [context, { incidentId }] = [street(year, current), current];
      if (task.role === 'ASSIST') {
        const request = { reasonCode: 'HOLDS_UP', reason: '始终未报到' } as const;
        return year.handlers.release.execute(
          new application.ReleaseTaskCommand(context, incidentId, taskId, request),
        );
      }
      const departmentId = departmentsOf('PROMPT', 'MIXED').find((id) => canTake(current, id));
      if (departmentId === undefined) return null;
      const request = { departmentId, reason: '原主办未到', formerLead: 'RELEASED' } as const;
      return year.handlers.changeLead.execute(
        new application.ChangeLeadCommand(context, incidentId, task.whistleId, request),
      );
    },
  );
}

/** Checks, calls back, closes; and afterwards evaluates, contests, opens again. */
export function closing(year: DistrictYear, state: IncidentState): void {
  const { dice } = year;
  const { incidentId, cycle, rework } = state;
  const round = `${cycle}.${rework}`;
  if (state.lifecycle === 'CHECKING')
    year.intend(
      incidentId,
      'check',
      dice.chance(0.85) ? dice.between(0.5, 9) * hourMs : dice.between(1, 4) * dayMs,
      (current) => {
        if (current.lifecycle !== 'CHECKING') return null;
        // Whoever is always in time does it well too: what a check sends back may be late by then.
        const well = current.tasks.some((task) => task.state === 'DONE' && habitOf(task) === 'PROMPT');
        const result = well || dice.chance(0.84) ? 'PASS' : 'FAIL';
        const request = { result, note: '现场核查', evidence: [] } as const;
        return year.handlers.check.execute(
          new application.CheckHandlingCommand(centre(year), current.incidentId, request),
        );
      },
    );
  if (state.lifecycle === 'FEEDBACK' && !state.feedbackRecorded)
    year.intendOnce(incidentId, `feedback ${round}`, dice.between(0.1, 4) * dayMs, (current) => {
      if (current.lifecycle !== 'FEEDBACK' || current.feedbackRecorded || dice.chance(0.2)) return null;
      return rate(year, current);
    });
  if (state.lifecycle === 'FEEDBACK' && state.feedbackRecorded)
    year.intendOnce(incidentId, `close ${round}`, dice.between(0.02, 2) * dayMs, (current) => {
      if (current.lifecycle !== 'FEEDBACK' || dice.chance(0.1)) return null;
      return year.handlers.close.execute(new application.CloseIncidentCommand(centre(year), incidentId));
    });
  if (state.lifecycle === 'CLOSED') afterwards(year, state);
}

function rate(year: DistrictYear, { incidentId }: IncidentState): Doing {
  const { dice } = year;
  const byReporter = dice.chance(0.2);
  const solved = dice.chance(0.1) ? 'UNSOLVED' : dice.chance(0.1) ? 'PARTLY' : 'SOLVED';
  const satisfaction = solved === 'SOLVED' ? 'SATISFIED' : 'DISSATISFIED';
  const receiptCode = byReporter ? (year.receipts.get(incidentId) ?? null) : null;
  const context = byReporter ? year.as('resident', null) : year.as('callback', null);
  return year.handlers.feedback.execute(
    new application.RecordFeedbackCommand(context, incidentId, {
      ...{ solved, satisfaction, comment: null, receiptCode },
    }),
  );
}

function afterwards(year: DistrictYear, { incidentId, cycle, tasks }: IncidentState): void {
  const { dice, handlers } = year;
  year.intendOnce(incidentId, `reopen ${cycle}`, dice.between(0.5, 29) * dayMs, (current) => {
    if (current.lifecycle !== 'CLOSED' || dice.chance(0.94)) return null;
    const byReporter = dice.chance(0.5);
    const receiptCode = byReporter ? (year.receipts.get(incidentId) ?? null) : null;
    const context = byReporter ? year.as('resident', null) : street(year, current);
    return handlers.reopen.execute(
      new application.ReopenIncidentCommand(context, incidentId, { reason: '问题复发', receiptCode }),
    );
  });
  const done = tasks.find((task) => task.cycle === cycle && task.state === 'DONE');
  if (done === undefined) return;
  const { taskId, whistleId, departmentId } = done;
  year.intendOnce(incidentId, `evaluate ${cycle}`, dice.between(0.5, 10) * dayMs, (current) => {
    const [known, whistle] = [taskOf(current, taskId), whistleOf(current, whistleId)];
    if (known?.evaluated !== false || known.state !== 'DONE' || dice.chance(0.6)) return null;
    if (whistle?.state !== 'COMPLETED' && whistle?.state !== 'EVALUATED') return null;
    const request = { taskId, score: 1 + Math.floor(dice.next() * 5), comment: null };
    return handlers.evaluate.execute(
      new application.EvaluateTaskCommand(street(year, current), incidentId, whistleId, request),
    );
  });
  year.intendOnce(incidentId, `appeal ${cycle}`, dice.between(0.5, 9) * dayMs, (current) => {
    if (current.lifecycle !== 'CLOSED' || dice.chance(0.95)) return null;
    const request = { item: 'FEEDBACK', itemId: null, reason: '已尽责', evidence: [] } as const;
    return handlers.appeal.execute(
      new application.FileAppealCommand(year.as('department', departmentId), incidentId, request),
    );
  });
}

import type { TaskAssignment } from '@shaoying/incident-domain';
import type { IncidentEntry } from './incident-rows.js';

/** A department that an event gives a part in the incident; `task` where it gives it a task. */
export interface Summoned {
  readonly departmentId: string;
  readonly task: TaskAssignment | null;
}

const given = (task: TaskAssignment | null): Summoned[] =>
  task === null ? [] : [{ departmentId: task.departmentId, task }];

/** Whom an event summons: by a whistle, in place of another, or as the successor of one. */
export function summonedBy(entry: IncidentEntry): Summoned[] {
  switch (entry.type) {
    case 'WhistleBlown':
      return entry.data.tasks.flatMap(given);
    case 'DepartmentAdded':
      return given(entry.data.task);
    case 'ReturnAccepted':
    case 'ResponsibilityDecided':
    case 'LeadChanged':
      return given(entry.data.newTask);
    case 'TaskTransferred':
      return [{ departmentId: entry.data.toDepartmentId, task: null }];
    default:
      return [];
  }
}

import type { IncidentEvent } from '../incident.events.js';
import type { Task } from '../incident.state.js';

/** Whoever is in the whistle already leads from here on, in place of one that has given its task away. */
export function leadPassedTo(from: Task, to: Task, reason: string, occurredAt: string): IncidentEvent {
  return {
    type: 'LeadChanged',
    occurredAt,
    data: {
      ...{ whistleId: from.whistleId, fromTaskId: from.taskId, fromDepartmentId: from.departmentId },
      ...{ toTaskId: to.taskId, toDepartmentId: to.departmentId, newTask: null, formerLead: 'RELEASED' },
      ...{ reason, lostTime: [] },
    },
  };
}

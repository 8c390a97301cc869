import type { IncidentCommand } from './incident.commands.js';
import type { IncidentState } from './incident.state.js';
import { checkHandling, close, recordFeedback } from './decider/closing.js';
import { type Decision, refuse } from './decider/decision.js';
import { file, importCase, report } from './decider/intake.js';
import { markOverdue } from './decider/overdue.js';
import { completeSelfHandling, startSelfHandling } from './decider/self-handling.js';
import { acknowledge, blowWhistle, checkIn, completeTask } from './decider/tasks.js';

/**
 * What a command means for an incident: events, none when nothing changes, or a refusal. Pure and total; sees its own
 * stream only. Rules: domain.md §3.2 and §3.3.
 */
export function decide(state: IncidentState, command: IncidentCommand): Decision {
  if (command.kind === 'ReportIncident') return report(state, command);
  if (command.kind === 'ImportIncident') return importCase(state, command);
  if (state.lifecycle === 'NONE') return refuse({ code: 'INCIDENT_NOT_FOUND' });
  switch (command.kind) {
    case 'FileIncident':
      return file(state, command);
    case 'StartSelfHandling':
      return startSelfHandling(state, command);
    case 'CompleteSelfHandling':
      return completeSelfHandling(state, command);
    case 'BlowWhistle':
      return blowWhistle(state, command);
    case 'AcknowledgeTask':
      return acknowledge(state, command);
    case 'CheckIn':
      return checkIn(state, command);
    case 'CompleteTask':
      return completeTask(state, command);
    case 'MarkOverdue':
      return markOverdue(state, command);
    case 'CheckHandling':
      return checkHandling(state, command);
    case 'RecordFeedback':
      return recordFeedback(state, command);
    case 'CloseIncident':
      return close(state, command);
  }
}

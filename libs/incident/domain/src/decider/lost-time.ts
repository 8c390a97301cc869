import type { LostTime } from '../incident.events.js';
import type { IncidentState, Span, Task } from '../incident.state.js';

/**
 * What of the given spans was time in which the task waited for somebody: not while the clocks of the incident stood
 * still, nor while the task was done and waited for a check or the resident; and an hour of one account once, however many
 * tasks it had in the matter then. Two units may lose the same hour, each on a part of its own. In their order, those of no
 * length left out.
 */
export function lostBy(state: IncidentState, task: Task, ...spans: readonly LostTime[]): LostTime[] {
  const idle = [...state.pauses, ...task.restedFor];
  return spans
    .flatMap((span) => {
      const known = state.lostTime.filter(
        (lost) => lost.account === span.account && lost.unitId === span.unitId,
      );
      return [...idle, ...known].reduce((parts, gap) => parts.flatMap((part) => outside(part, gap)), [span]);
    })
    .filter(({ from, to }) => from < to);
}

/** The parts of a span before and after the gap. */
function outside<Of extends Span>(span: Of, gap: Span): Of[] {
  if (gap.to <= span.from || span.to <= gap.from) return [span];
  return [
    { ...span, to: gap.from },
    { ...span, from: gap.to },
  ].filter(({ from, to }) => from < to);
}

import type { IncidentEvent } from '@shaoying/incident-domain';
import { closingLines } from './plain-lines.closing.js';
import { handlingLines } from './plain-lines.handling.js';
import { intakeLines } from './plain-lines.intake.js';
import { pausingLines } from './plain-lines.pausing.js';
import { personLines } from './plain-lines.persons.js';
import { responsibilityLines } from './plain-lines.responsibility.js';
import { supervisionLines } from './plain-lines.supervision.js';
import { taskLines } from './plain-lines.tasks.js';
import { whistleLines } from './plain-lines.whistles.js';
import type { Lines, NameOf, PlainLine } from './plain-lines.words.js';

export type { NameOf, PlainLine } from './plain-lines.words.js';

/** One line per event type, from one table; the compiler asks for a new type's line. */
const lines: Lines = {
  ...intakeLines,
  ...handlingLines,
  ...whistleLines,
  ...taskLines,
  ...responsibilityLines,
  ...supervisionLines,
  ...pausingLines,
  ...closingLines,
  ...personLines,
};

/** What happened, in Chinese and English. Times in it are Asia/Shanghai. */
export function plainLineOf(event: IncidentEvent, name: NameOf): PlainLine {
  // The table is exhaustive by type; TypeScript cannot relate the key to its own function's parameter.
  const line = lines[event.type] as (event: IncidentEvent, name: NameOf) => PlainLine;
  return line(event, name);
}

import * as closing from './schemas/closing.js';
import * as flags from './schemas/flags.js';
import * as handling from './schemas/handling.js';
import * as intake from './schemas/intake.js';
import * as pausing from './schemas/pausing.js';
import * as persons from './schemas/persons.js';
import * as rescheduling from './schemas/rescheduling.js';
import * as responsibility from './schemas/responsibility.js';
import * as supervision from './schemas/supervision.js';
import * as tasks from './schemas/tasks.js';
import * as whistles from './schemas/whistles.js';

/**
 * Data of each incident event at its current version, by wire name: what these modules export. One schema is the
 * run-time check, the published JSON Schema and (by a type test) the domain's static type.
 */
export const incidentSchemas = {
  ...intake,
  ...flags,
  ...handling,
  ...whistles,
  ...tasks,
  ...responsibility,
  ...supervision,
  ...pausing,
  ...rescheduling,
  ...closing,
  ...persons,
} as const;

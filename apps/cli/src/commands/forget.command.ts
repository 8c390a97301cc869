import { isUuid, uuidV5 } from '@shaoying/config';
import {
  ForgetReporterCommand,
  ForgetReporterHandler,
  IncidentCommandService,
  type CommandContext,
} from '@shaoying/incident-application';
import { IncidentBoardQuery } from '@shaoying/incident-read-models';
import { MasterKeyFolder, PostgresPersonalDataVault } from '@shaoying/personal-data';
import { randomUUID } from 'node:crypto';
import { userInfo } from 'node:os';
import { codeOf, CommandFailed, UsageError } from '../cli.errors.js';
import { show, type Terminal } from '../terminal.js';
import { withFiles } from './files.command.js';
import type { Workplace } from '../workplace.js';

export interface ForgetOptions {
  /** The reference that incidents show; null where the incident is named. */
  readonly subjectId: string | null;
  readonly incidentId: string | null;
  readonly json: boolean;
}

export interface Forgotten {
  readonly subjectIds: readonly string[];
  /** Null where no incident is known to hold anything of the person. */
  readonly incidentId: string | null;
  /** False where it was on record already. */
  readonly recorded: boolean;
}

/** `forget`: destroys the keys of a person and removes the photos of the report, and puts on record that it was done, by whom and when. */
export async function forgetPerson(
  options: ForgetOptions,
  terminal: Terminal,
  workplace: Workplace,
): Promise<void> {
  const { subjectId, incidentId } = checked(options);
  const { stores, config, clock } = workplace;
  const vault = await PostgresPersonalDataVault.open(stores.pool, await MasterKeyFolder.open(config.dataDir));
  // Whatever is known of an incident: from here on nobody reads of this person any more.
  if (subjectId !== null) await vault.forget(subjectId);
  const about = incidentId ?? (await new IncidentBoardQuery(stores.readModels).incidentOfSubject(subjectId!));
  const forgotten =
    about === null
      ? nowhere(subjectId!)
      : await withFiles(workplace, (files) => {
          const incidents = new IncidentCommandService(stores.log, clock);
          const handler = new ForgetReporterHandler(incidents, vault, files);
          return recorded(handler, new ForgetReporterCommand(context(), about));
        });
  show(terminal, options.json, forgotten, () => [
    `forgotten: ${forgotten.subjectIds.join(', ') || 'who is on the photos of the report'}`,
    forgotten.incidentId === null
      ? 'no incident is known that holds anything of this person (a rebuild of incident-board may be under way)'
      : `incident ${forgotten.incidentId}: ${forgotten.recorded ? 'put on record' : 'was on record already'}`,
    'backups from before bring the key back until they are deleted: docs/how-to/protect-personal-data.md',
  ]);
}

/** @throws UsageError */
function checked({ subjectId, incidentId }: ForgetOptions): Pick<ForgetOptions, 'subjectId' | 'incidentId'> {
  const named = [subjectId, incidentId].filter((id) => id !== null);
  if (named.length !== 1) throw new UsageError('say either a subject or --incident <id>');
  if (!named.every(isUuid)) throw new UsageError('subjects and incidents are named by UUIDs');
  return { subjectId: subjectId?.toLowerCase() ?? null, incidentId };
}

const nowhere = (subjectId: string): Forgotten => ({
  ...{ subjectIds: [subjectId], incidentId: null, recorded: false },
});

async function recorded(handler: ForgetReporterHandler, command: ForgetReporterCommand): Promise<Forgotten> {
  try {
    const { incidentId, subjectIds, events } = await handler.execute(command);
    return { incidentId, subjectIds, recorded: events.length > 0 };
  } catch (error) {
    const code = codeOf(error);
    if (code === 'INCIDENT_NOT_FOUND') throw new CommandFailed(`there is no incident ${command.incidentId}`);
    if (code === 'REPORTER_UNKNOWN')
      throw new CommandFailed(`nobody left anything in incident ${command.incidentId}`);
    throw error;
  }
}

/** Namespace of what is done at the command line by hand: each time a command of its own. */
const BY_HAND = '5c0a7e5b-1d0c-5b7e-8f3a-2b9d4c6e8f10';

/** Whoever sits at the machine, by the name they are known by there. */
function context(): CommandContext {
  const commandId = uuidV5(BY_HAND, randomUUID());
  const actor = { id: `cli:${userInfo().username}`, role: 'admin', orgUnitId: null };
  return { commandId, correlationId: commandId, causationId: commandId, actor };
}

import { applyDecorators, Controller, Injectable } from '@nestjs/common';
import { CommandBus, type Command } from '@nestjs/cqrs';
import { ApiBearerAuth, ApiHeader, ApiTags } from '@nestjs/swagger';
import { CommandEndpoint } from '@shaoying/http';
import {
  IncidentRefused,
  scopeOf,
  sees,
  type CommandContext,
  type CommandOutcome,
  type Sight,
} from '@shaoying/incident-application';
import type { IncidentEvent, Location, RefusalCode } from '@shaoying/incident-domain';
import type { Actor } from '@shaoying/event-store';
import { Platform } from '../platform.js';
import { actorsOf } from './actors.js';
import type { CommandCaller } from './caller.js';
import type { LocationDto } from './incident.dto.js';

/** What every command about an incident answers. */
export interface Answer {
  readonly id: string;
  readonly state: string;
  readonly revision: number;
}

/** Ids that a command has made and the next one needs. */
export interface MadeIds {
  returnId?: string;
  arbitrationId?: string;
  extensionId?: string;
  evaluationId?: string;
  supervisionId?: string;
  appealId?: string;
  flagId?: string;
  newTaskId?: string;
}

export interface TaskAnswer extends Answer, MadeIds {
  readonly taskId: string;
  readonly taskState: string;
}

/** A controller of commands on incidents: every one takes Idempotency-Key and If-Match. */
export const IncidentCommands = (): ClassDecorator =>
  applyDecorators(
    ApiTags('incidents'),
    ApiBearerAuth(),
    ApiHeader({
      name: 'Idempotency-Key',
      required: false,
      description: 'Same key, same body: the first answer again',
    }),
    ApiHeader({
      name: 'If-Match',
      required: false,
      description: 'Revision as the last ETag gave it; of a report, which has none yet, 412',
    }),
    Controller('v1/incidents'),
  );

/** The way of every command from a controller to its handler, and of what came of it back. */
@Injectable()
export class CommandDoor {
  private readonly endpoint = new CommandEndpoint();

  constructor(
    private readonly commands: CommandBus,
    private readonly platform: Platform,
  ) {}

  /**
   * Carries a command out as the first of the permitted roles that the caller has and the decider takes: somebody may be
   * of a street and of a department. The events record the one that was used. What none of these roles sees is refused
   * as if it did not exist, before it is looked at.
   */
  send<Outcome extends Pick<CommandOutcome, 'revision' | 'position' | 'replayed'>>(
    caller: CommandCaller,
    command: (context: CommandContext) => Command<Outcome>,
  ): Promise<Outcome> {
    const [first, ...others] = actorsOf(caller.principal, caller.permitted);
    const sight = this.sightOf(caller);
    return this.endpoint.run(caller.request, caller.reply, caller.principal, async (context) => {
      const as = (actor: Actor) => this.commands.execute(command({ ...context, ...sight, actor }));
      let attempt = as(first);
      for (const actor of others)
        attempt = attempt.catch((error: unknown) => inAnother(error, () => as(actor)));
      return attempt;
    });
  }

  async run(
    caller: CommandCaller,
    command: (context: CommandContext) => Command<CommandOutcome>,
  ): Promise<Answer & MadeIds> {
    const outcome = await this.send(caller, command);
    return { ...answerOf(outcome), ...madeIds(outcome.events) };
  }

  async runOnTask(
    caller: CommandCaller,
    taskId: string,
    command: (context: CommandContext) => Command<CommandOutcome>,
  ): Promise<TaskAnswer> {
    const outcome = await this.send(caller, command);
    const task = outcome.state.tasks.find((candidate) => candidate.taskId === taskId);
    const taskState = task?.state ?? 'UNKNOWN';
    return { ...answerOf(outcome), taskId, taskState, ...madeIds(outcome.events) };
  }

  private sightOf({ principal, permitted }: CommandCaller): { sight?: Sight } {
    const scope = scopeOf(principal, permitted, this.platform.directory);
    if (scope === null) return {};
    return {
      sight: {
        sees: ({ place, tasks }) => sees(scope, { ...place, tasks }),
        refusal: { code: 'INCIDENT_NOT_FOUND' },
      },
    };
  }
}

/** Refusals that have to do with the role, so that another role of the same person may be allowed what this one is not. */
const ABOUT_THE_ROLE: ReadonlySet<RefusalCode> = new Set([
  ...([
    'INCIDENT_NOT_YOURS',
    'WHISTLE_NOT_YOURS',
    'WHISTLE_NOT_PERMITTED',
    'APPROVER_NOT_PERMITTED',
  ] as const),
  ...(['EXTENSION_APPROVER', 'APPROVER_NOT_ABOVE_HANDLER', 'MERGE_ACROSS_STREETS'] as const),
]);

/** Where the other role is refused too, what is told is why the first one was. */
async function inAnother<Outcome>(refusal: unknown, act: () => Promise<Outcome>): Promise<Outcome> {
  if (!isAboutTheRole(refusal)) throw refusal;
  try {
    return await act();
  } catch (error) {
    throw isAboutTheRole(error) ? refusal : error;
  }
}

const isAboutTheRole = (error: unknown): boolean =>
  error instanceof IncidentRefused && ABOUT_THE_ROLE.has(error.code);

export function answerOf({ incidentId, state, revision }: CommandOutcome): Answer {
  return { id: incidentId, state: state.lifecycle, revision };
}

export function madeIds(events: readonly IncidentEvent[]): MadeIds {
  const ids: MadeIds = {};
  for (const event of events) Object.assign(ids, idsOf(event));
  return ids;
}

function idsOf(event: IncidentEvent): MadeIds {
  switch (event.type) {
    case 'ReturnRequested':
      return { returnId: event.data.returnId };
    case 'ArbitrationOpened':
      return { arbitrationId: event.data.arbitrationId };
    case 'ExtensionRequested':
      return { extensionId: event.data.extensionId };
    case 'TaskEvaluated':
      return { evaluationId: event.data.evaluationId };
    case 'SupervisionIssued':
      return { supervisionId: event.data.supervisionId };
    case 'ReporterFlagProposed':
      return { flagId: event.data.flagId };
    case 'AppealFiled':
      return { appealId: event.data.appealId };
    case 'DepartmentAdded':
      return { newTaskId: event.data.task.taskId };
    case 'ReturnAccepted':
    case 'ResponsibilityDecided':
    case 'LeadChanged':
      return event.data.newTask === null ? {} : { newTaskId: event.data.newTask.taskId };
    default:
      return {};
  }
}

export function locationOf(given: LocationDto): Location {
  const { lon, lat, crs, address } = given;
  return { lon: lon ?? null, lat: lat ?? null, crs: crs ?? 'WGS84', address: address ?? null };
}

export function completionOf({ note, evidence }: { note?: string; evidence?: string[] }): {
  note: string | null;
  evidence: readonly string[];
} {
  return { note: note ?? null, evidence: evidence ?? [] };
}

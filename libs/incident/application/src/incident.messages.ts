import { Command } from '@nestjs/cqrs';
import type { CommandContext, CommandOutcome } from './incident.command-service.js';

// What travels on the CommandBus: the request as the door understood it. Handlers turn it into domain commands. One file
// of messages and one of handlers for each room of the domain.

/** A command about one incident that says no more than its name. */
export abstract class IncidentMessage<
  Outcome extends CommandOutcome = CommandOutcome,
> extends Command<Outcome> {
  constructor(
    readonly context: CommandContext,
    readonly incidentId: string,
  ) {
    super();
  }
}

/** A command about one incident, with what was asked. */
export abstract class IncidentRequest<
  Request,
  Outcome extends CommandOutcome = CommandOutcome,
> extends Command<Outcome> {
  constructor(
    readonly context: CommandContext,
    readonly incidentId: string,
    readonly request: Request,
  ) {
    super();
  }
}

/** A command about one task of an incident, with what was asked. */
export abstract class TaskRequest<
  Request,
  Outcome extends CommandOutcome = CommandOutcome,
> extends Command<Outcome> {
  constructor(
    readonly context: CommandContext,
    readonly incidentId: string,
    readonly taskId: string,
    readonly request: Request,
  ) {
    super();
  }
}

/** A command about one whistle of an incident, with what was asked. */
export abstract class WhistleRequest<
  Request,
  Outcome extends CommandOutcome = CommandOutcome,
> extends Command<Outcome> {
  constructor(
    readonly context: CommandContext,
    readonly incidentId: string,
    readonly whistleId: string,
    readonly request: Request,
  ) {
    super();
  }
}

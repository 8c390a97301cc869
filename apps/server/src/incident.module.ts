import { Module } from '@nestjs/common';
import { CqrsModule } from '@nestjs/cqrs';
import {
  CallRecords,
  EvidenceCaptures,
  incidentCommandHandlers,
  IncidentCommandService,
  IncidentJurisdiction,
  IncidentsWithDeadlines,
  MoveOpenDeadlinesHandler,
  OpenTasks,
  ReceiptCodes,
  ReporterPhotos,
  ReporterVault,
  ServerClock,
  type QueuedTask,
  type TaskPlace,
} from '@shaoying/incident-application';
import { DepartmentTasksQuery, OpenDeadlinesQuery } from '@shaoying/incident-read-models';
import { FileCaptures } from './file-captures.js';
import { Platform } from './platform.js';

/** The tasks a department has in hand, also those of incidents that stand still: they go on one day. */
class TasksInHand extends OpenTasks {
  constructor(private readonly tasks: DepartmentTasksQuery) {
    super();
  }

  override async of(
    departmentId: string,
    limit: number,
    after: TaskPlace | null,
  ): Promise<readonly QueuedTask[]> {
    return (await this.tasks.tasksInHand(departmentId, limit, after)).items;
  }
}

class OwingIncidents extends IncidentsWithDeadlines {
  constructor(private readonly deadlines: OpenDeadlinesQuery) {
    super();
  }

  override page(after: string | null, limit: number): Promise<readonly string[]> {
    return this.deadlines.incidents(after, limit);
  }
}

const clocksApart =
  'an incident has an event recorded far ahead of the clock of this server: the clock of one of the servers is wrong, ' +
  'and until it is set right knownAt may show what is recorded now without that event';

/** Carries out incident commands; for every role that sends some. */
@Module({
  imports: [CqrsModule.forRoot()],
  providers: [
    ...incidentCommandHandlers,
    {
      provide: IncidentCommandService,
      inject: [Platform],
      useFactory: ({ stores, clock, logger }: Platform) =>
        new IncidentCommandService(stores.log, clock, (clocks) => logger.warn({ clocks }, clocksApart)),
    },
    {
      provide: IncidentJurisdiction,
      inject: [Platform],
      useFactory: ({ directory }: Platform) => new IncidentJurisdiction(directory),
    },
    { provide: ReceiptCodes, inject: [Platform], useFactory: ({ receipts }: Platform) => receipts },
    {
      provide: CallRecords,
      inject: [Platform],
      useFactory: ({ stores }: Platform) => new CallRecords(stores.log),
    },
    { provide: ServerClock, inject: [Platform], useFactory: ({ clock }: Platform) => clock },
    {
      provide: OpenTasks,
      inject: [Platform],
      useFactory: ({ stores }: Platform) => new TasksInHand(new DepartmentTasksQuery(stores.readModels)),
    },
    {
      provide: IncidentsWithDeadlines,
      inject: [Platform],
      useFactory: ({ stores }: Platform) =>
        new OwingIncidents(new OpenDeadlinesQuery(stores.readModels, () => () => undefined)),
    },
    {
      provide: EvidenceCaptures,
      inject: [Platform],
      useFactory: ({ files, logger }: Platform) => new FileCaptures(files, logger),
    },
    { provide: ReporterPhotos, inject: [Platform], useFactory: ({ files }: Platform) => files },
    { provide: ReporterVault, inject: [Platform], useFactory: ({ vault }: Platform) => vault },
  ],
  exports: [CqrsModule, EvidenceCaptures, IncidentCommandService, MoveOpenDeadlinesHandler, ReporterVault],
})
export class IncidentModule {}

import { Module } from '@nestjs/common';
import { CqrsModule } from '@nestjs/cqrs';
import {
  incidentCommandHandlers,
  IncidentCommandService,
  IncidentJurisdiction,
  OpenTasks,
  ReceiptCodes,
  ReporterVault,
  ServerClock,
  TransferRecords,
  type QueuedTask,
  type TaskPlace,
} from '@shaoying/incident-application';
import { DepartmentTasksQuery } from '@shaoying/incident-read-models';
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

/** Carries out incident commands; for every role that sends some. */
@Module({
  imports: [CqrsModule.forRoot()],
  providers: [
    ...incidentCommandHandlers,
    {
      provide: IncidentCommandService,
      inject: [Platform],
      useFactory: ({ stores, clock }: Platform) => new IncidentCommandService(stores.log, clock),
    },
    {
      provide: IncidentJurisdiction,
      inject: [Platform],
      useFactory: ({ directory }: Platform) => new IncidentJurisdiction(directory),
    },
    { provide: ReceiptCodes, inject: [Platform], useFactory: ({ receipts }: Platform) => receipts },
    {
      provide: TransferRecords,
      inject: [Platform],
      useFactory: ({ stores }: Platform) => new TransferRecords(stores.log),
    },
    { provide: ServerClock, inject: [Platform], useFactory: ({ clock }: Platform) => clock },
    {
      provide: OpenTasks,
      inject: [Platform],
      useFactory: ({ stores }: Platform) => new TasksInHand(new DepartmentTasksQuery(stores.readModels)),
    },
    { provide: ReporterVault, inject: [Platform], useFactory: ({ vault }: Platform) => vault },
  ],
  exports: [CqrsModule, IncidentCommandService],
})
export class IncidentModule {}

import { Module } from '@nestjs/common';
import { CqrsModule } from '@nestjs/cqrs';
import type { Clock } from '@shaoying/config';
import {
  incidentCommandHandlers,
  IncidentCommandService,
  IncidentJurisdiction,
  OpenTasks,
  ReceiptCodes,
  ReporterVault,
  ServerClock,
  type MovedTask,
} from '@shaoying/incident-application';
import { DepartmentTasksQuery } from '@shaoying/incident-read-models';
import { Platform } from './platform.js';

/** The open tasks of a department, as its queue has them. */
class QueuedTasks extends OpenTasks {
  constructor(
    private readonly tasks: DepartmentTasksQuery,
    private readonly clock: Clock,
  ) {
    super();
  }

  override async of(departmentId: string, limit: number): Promise<readonly MovedTask[]> {
    const now = this.clock.now().toISOString();
    const moment = { asOf: now, knownAt: now, live: true };
    const { items } = await this.tasks.queue(departmentId, moment, { limit, after: null });
    return items.map(({ incidentId, taskId }) => ({ incidentId, taskId }));
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
    { provide: ServerClock, inject: [Platform], useFactory: ({ clock }: Platform) => clock },
    {
      provide: OpenTasks,
      inject: [Platform],
      useFactory: ({ stores, clock }: Platform) =>
        new QueuedTasks(new DepartmentTasksQuery(stores.readModels), clock),
    },
    { provide: ReporterVault, inject: [Platform], useFactory: ({ vault }: Platform) => vault },
  ],
  exports: [CqrsModule, IncidentCommandService],
})
export class IncidentModule {}

import { Module } from '@nestjs/common';
import { IncidentHistory } from '@shaoying/audit';
import { DepartmentTasksQuery, IncidentBoardQuery, MetricsQuery } from '@shaoying/incident-read-models';
import { DepartmentsController } from './api/departments.controller.js';
import { IncidentCommandsController } from './api/incident-commands.controller.js';
import { IncidentQueriesController } from './api/incident-queries.controller.js';
import './api/incident.problems.js';
import { JurisdictionPublicationController } from './api/jurisdiction-publication.controller.js';
import { JurisdictionController } from './api/jurisdiction.controller.js';
import { MetricsController } from './api/metrics.controller.js';
import { OpenStreams } from './api/open-streams.js';
import { IncidentModule } from './incident.module.js';
import { Platform } from './platform.js';
import { queryHandlers } from './queries/queries.js';

const overReadModels = [IncidentBoardQuery, DepartmentTasksQuery, MetricsQuery];

/** Role `api`: the HTTP contract. */
@Module({
  imports: [IncidentModule],
  controllers: [
    IncidentCommandsController,
    IncidentQueriesController,
    DepartmentsController,
    MetricsController,
    JurisdictionController,
    JurisdictionPublicationController,
  ],
  providers: [
    ...queryHandlers,
    ...overReadModels.map((query) => ({
      provide: query,
      inject: [Platform],
      useFactory: ({ stores }: Platform) => new query(stores.readModels),
    })),
    {
      provide: IncidentHistory,
      inject: [Platform],
      useFactory: ({ stores, directory }: Platform) =>
        new IncidentHistory(stores.log, (id) => (id === null ? '—' : (directory.orgUnit(id)?.name ?? id))),
    },
    OpenStreams,
  ],
})
export class ApiModule {}

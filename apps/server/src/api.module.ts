import { Module } from '@nestjs/common';
import {
  CatalogueProposals,
  IncidentHistory,
  LogQuery,
  OversightTrail,
  UnitReplay,
  type NameOf,
} from '@shaoying/audit';
import { DepartmentTasksQuery, IncidentBoardQuery, MetricsQuery } from '@shaoying/incident-read-models';
import { ApiKeysModule } from './api-keys.module.js';
import './api/oversight.problems.js';
import { AuditController } from './api/audit.controller.js';
import './api/audit.problems.js';
import { CatalogueProposalsController } from './api/catalogue-proposals.controller.js';
import { ConsumerGroupsController } from './api/consumer-groups.controller.js';
import { DepartmentsController } from './api/departments.controller.js';
import { WorkloadController } from './api/workload.controller.js';
import { ClosingController } from './api/closing.controller.js';
import { CommandDoor } from './api/command-door.js';
import { AuditSources } from './api/audit-sources.js';
import { DossiersController } from './api/dossiers.controller.js';
import { EventExports } from './api/event-exports.js';
import { EventsController } from './api/events.controller.js';
import { FilesController } from './api/files.controller.js';
import './api/files.problems.js';
import { HandlingController } from './api/handling.controller.js';
import { IncidentQueriesController } from './api/incident-queries.controller.js';
import './api/incident.problems.js';
import { IntakeController } from './api/intake.controller.js';
import { JurisdictionPublicationController } from './api/jurisdiction-publication.controller.js';
import { JurisdictionController } from './api/jurisdiction.controller.js';
import { LeasesController } from './api/leases.controller.js';
import { MetricsController } from './api/metrics.controller.js';
import { OpenStreams } from './api/open-streams.js';
import { RepeatWhistles } from './api/repeat-whistles.js';
import { VisibleIncidents } from './api/visible-incidents.js';
import { ForgettingController, RevealController } from './api/persons.controller.js';
import { ReporterFilesController } from './api/reporter-files.controller.js';
import { ReportsByReceipt } from './api/reports-by-receipt.js';
import { ReplayController } from './api/replay.controller.js';
import { ReturnsController } from './api/returns.controller.js';
import { SchemasController } from './api/schemas.controller.js';
import { SimulationsController } from './api/simulations.controller.js';
import './api/simulations.problems.js';
import { SupervisionController } from './api/supervision.controller.js';
import { TasksController } from './api/tasks.controller.js';
import { ReschedulingController } from './api/rescheduling.controller.js';
import { TransfersController } from './api/transfers.controller.js';
import { WebhooksController } from './api/webhooks.controller.js';
import { WhistlesController } from './api/whistles.controller.js';
import { IncidentModule } from './incident.module.js';
import { Platform } from './platform.js';
import { queryHandlers } from './queries/queries.js';
import { SimulationRuns } from './simulations/simulation-runs.js';
import { SimulationStore } from './simulations/simulation-store.js';

const overReadModels = [IncidentBoardQuery, DepartmentTasksQuery, MetricsQuery];

const namesIn =
  (directory: Platform['directory']): NameOf =>
  (id) =>
    id === null ? '—' : (directory.orgUnit(id)?.name ?? id);

/** Role `api`: the HTTP contract. */
@Module({
  imports: [IncidentModule, ApiKeysModule],
  controllers: [
    IntakeController,
    HandlingController,
    WhistlesController,
    TasksController,
    ReturnsController,
    ClosingController,
    SupervisionController,
    ReschedulingController,
    TransfersController,
    RevealController,
    ForgettingController,
    IncidentQueriesController,
    ReplayController,
    EventsController,
    DossiersController,
    FilesController,
    ReporterFilesController,
    DepartmentsController,
    WorkloadController,
    ConsumerGroupsController,
    LeasesController,
    WebhooksController,
    MetricsController,
    JurisdictionController,
    JurisdictionPublicationController,
    CatalogueProposalsController,
    AuditController,
    SchemasController,
    SimulationsController,
  ],
  providers: [
    ReportsByReceipt,
    ...queryHandlers,
    ...overReadModels.map((query) => ({
      provide: query,
      inject: [Platform],
      useFactory: ({ stores }: Platform) => new query(stores.readModels),
    })),
    {
      provide: IncidentHistory,
      inject: [Platform],
      useFactory: ({ stores, directory }: Platform) => new IncidentHistory(stores.log, namesIn(directory)),
    },
    {
      provide: UnitReplay,
      inject: [Platform, IncidentBoardQuery],
      useFactory: ({ stores, directory }: Platform, board: IncidentBoardQuery) =>
        new UnitReplay(stores.log, board, namesIn(directory)),
    },
    {
      provide: LogQuery,
      inject: [Platform],
      useFactory: ({ stores, directory }: Platform) => new LogQuery(stores.log, namesIn(directory)),
    },
    {
      provide: OversightTrail,
      inject: [Platform],
      useFactory: ({ stores, clock }: Platform) => new OversightTrail(stores.log, clock),
    },
    {
      provide: AuditSources,
      inject: [Platform],
      useFactory: (platform: Platform) => new AuditSources(platform, namesIn(platform.directory)),
    },
    EventExports,
    {
      provide: CatalogueProposals,
      inject: [Platform],
      useFactory: ({ stores }: Platform) => new CatalogueProposals(stores.log),
    },
    {
      provide: SimulationStore,
      inject: [Platform],
      useFactory: ({ stores }: Platform) => SimulationStore.open(stores.pool),
    },
    SimulationRuns,
    OpenStreams,
    CommandDoor,
    RepeatWhistles,
    VisibleIncidents,
  ],
})
export class ApiModule {}

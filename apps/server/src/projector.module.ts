import { Inject, Module, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { auditTree } from '@shaoying/audit';
import { apiKeyIndex } from '@shaoying/identity';
import { incidentProjections } from '@shaoying/incident-read-models';
import { ProjectionEngine } from '@shaoying/projections';
import { CheckpointsModule } from './checkpoints.module.js';
import { Platform } from './platform.js';

/** Longest wait for the tables of the read models to exist before requests are taken. */
const readyMsMax = 30_000;

/** Role `projector`: fills the read models, and signs what the audit's tree has come to. */
@Module({
  imports: [CheckpointsModule],
  providers: [
    {
      provide: ProjectionEngine,
      inject: [Platform],
      useFactory: ({ config, stores, logger }: Platform) =>
        new ProjectionEngine({
          store: stores.log,
          url: stores.readModelUrl,
          projections: [...incidentProjections, apiKeyIndex, auditTree(config.audit.algorithm)],
          log: logger,
        }),
    },
  ],
  exports: [ProjectionEngine],
})
export class ProjectorModule implements OnApplicationBootstrap, OnModuleDestroy {
  constructor(@Inject(ProjectionEngine) private readonly engine: ProjectionEngine) {}

  async onApplicationBootstrap(): Promise<void> {
    this.engine.start();
    await this.engine.ready(readyMsMax);
  }

  async onModuleDestroy(): Promise<void> {
    await this.engine.stop();
  }
}

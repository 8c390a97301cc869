import { Inject, Module, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { ProjectionEngine } from '@shaoying/projections';
import { CheckpointsModule } from './checkpoints.module.js';
import { Platform } from './platform.js';
import { addProjectionGauges } from './projection-gauges.js';
import { readModelsOf } from './read-models.js';

/** Longest wait for the tables of the read models to exist before requests are taken. */
const readyMsMax = 30_000;

/** Role `projector`: fills the read models, and signs what the audit's tree has come to. */
@Module({
  imports: [CheckpointsModule],
  providers: [
    {
      provide: ProjectionEngine,
      inject: [Platform],
      useFactory: ({ config, stores, logger, metrics }: Platform) => {
        const engine = new ProjectionEngine({
          store: stores.log,
          url: stores.readModelUrl,
          projections: readModelsOf(config),
          log: logger,
        });
        addProjectionGauges(metrics, engine);
        return engine;
      },
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

import { Global, Module, type DynamicModule } from '@nestjs/common';
import type { ProcessRole } from '@shaoying/config';
import { ApiModule } from './api.module.js';
import { HealthController } from './health.controller.js';
import { Platform } from './platform.js';
import { ProjectorModule } from './projector.module.js';
import { TimersModule } from './timers.module.js';

@Global()
@Module({})
class PlatformModule {
  static of(platform: Platform): DynamicModule {
    return {
      module: PlatformModule,
      providers: [{ provide: Platform, useValue: platform }],
      exports: [Platform],
    };
  }
}

// The notifier's webhooks come with a later release; the dispatch streams belong to the role `api`.
const modules: Record<ProcessRole, typeof ApiModule | typeof ProjectorModule | typeof TimersModule | null> = {
  api: ApiModule,
  projector: ProjectorModule,
  timers: TimersModule,
  notifier: null,
};

/** One process: health and metrics always, and one module for each of its roles. */
@Module({})
export class AppModule {
  static of(platform: Platform): DynamicModule {
    const roles = platform.config.roles.flatMap((role) => modules[role] ?? []);
    return {
      module: AppModule,
      imports: [PlatformModule.of(platform), ...roles],
      controllers: [HealthController],
    };
  }
}

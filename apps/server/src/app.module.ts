import { Global, Module, type DynamicModule } from '@nestjs/common';
import type { ProcessRole } from '@shaoying/config';
import { ApiModule } from './api.module.js';
import { BackgroundRoles } from './background-roles.js';
import { HealthController } from './health.controller.js';
import { Platform } from './platform.js';
import { ProjectorModule } from './projector.module.js';
import { Readiness } from './readiness.js';
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

const modulesOf = (platform: Platform): DynamicModule['imports'] & object => [
  PlatformModule.of(platform),
  ...platform.config.roles.flatMap((role) => modules[role] ?? []),
];

/** One process: a module for each of its roles. */
@Module({})
export class AppModule {
  /** With health and metrics, which also speak for the roles played beside it. */
  static of(platform: Platform, background: BackgroundRoles | null): DynamicModule {
    const beside = background === null ? [] : [{ provide: BackgroundRoles, useValue: background }];
    return {
      module: AppModule,
      imports: modulesOf(platform),
      controllers: [HealthController],
      providers: [Readiness, ...beside],
    };
  }

  /** Without an address of its own. */
  static inBackground(platform: Platform): DynamicModule {
    return { module: AppModule, imports: modulesOf(platform), providers: [Readiness] };
  }
}

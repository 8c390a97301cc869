import { Global, Module, type DynamicModule, type Type } from '@nestjs/common';
import type { ProcessRole } from '@shaoying/config';
import { BackgroundRoles } from './background-roles.js';
import { Platform } from './platform.js';
import { Readiness } from './readiness.js';
import { ReporterUploadLimits } from './reporter-upload-limits.js';

@Global()
@Module({})
class PlatformModule {
  static of(platform: Platform, uploads: ReporterUploadLimits | null): DynamicModule {
    const limits = uploads === null ? [] : [{ provide: ReporterUploadLimits, useValue: uploads }];
    return {
      module: PlatformModule,
      providers: [{ provide: Platform, useValue: platform }, ...limits],
      exports: [Platform, ...limits.map(({ provide }) => provide)],
    };
  }
}

/**
 * Loaded by the process that plays the role: what answers requests is a quarter of what a process of the other roles would load,
 * and the alarm clock one of the API a tenth. The dispatch streams belong to the role `api`.
 */
const modules: Record<ProcessRole, () => Promise<Type>> = {
  api: async () => (await import('./api.module.js')).ApiModule,
  projector: async () => (await import('./projector.module.js')).ProjectorModule,
  timers: async () => (await import('./timers.module.js')).TimersModule,
  notifier: async () => (await import('./notifier.module.js')).NotifierModule,
};

async function modulesOf(
  platform: Platform,
  uploads: ReporterUploadLimits | null,
): Promise<DynamicModule['imports'] & object> {
  const loading = platform.config.roles.map((role) => modules[role]());
  return [PlatformModule.of(platform, uploads), ...(await Promise.all(loading))];
}

/** One process: a module for each of its roles. */
@Module({})
export class AppModule {
  /** With health and metrics, which also speak for the roles played beside it. */
  static async of(
    platform: Platform,
    background: BackgroundRoles | null,
    uploads: ReporterUploadLimits,
  ): Promise<DynamicModule> {
    const { HealthController } = await import('./health.controller.js');
    const beside = background === null ? [] : [{ provide: BackgroundRoles, useValue: background }];
    return {
      module: AppModule,
      imports: await modulesOf(platform, uploads),
      controllers: [HealthController],
      providers: [Readiness, ...beside],
    };
  }

  /** Without an address of its own. */
  static async inBackground(platform: Platform): Promise<DynamicModule> {
    return { module: AppModule, imports: await modulesOf(platform, null), providers: [Readiness] };
  }
}

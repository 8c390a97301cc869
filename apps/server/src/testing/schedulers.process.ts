/*
 * The child of killed-scheduler.e2e.spec.ts: several times the role `timers` as a process of its own has it, each with
 * connections and an alarm clock of its own, in one process, because loading the program is most of what a start takes.
 * What they share is the moment at which they die.
 */
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import type { Config } from '@shaoying/config';
import { serveParent } from '@shaoying/runtime';
import { createLogger, NestLogger } from '@shaoying/telemetry';
import { flushCompileCache } from 'node:module';
import { AppModule } from '../app.module.js';
import { Platform } from '../platform.js';

export interface SchedulersTask {
  readonly config: Config;
  readonly schedulers: number;
}

serveParent<SchedulersTask>(async ({ config, schedulers }, fail) => {
  const begun = await Promise.all(Array.from({ length: schedulers }, () => begin(config, fail)));
  // Otherwise written by who ends in order, which none of them does: each would compile everything anew.
  flushCompileCache();
  return {
    answers: {},
    close: async () => {
      await Promise.all(begun.map((close) => close()));
    },
  };
});

async function begin(config: Config, fail: () => void): Promise<() => Promise<void>> {
  const logger = createLogger({ level: config.logLevel, role: config.roles.join(',') });
  const platform = await Platform.open(config, logger, fail);
  const app = await NestFactory.createApplicationContext(await AppModule.inBackground(platform), {
    logger: new NestLogger(logger),
    abortOnError: false,
  });
  return async () => {
    await app.close();
    await platform.close();
  };
}

import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import type { Config } from '@shaoying/config';
import { serveParent } from '@shaoying/runtime';
import { createLogger, measurementsOf, NestLogger } from '@shaoying/telemetry';
import { AppModule } from './app.module.js';
import { Platform } from './platform.js';
import { Readiness } from './readiness.js';

/** The roles that serve no requests, in a process of their own beside `main`, which starts it and speaks for it. */
serveParent<Config>(async (config, fail) => {
  const logger = createLogger({ level: config.logLevel, role: config.roles.join(',') });
  const platform = await Platform.open(config, logger, fail);
  const app = await NestFactory.createApplicationContext(await AppModule.inBackground(platform), {
    logger: new NestLogger(logger),
    abortOnError: false,
  });
  const readiness = app.get(Readiness);
  logger.info({ roles: config.roles }, 'started');
  return {
    answers: {
      troubles: () => readiness.troubles(),
      measurements: () => measurementsOf(platform.metrics),
    },
    close: async () => {
      await app.close();
      await platform.close();
      logger.info('stopped');
    },
  };
});

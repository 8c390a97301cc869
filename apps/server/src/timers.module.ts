import { Inject, Module, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import type { Clock } from '@shaoying/config';
import { MarkOverdueCommand, MergeWatch, ProvisionalWatch } from '@shaoying/incident-application';
import { OpenDeadlinesQuery } from '@shaoying/incident-read-models';
import {
  awaitAlarmClock,
  DeadlineScheduler,
  openAlarmClock,
  SchedulerReporter,
  type OpenDeadline,
} from '@shaoying/timers';
import { setTimeout } from 'node:timers/promises';
import { IncidentModule } from './incident.module.js';
import { Platform } from './platform.js';

/**
 * Role `timers`: wakes at due times and asks the decider; looks after merges that stopped in the middle, and after
 * deadlines whose year is published.
 */
@Module({
  imports: [IncidentModule],
  providers: [
    {
      provide: DeadlineScheduler,
      inject: [Platform, CommandBus],
      useFactory: async (platform: Platform, commands: CommandBus) => {
        const { stores, gate, clock, logger } = platform;
        return new DeadlineScheduler({
          openDeadlines: new OpenDeadlinesQuery(stores.readModels, (listener) =>
            gate.onAdvance('open-deadlines', listener),
          ),
          clock: await awaitAlarmClock(
            () => openAlarmClock({ url: stores.timersUrl, clock: () => clock.now(), log: logger }),
            { log: logger },
          ),
          now: () => clock.now(),
          fire: async (deadline) => {
            await pastDue(deadline, clock);
            await commands.execute(MarkOverdueCommand.of(deadline));
          },
          log: logger,
        });
      },
    },
    {
      provide: ProvisionalWatch,
      inject: [Platform, CommandBus],
      useFactory: ({ stores, directory, clock, logger }: Platform, commands: CommandBus) => {
        const deadlines = new OpenDeadlinesQuery(stores.readModels, () => () => undefined);
        return new ProvisionalWatch({
          ...{ clock, log: logger, calendars: () => directory.calendars() },
          incidents: (dueBefore, after, limit) => deadlines.provisional(dueBefore, after, limit),
          fix: (command) => commands.execute(command),
        });
      },
    },
    {
      provide: MergeWatch,
      inject: [Platform, CommandBus],
      useFactory: ({ stores, clock, logger }: Platform, commands: CommandBus) =>
        new MergeWatch({
          ...{ store: stores.log, clock, log: logger },
          settle: (command) => commands.execute(command),
        }),
    },
    {
      provide: SchedulerReporter,
      inject: [Platform, DeadlineScheduler],
      useFactory: ({ stores, logger }: Platform, scheduler: DeadlineScheduler) =>
        new SchedulerReporter(stores.pool, scheduler, logger),
    },
  ],
  exports: [DeadlineScheduler],
})
export class TimersModule implements OnApplicationBootstrap, OnModuleDestroy {
  constructor(
    @Inject(DeadlineScheduler) private readonly scheduler: DeadlineScheduler,
    @Inject(MergeWatch) private readonly merges: MergeWatch,
    @Inject(ProvisionalWatch) private readonly provisional: ProvisionalWatch,
    @Inject(SchedulerReporter) private readonly reporter: SchedulerReporter,
    @Inject(Platform) private readonly platform: Platform,
  ) {}

  /** In the background: a weekend's backlog of breaches is written while reports are taken already. */
  onApplicationBootstrap(): void {
    this.scheduler.start().catch((error: unknown) => {
      this.platform.logger.fatal(
        { err: error },
        'timers cannot run; this process ends and can be started again',
      );
      this.platform.fail();
    });
    this.merges.start();
    this.provisional.start();
    this.reporter.start();
  }

  async onModuleDestroy(): Promise<void> {
    const { scheduler, merges, provisional, reporter } = this;
    await Promise.all([scheduler.stop(), merges.stop(), provisional.stop(), reporter.stop()]);
  }
}

/** An act in the very millisecond of the due time is in time, so the alarm of that millisecond waits for the next one. */
async function pastDue({ dueAt }: OpenDeadline, clock: Clock): Promise<void> {
  const waitMs = Date.parse(dueAt) + 1 - clock.now().getTime();
  if (waitMs > 0) await setTimeout(waitMs);
}

import { Inject, Module, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { awaitAlarmClock, openAlarmClock } from '@shaoying/timers';
import {
  allWebhooks,
  openNameResolver,
  Sender,
  webhookIndex,
  WebhookMetrics,
  WebhookNotifier,
} from '@shaoying/webhooks';
import { addressesOf, Platform } from './platform.js';

/** Endpoints looked after at once; each is mostly waiting for somebody's answer. */
const endpointsAtOnce = 16;

/** Role `notifier`: calls the systems that departments have registered. */
@Module({
  providers: [
    {
      provide: WebhookNotifier,
      inject: [Platform],
      useFactory: async (platform: Platform) => {
        const { stores, webhooks, deliveries: store, feeds, vault, clock, logger: log, config } = platform;
        return new WebhookNotifier({
          ...{ webhooks, store, feeds, vault, clock, log },
          registered: () => allWebhooks(stores.readModels),
          onEndpoints: (listener) => platform.gate.onAdvance(webhookIndex.name, listener),
          sender: new Sender({ addresses: addressesOf(config), resolve: openNameResolver() }),
          alarms: await awaitAlarmClock(
            () =>
              openAlarmClock({
                ...{ url: stores.timersUrl, name: 'webhooks', concurrency: endpointsAtOnce },
                ...{ clock: () => clock.now(), log },
              }),
            { log },
          ),
          metrics: new WebhookMetrics(platform.metrics.registry),
        });
      },
    },
  ],
})
export class NotifierModule implements OnApplicationBootstrap, OnModuleDestroy {
  constructor(
    @Inject(WebhookNotifier) private readonly notifier: WebhookNotifier,
    @Inject(Platform) private readonly platform: Platform,
  ) {}

  /** In the background: a weekend's backlog is delivered while reports are taken already. */
  onApplicationBootstrap(): void {
    this.notifier.start().catch((error: unknown) => {
      this.platform.logger.fatal(
        { err: error },
        'webhooks cannot be delivered; this process ends and can be started again',
      );
      this.platform.fail();
    });
  }

  async onModuleDestroy(): Promise<void> {
    await this.notifier.stop();
  }
}

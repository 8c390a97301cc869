import { Module } from '@nestjs/common';
import { ApiKeys, ApiKeyUses, Credentials } from '@shaoying/identity';
import { ApiKeysController } from './api/api-keys.controller.js';
import { Platform } from './platform.js';

/** What the guard asks: who shows this access token or API key. A process without the role `api` takes no API keys. */
export async function credentialsOf(platform: Platform): Promise<Credentials> {
  const { config, clock, stores, logger, verifier } = platform;
  if (!config.roles.includes('api')) return new Credentials(verifier, null);
  const uses = await ApiKeyUses.open(stores.pool, clock, (error) =>
    logger.warn({ err: error }, 'the last use of an API key could not be noted'),
  );
  return new Credentials(
    verifier,
    apiKeysOf(platform, (keyId) => uses.note(keyId)),
  );
}

function apiKeysOf({ stores, clock, config }: Platform, onUse: (keyId: string) => void): ApiKeys {
  return new ApiKeys({ store: stores.log, clock, daysMax: config.apiKeyDaysMax, onUse });
}

/** Their management, by administrators. */
@Module({
  controllers: [ApiKeysController],
  providers: [
    {
      provide: ApiKeys,
      inject: [Platform],
      useFactory: (platform: Platform) => apiKeysOf(platform, () => undefined),
    },
  ],
})
export class ApiKeysModule {}

import { systemClock, type Clock, type Config } from '@shaoying/config';
import {
  EvidenceFiles,
  openFileStore,
  UploadAllowance,
  type FileStore,
  type PhotoProcess,
} from '@shaoying/files';
import { LocalIssuer, TokenInvalid, TokenVerifier } from '@shaoying/identity';
import { ReceiptCodes } from '@shaoying/incident-application';
import { DispatchFeedQuery } from '@shaoying/incident-read-models';
import { EventSourcedJurisdictionDirectory, JurisdictionPublisher } from '@shaoying/jurisdiction-application';
import { MasterKeyFolder, PostgresPersonalDataVault } from '@shaoying/personal-data';
import { ReadModelGate } from '@shaoying/projections';
import { openStores, type Stores } from '@shaoying/runtime';
import { ConsumerGroups, SharedFeeds } from '@shaoying/subscriptions';
import { createMetrics, type Logger, type Metrics } from '@shaoying/telemetry';
import { DeliveryStore, RegistrationTurns, Webhooks, type AddressPolicy } from '@shaoying/webhooks';
import { readModelsOf } from './read-models.js';
import { refuseReplacedLog } from './replaced-log.js';

/** What the roles of one process share: opened before Nest starts, closed after it has stopped. */
export class Platform {
  private constructor(
    readonly config: Config,
    readonly clock: Clock,
    readonly logger: Logger,
    readonly metrics: Metrics,
    readonly stores: Stores,
    readonly directory: EventSourcedJurisdictionDirectory,
    readonly publisher: JurisdictionPublisher,
    readonly gate: ReadModelGate,
    readonly feeds: SharedFeeds,
    readonly consumerGroups: ConsumerGroups,
    readonly receipts: ReceiptCodes,
    readonly vault: PostgresPersonalDataVault,
    readonly files: EvidenceFiles,
    readonly uploads: UploadAllowance,
    readonly webhooks: Webhooks,
    readonly registrations: RegistrationTurns,
    readonly deliveries: DeliveryStore,
    private readonly fileStore: FileStore,
    /** Null when an OIDC issuer is trusted instead. */
    readonly issuer: LocalIssuer | null,
    readonly verifier: Pick<TokenVerifier, 'verify'>,
    /** Ends the process in order, as a failure: for what it cannot do its work without. */
    readonly fail: () => void,
  ) {}

  /**
   * @param signal ends the opening between its steps
   * @param photos where they are decoded; closed by whoever has made it. Null: here, for who takes none
   * @throws its reason, and what the stores throw
   */
  static async open(
    config: Config,
    logger: Logger,
    fail: () => void,
    signal: AbortSignal = new AbortController().signal,
    photos: PhotoProcess | null = null,
  ): Promise<Platform> {
    const clock = systemClock;
    const { dataDir, production, oidc } = config;
    const stores = await openStores(config, {
      readModels: readModelsOf(config),
      log: ({ level, msg, ...fields }) => logger[level]({ postgres: fields }, msg),
      onPostgresExit: () => {
        logger.fatal(
          'PostgreSQL has ended and cannot be brought back; this process ends too and can be started again',
        );
        fail();
      },
      signal,
    });
    try {
      const directory = new EventSourcedJurisdictionDirectory(stores.log);
      const publisher = new JurisdictionPublisher(stores.log, directory);
      const gate = new ReadModelGate({ url: stores.readModelUrl, log: logger });
      const feed = new DispatchFeedQuery(stores.readModels, {
        onAdvance: (listener) => gate.onAdvance('dispatch-feed', listener),
        reached: () => gate.positions().get('dispatch-feed'),
      });
      const receipts = await ReceiptCodes.open(dataDir);
      const masterKeys = await MasterKeyFolder.open(dataDir);
      const vault = await PostgresPersonalDataVault.open(stores.pool, masterKeys);
      signal.throwIfAborted();
      const fileStore = await openFileStore(config);
      const files = new EvidenceFiles(fileStore, vault, clock, photos?.clean);
      const uploads = await UploadAllowance.open(stores.pool, config.filesPerDay, clock);
      const issuer = oidc === null && !production ? await LocalIssuer.open(dataDir) : null;
      const verifier = issuer ? TokenVerifier.forLocalIssuer(issuer) : verifierFor(config);
      const feeds = new SharedFeeds(feed, {
        onError: (error) => logger.warn({ err: error }, 'the feeds could not be read'),
      });
      const consumerGroups = await ConsumerGroups.open(stores.pool, feeds, stores.readModels);
      const addresses = addressesOf(config);
      const webhooks = new Webhooks({ store: stores.log, vault, clock, addresses });
      const registrations = new RegistrationTurns(stores.pool);
      const deliveries = await DeliveryStore.open(stores.pool, feeds, stores.readModels);
      await refuseReplacedLog(stores, logger);
      await directory.start();
      gate.start();
      return new Platform(
        ...([
          config,
          clock,
          logger,
          createMetrics({ role: config.roles.join(',') }),
          stores,
          directory,
        ] as const),
        ...([publisher, gate, feeds, consumerGroups, receipts, vault] as const),
        ...([
          files,
          uploads,
          webhooks,
          registrations,
          deliveries,
          fileStore,
          issuer,
          verifier,
          fail,
        ] as const),
      );
    } catch (error) {
      await stores.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.gate.stop();
    await this.directory.stop();
    await this.fileStore.close();
    await this.vault.close();
    await this.stores.close();
  }
}

/** Which addresses webhooks may call. */
export function addressesOf({ webhookLocalAddresses, production }: Config): AddressPolicy {
  return { localAddresses: webhookLocalAddresses, httpsOnly: production };
}

/** Without an issuer this process serves no API (the settings see to that): health and metrics ask for no token. */
function verifierFor({ oidc }: Config): Pick<TokenVerifier, 'verify'> {
  if (oidc !== null) return TokenVerifier.forOidc(oidc);
  return { verify: () => Promise.reject(new TokenInvalid('this process trusts no issuer')) };
}

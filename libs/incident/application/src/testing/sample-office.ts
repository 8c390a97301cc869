import { SimulatedClock, uuidV5, type Clock } from '@shaoying/config';
import { InMemoryEventStore, type EventStore, type RecordedEvent } from '@shaoying/event-store';
import type { SealedReporter } from '@shaoying/incident-domain';
import { EventSourcedJurisdictionDirectory, JurisdictionPublisher } from '@shaoying/jurisdiction-application';
import { lindongYaml } from '@shaoying/jurisdiction-application/testing';
import { InMemoryPersonalDataVault } from '@shaoying/personal-data/testing';
import { CheckHandlingHandler, CloseIncidentHandler, RecordFeedbackHandler } from '../closing.handlers.js';
import {
  IncidentCommandService,
  IncidentJurisdiction,
  ReceiptCodes,
  ReporterVault,
  type CommandContext,
} from '../index.js';
import { FileIncidentHandler, ImportIncidentHandler, ReportIncidentHandler } from '../intake.handlers.js';
import { CompleteSelfHandlingHandler, StartSelfHandlingHandler } from '../self-handling.handlers.js';
import {
  AcknowledgeTaskHandler,
  BlowWhistleHandler,
  CheckInHandler,
  CompleteTaskHandler,
  MarkOverdueHandler,
} from '../whistle.handlers.js';

/** A Monday, 09:00 in Shanghai. */
export const OPENING = '2026-03-02T01:00:00.000Z';

const keys = '6d0f8a0e-2f0b-5b0e-9a53-0a9f4d1c7b21';
const admin = { id: 'admin-1', role: 'admin', orgUnitId: null };

class SampleReporterVault extends ReporterVault {
  readonly data = new InMemoryPersonalDataVault();

  override seal(
    subjectId: string,
    reporter: { readonly name: string | null; readonly phone: string | null },
  ): Promise<SealedReporter> {
    return this.data.seal(subjectId, reporter);
  }
}

/** Every command handler over one log in memory, with 临东市 published in it and a clock that stands still. */
export class SampleOffice {
  readonly clock = new SimulatedClock(OPENING);
  readonly vault = new SampleReporterVault();
  readonly receipts = new ReceiptCodes(Buffer.alloc(32, 7));
  private requests = 0;

  private constructor(
    readonly store: EventStore,
    readonly directory: EventSourcedJurisdictionDirectory,
    /** Position after the jurisdiction's own events. */
    private readonly opened: string,
  ) {}

  static async open(store: EventStore = new InMemoryEventStore()): Promise<SampleOffice> {
    const directory = new EventSourcedJurisdictionDirectory(store);
    await directory.start();
    const { position } = await new JurisdictionPublisher(store, directory).publishFile(
      lindongYaml(),
      admin,
      OPENING,
    );
    return new SampleOffice(store, directory, position);
  }

  async close(): Promise<void> {
    await this.directory.stop();
    await this.store.close();
  }

  /** Publishes the sample file with one passage changed. */
  async publishChanged(passage: string, replacement: string): Promise<void> {
    const yaml = lindongYaml();
    if (!yaml.includes(passage)) throw new Error(`the sample file has no "${passage}"`);
    const now = this.clock.now().toISOString();
    const publisher = new JurisdictionPublisher(this.store, this.directory);
    await publisher.publishFile(yaml.replace(passage, replacement), admin, now);
  }

  /** A request by this role; the same `key` makes it the same command. */
  as(role: string, orgUnitId: string | null, key = `request ${(this.requests += 1)}`): CommandContext {
    const commandId = uuidV5(keys, key);
    return {
      ...{ commandId, correlationId: commandId, causationId: commandId, requestHash: 'a'.repeat(64) },
      actor: { id: `${role} ${orgUnitId}`, role, orgUnitId },
    };
  }

  /** The events of incidents in the log, in total order. */
  async incidentEvents(): Promise<RecordedEvent[]> {
    const events = await this.store.readAll(this.opened, { limit: 5_000 });
    return events.filter(({ streamId }) => streamId.startsWith('incident-'));
  }

  service(store: EventStore = this.store, clock: Clock = this.clock): IncidentCommandService {
    return new IncidentCommandService(store, clock);
  }

  get jurisdiction(): IncidentJurisdiction {
    return new IncidentJurisdiction(this.directory);
  }

  /** Handlers over this office's log, or over what stands before it. */
  handlers(incidents: IncidentCommandService = this.service()) {
    const { jurisdiction, receipts, vault } = this;
    return {
      report: new ReportIncidentHandler(incidents, jurisdiction, receipts, vault),
      importCase: new ImportIncidentHandler(incidents, jurisdiction, receipts),
      file: new FileIncidentHandler(incidents, jurisdiction),
      startSelfHandling: new StartSelfHandlingHandler(incidents, jurisdiction),
      completeSelfHandling: new CompleteSelfHandlingHandler(incidents),
      blowWhistle: new BlowWhistleHandler(incidents, jurisdiction),
      acknowledge: new AcknowledgeTaskHandler(incidents),
      checkIn: new CheckInHandler(incidents),
      complete: new CompleteTaskHandler(incidents),
      markOverdue: new MarkOverdueHandler(incidents),
      check: new CheckHandlingHandler(incidents, jurisdiction),
      feedback: new RecordFeedbackHandler(incidents),
      close: new CloseIncidentHandler(incidents),
    };
  }
}

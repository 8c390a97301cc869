import { SimulatedClock, uuidV5, type Clock } from '@shaoying/config';
import { InMemoryEventStore, type EventStore, type RecordedEvent } from '@shaoying/event-store';
import type { EvidenceFacts, SealedReporter } from '@shaoying/incident-domain';
import {
  EventSourcedJurisdictionDirectory,
  JurisdictionPublisher,
  readJurisdictionFile,
  type JurisdictionDocuments,
} from '@shaoying/jurisdiction-application';
import { lindongYaml } from '@shaoying/jurisdiction-application/testing';
import { InMemoryPersonalDataVault } from '@shaoying/personal-data/testing';
import * as application from '../index.js';
import {
  IncidentCommandService,
  IncidentJurisdiction,
  OpenTasks,
  ReceiptCodes,
  ReporterPhotos,
  ReporterVault,
  type CommandContext,
  CallRecords,
  EvidenceCaptures,
  IncidentsWithDeadlines,
  type MovedTask,
  type PersonalData,
  type PhotoSender,
  type QueuedTask,
  type TaskPlace,
} from '../index.js';

/** A Monday, 09:00 in Shanghai. */
export const OPENING = '2026-03-02T01:00:00.000Z';

const keys = '6d0f8a0e-2f0b-5b0e-9a53-0a9f4d1c7b21';
const admin = { id: 'admin-1', role: 'admin', orgUnitId: null };

class SampleReporterVault extends ReporterVault {
  readonly data = new InMemoryPersonalDataVault();

  override sealNew(data: PersonalData): Promise<SealedReporter> {
    return this.data.sealNew(data);
  }

  override seal(subjectId: string, data: PersonalData): Promise<SealedReporter> {
    return this.data.seal(subjectId, data);
  }

  override unseal(sealed: SealedReporter): Promise<unknown> {
    return this.data.unseal(sealed);
  }

  override forget(subjectId: string): Promise<void> {
    return this.data.forget(subjectId);
  }
}

/** Queues as the spec says they are. */
class SampleQueues extends OpenTasks {
  readonly tasks = new Map<string, readonly MovedTask[]>();

  override of(departmentId: string, limit: number, after: TaskPlace | null): Promise<readonly QueuedTask[]> {
    const all = this.tasks.get(departmentId) ?? [];
    const from = all.findIndex(({ taskId }) => taskId === after?.taskId) + 1;
    return Promise.resolve(all.slice(from, from + limit).map((task) => ({ ...task, notifiedAt: OPENING })));
  }
}

/** Incidents as the spec says they are. */
class SampleOwing extends IncidentsWithDeadlines {
  readonly incidents: string[] = [];

  override page(after: string | null, limit: number): Promise<readonly string[]> {
    const from = after === null ? 0 : this.incidents.indexOf(after) + 1;
    return Promise.resolve(this.incidents.slice(from, from + limit));
  }
}

/** Cameras as the spec says they spoke. */
class SampleCaptures extends EvidenceCaptures {
  readonly facts: EvidenceFacts[] = [];

  override factsOf(evidence: readonly string[]): Promise<readonly EvidenceFacts[]> {
    return Promise.resolve(this.facts.filter(({ sha256 }) => evidence.includes(sha256)));
  }
}

/** Photos by who has sent them. */
class SamplePhotos extends ReporterPhotos {
  readonly sent = new Map<string, Set<string>>();

  send(sha256: string, sender: PhotoSender): void {
    this.sent.set(sha256, (this.sent.get(sha256) ?? new Set()).add(whose(sender)));
  }

  override withdraw(sha256: string, senders: readonly PhotoSender[]): Promise<void> {
    for (const sender of senders) this.sent.get(sha256)?.delete(whose(sender));
    if (this.sent.get(sha256)?.size === 0) this.sent.delete(sha256);
    return Promise.resolve();
  }
}

const whose = (sender: PhotoSender): string =>
  'reportOf' in sender ? `report ${sender.reportOf}` : `unit ${sender.orgUnitId ?? sender.id}`;

let documents: JurisdictionDocuments | undefined;

/** Read once: specs open an office for each test, and reading the file is most of what that takes. */
const sampleDocuments = (): JurisdictionDocuments => (documents ??= readJurisdictionFile(lindongYaml()));

/** Every command handler over one log in memory, with 临东市 published in it and a clock that stands still. */
export class SampleOffice {
  readonly clock = new SimulatedClock(OPENING);
  readonly vault = new SampleReporterVault();
  readonly queue = new SampleQueues();
  readonly owing = new SampleOwing();
  readonly captures = new SampleCaptures();
  readonly photos = new SamplePhotos();
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
    const publisher = new JurisdictionPublisher(store, directory);
    const { position } = await publisher.publish(sampleDocuments(), admin, OPENING);
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
    const { jurisdiction, receipts, vault, queue, owing, clock, captures, photos } = this;
    return {
      report: new application.ReportIncidentHandler(incidents, jurisdiction, receipts, vault),
      supplement: new application.SupplementReportHandler(incidents),
      importCase: new application.ImportIncidentHandler(incidents, jurisdiction, receipts),
      locate: new application.LocateIncidentHandler(incidents, jurisdiction),
      verify: new application.VerifyIncidentHandler(incidents),
      reject: new application.RejectIncidentHandler(incidents),
      file: new application.FileIncidentHandler(incidents, jurisdiction),
      withdraw: new application.WithdrawIncidentHandler(incidents, jurisdiction),
      voidIt: new application.VoidIncidentHandler(incidents, receipts),
      flagReporter: new application.FlagReporterHandler(incidents),
      decideFlag: new application.DecideReporterFlagHandler(incidents, receipts),
      reveal: new application.RevealReporterHandler(incidents, vault),
      forget: new application.ForgetReporterHandler(incidents, vault, photos),
      startSelfHandling: new application.StartSelfHandlingHandler(incidents, jurisdiction),
      selfHandlerContact: new application.RecordSelfHandlerContactHandler(incidents),
      completeSelfHandling: new application.CompleteSelfHandlingHandler(incidents, jurisdiction, captures),
      escalate: new application.EscalateLevelHandler(incidents),
      blowWhistle: new application.BlowWhistleHandler(incidents, jurisdiction),
      approveWhistle: new application.ApproveWhistleHandler(incidents, jurisdiction),
      cancelWhistle: new application.CancelWhistleHandler(incidents, jurisdiction),
      evaluate: new application.EvaluateTaskHandler(incidents),
      addDepartment: new application.AddDepartmentHandler(incidents, jurisdiction),
      changeLead: new application.ChangeLeadHandler(incidents, jurisdiction),
      acknowledge: new application.AcknowledgeTaskHandler(incidents),
      contact: new application.RecordContactHandler(incidents),
      checkIn: new application.CheckInHandler(incidents, captures),
      progress: new application.ReportProgressHandler(incidents),
      complete: new application.CompleteTaskHandler(incidents, jurisdiction, captures),
      requestReturn: new application.RequestReturnHandler(incidents, jurisdiction),
      decideReturn: new application.DecideReturnHandler(incidents, jurisdiction),
      openArbitration: new application.OpenArbitrationHandler(incidents, jurisdiction),
      arbitrate: new application.ArbitrateHandler(incidents, jurisdiction),
      requestExtension: new application.RequestExtensionHandler(incidents, jurisdiction),
      decideExtension: new application.DecideExtensionHandler(incidents, jurisdiction),
      requestRelease: new application.RequestReleaseHandler(incidents),
      release: new application.ReleaseTaskHandler(incidents, jurisdiction),
      bookWork: new application.BookWorkHandler(incidents),
      urge: new application.UrgeTaskHandler(incidents),
      transfer: new application.TransferTaskHandler(incidents, jurisdiction),
      transferAll: new application.TransferOpenTasksHandler(
        ...([incidents, jurisdiction, queue, clock, new CallRecords(this.store)] as const),
      ),
      fixProvisional: new application.FixProvisionalDeadlinesHandler(incidents, jurisdiction),
      moveDeadlines: new application.MoveOpenDeadlinesHandler(
        ...([incidents, jurisdiction, owing, clock, new CallRecords(this.store)] as const),
      ),
      markOverdue: new application.MarkOverdueHandler(incidents, jurisdiction),
      check: new application.CheckHandlingHandler(incidents, jurisdiction, receipts, captures),
      feedback: new application.RecordFeedbackHandler(incidents, jurisdiction, vault, receipts),
      correctFeedback: new application.CorrectFeedbackHandler(incidents, vault, receipts),
      close: new application.CloseIncidentHandler(incidents, jurisdiction),
      reopen: new application.ReopenIncidentHandler(incidents, jurisdiction),
      suspend: new application.SuspendIncidentHandler(incidents, jurisdiction),
      resume: new application.ResumeIncidentHandler(incidents, jurisdiction),
      merge: new application.MergeIncidentHandler(incidents, jurisdiction),
      unmerge: new application.UnmergeIncidentHandler(incidents, jurisdiction),
      settleMerge: new application.SettleMergeHandler(incidents, jurisdiction),
      supervise: new application.IssueSupervisionHandler(incidents, jurisdiction),
      respond: new application.RespondToSupervisionHandler(incidents),
      lift: new application.LiftSupervisionHandler(incidents),
      appeal: new application.FileAppealHandler(incidents),
      decideAppeal: new application.DecideAppealHandler(incidents),
    };
  }
}

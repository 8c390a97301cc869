import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { uuidV5 } from '@shaoying/config';
import { decodeIncidentEvent, type RecordedIncidentEvent } from '@shaoying/incident-contracts';
import type { IncidentEvent, Location, PersonalField, SealedReporter } from '@shaoying/incident-domain';
import { IncidentCommandService, type CommandBuilder } from './incident.command-service.js';
import { IncidentRefused, TooMuchContention } from './incident.errors.js';
import {
  ForgetReporterCommand,
  RevealReporterCommand,
  type ForgottenOutcome,
  type RevealedOutcome,
  type RevealedReporter,
} from './persons.messages.js';
import { ReporterPhotos } from './reporter-photos.js';
import { ReporterVault } from './reporter-vault.js';

type Opened = Readonly<Record<string, unknown>>;

/** Everything that the events of an incident hold sealed, oldest first. */
function sealedIn(history: readonly IncidentEvent[]): SealedReporter[] {
  return history.flatMap((event) => {
    if (event.type === 'IncidentReported') return event.data.reporter ?? [];
    return event.type === 'PersonalDataSealed' ? event.data.sealed : [];
  });
}

@CommandHandler(RevealReporterCommand)
export class RevealReporterHandler implements ICommandHandler<RevealReporterCommand> {
  constructor(
    private readonly incidents: IncidentCommandService,
    private readonly vault: ReporterVault,
  ) {}

  /** Opened first, recorded second, told last: nobody is told what is not on record, nor is on record what nobody was told. */
  async execute({ context, incidentId, request }: RevealReporterCommand): Promise<RevealedOutcome> {
    let opened: Opened[] = [];
    const build: CommandBuilder = async (_, origin, history) => {
      opened = await this.open(history);
      return { kind: 'RevealReporter', origin, ...request, readable: opened.length > 0 };
    };
    const outcome = await this.incidents.execute(context, incidentId, build);
    // The same was recorded at this very instant, maybe of somebody else: nobody is told on another's record.
    if (outcome.events.length === 0) throw new TooMuchContention('asked twice at once');
    // A retry is told again what it was told, while whoever asks has the matter in hand still.
    if (outcome.replayed) {
      const { ifMatch: _, ...again } = { ...context, commandId: uuidV5(context.commandId, 'again') };
      await this.incidents.weigh(again, incidentId, build);
    }
    return { ...outcome, reporter: told(opened, request.fields) };
  }

  private async open(history: readonly IncidentEvent[]): Promise<Opened[]> {
    const all = await Promise.all(sealedIn(history).map((sealed) => this.vault.unseal(sealed)));
    return all.filter((data): data is Opened => typeof data === 'object' && data !== null);
  }
}

const textOf = (value: unknown): string | null => (typeof value === 'string' ? value : null);

/** The latest of each; of what was said after a visit, all. */
function told(opened: readonly Opened[], fields: readonly PersonalField[]): RevealedReporter {
  const asked = <Value>(field: PersonalField, value: Value): Value | null =>
    fields.includes(field) ? value : null;
  const of = (name: string): unknown => opened.findLast((data) => name in data)?.[name];
  return {
    name: asked('NAME', textOf(of('name'))),
    phone: asked('PHONE', textOf(of('phone'))),
    description: asked('DESCRIPTION', textOf(of('description'))),
    note: asked('NOTE', textOf(of('note'))),
    location: asked('LOCATION', (of('location') ?? null) as Location | null),
    comments:
      asked(
        'COMMENT',
        opened.flatMap((data) => textOf(data['comment']) ?? []),
      ) ?? [],
  };
}

@CommandHandler(ForgetReporterCommand)
export class ForgetReporterHandler implements ICommandHandler<ForgetReporterCommand> {
  constructor(
    private readonly incidents: IncidentCommandService,
    private readonly vault: ReporterVault,
    private readonly photos: ReporterPhotos,
  ) {}

  /**
   * Keys and photos first: cut between that and the record, whoever asks again finds the person gone and puts it on record.
   * Photos that arrived meanwhile go after it; what comes later still finds the record, and goes by itself.
   */
  async execute({ context, incidentId }: ForgetReporterCommand): Promise<ForgottenOutcome> {
    const found = await this.incidents.find(incidentId);
    if (found === null) throw new IncidentRefused({ code: 'INCIDENT_NOT_FOUND' });
    const history = found.recorded.map(decodeIncidentEvent);
    // Also of those that are on record as forgotten: a key database that was restored may have brought one back.
    const subjectIds = [...new Set(sealedIn(history).map(({ subjectId }) => subjectId))];
    for (const subjectId of subjectIds) await this.vault.forget(subjectId);
    await this.removePhotos(incidentId, history);
    const outcome = await this.incidents.execute(context, incidentId, (_, origin) => ({
      kind: 'ForgetReporter',
      ...{ origin, subjectIds },
    }));
    const after = await this.incidents.find(incidentId);
    await this.removePhotos(incidentId, after?.recorded.map(decodeIncidentEvent) ?? []);
    return { ...outcome, subjectIds };
  }

  /** Those of the report, whoever has sent them for the reporter; what others name as their own evidence stays theirs. */
  private async removePhotos(incidentId: string, history: readonly RecordedIncidentEvent[]): Promise<void> {
    for (const { type, data, actor } of history) {
      if (type !== 'IncidentReported' && type !== 'ReportSupplemented') continue;
      for (const sha256 of data.evidence)
        await this.photos.withdraw(sha256, [{ reportOf: incidentId }, actor]);
    }
  }
}

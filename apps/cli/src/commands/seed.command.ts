import 'reflect-metadata';
import { uuidV5 } from '@shaoying/config';
import {
  AcknowledgeTaskCommand,
  AcknowledgeTaskHandler,
  BlowWhistleCommand,
  BlowWhistleHandler,
  CheckHandlingCommand,
  CheckHandlingHandler,
  CheckInCommand,
  CheckInHandler,
  CloseIncidentCommand,
  CloseIncidentHandler,
  CompleteTaskCommand,
  CompleteTaskHandler,
  FileIncidentCommand,
  FileIncidentHandler,
  IncidentCommandService,
  IncidentJurisdiction,
  NoCaptures,
  ReceiptCodes,
  RecordFeedbackCommand,
  RecordFeedbackHandler,
  ReportIncidentCommand,
  ReportIncidentHandler,
  ReporterVault,
  StartSelfHandlingCommand,
  StartSelfHandlingHandler,
  type CommandContext,
  type CommandOutcome,
} from '@shaoying/incident-application';
import type { EventSourcedJurisdictionDirectory } from '@shaoying/jurisdiction-application';
import type { Category, OrgUnit } from '@shaoying/jurisdiction-domain';
import { CommandFailed } from '../cli.errors.js';
import { startProgress } from '../progress.js';
import { show, type Terminal } from '../terminal.js';
import { withDirectory, type Workplace } from '../workplace.js';

/** Namespace of the demo's commands: seeding again sends the same ones. */
const SEED = '3d7e9f54-8a0b-5c16-b2d9-5f7c1e6a4083';

export interface SeedSummary {
  readonly incidents: number;
  readonly eventsWritten: number;
  /** Commands that an earlier seeding had carried out already. */
  readonly replayed: number;
}

/** `seed`: incidents in every state of the main path, made by the real command handlers. */
export async function seedIncidents(
  incidents: number,
  json: boolean,
  terminal: Terminal,
  signal: AbortSignal,
  workplace: Workplace,
): Promise<void> {
  await withDirectory(workplace, async (directory) => {
    const stage = await openStage(workplace, directory);
    const progress = await startProgress(terminal, 'incidents');
    let done = 0;
    try {
      for (; done < incidents && !signal.aborted; done += 1) {
        await playOne(stage, done);
        progress.update(done + 1, incidents);
      }
    } finally {
      progress.stop();
    }
    const { eventsWritten, replayed } = stage.told;
    const summary: SeedSummary = { incidents: done, eventsWritten, replayed };
    show(terminal, json, summary, () => [
      `${done} demo incidents: ${eventsWritten} events written, ${replayed} commands done before`,
    ]);
    if (done < incidents) throw new CommandFailed('stopped before the end; seed again to go on');
  });
}

interface Stage {
  readonly service: IncidentCommandService;
  readonly jurisdiction: IncidentJurisdiction;
  readonly receipts: ReceiptCodes;
  readonly estates: readonly OrgUnit[];
  readonly categories: readonly Category[];
  readonly directory: EventSourcedJurisdictionDirectory;
  readonly told: { eventsWritten: number; replayed: number };
}

async function openStage(
  { stores, clock, config }: Workplace,
  directory: EventSourcedJurisdictionDirectory,
): Promise<Stage> {
  const estates = directory.orgUnits('ESTATE');
  const categories = directory.categories().filter(({ active }) => active);
  if (directory.policies().length === 0 || estates.length === 0 || categories.length === 0) {
    throw new CommandFailed('no jurisdiction with estates and categories is published: run npm start once');
  }
  return {
    service: new IncidentCommandService(stores.log, clock),
    jurisdiction: new IncidentJurisdiction(directory),
    receipts: await ReceiptCodes.open(config.dataDir),
    ...{ estates, categories, directory, told: { eventsWritten: 0, replayed: 0 } },
  };
}

const nobody = (): Promise<never> => Promise.reject(new Error('demo incidents have no reporter'));

/** Nobody reports a demo, so there is nobody whose data would have to be sealed. */
class NoReporters extends ReporterVault {
  readonly sealNew = nobody;
  readonly seal = nobody;
  readonly unseal = nobody;
  readonly forget = nobody;
}

/** How far incident n goes, in turn; each begins where the one before it ends. */
const endings = [
  'REPORTED',
  'FILED',
  'SELF_HANDLING',
  'WHISTLED',
  'ACKNOWLEDGED',
  'CHECKED_IN',
  'COMPLETED',
  'CHECKED',
  'CLOSED',
] as const;
type Ending = (typeof endings)[number];

interface Cast {
  readonly street: string | null;
  readonly community: string | null;
  readonly district: string | null;
  readonly department: string;
}

async function playOne(stage: Stage, index: number): Promise<void> {
  const ending = endings[index % endings.length] ?? 'REPORTED';
  const estate = stage.estates[(index * 7) % stage.estates.length];
  const category = stage.categories[(index * 3) % stage.categories.length];
  if (!estate || !category?.responsibleDepartmentId) return;
  const cast = castOf(stage.directory, estate, category.responsibleDepartmentId);
  const incidentId = await report(stage, index, estate, category, cast);
  if (ending === 'REPORTED') return;
  await tell(
    stage,
    new FileIncidentHandler(stage.service, stage.jurisdiction).execute(
      new FileIncidentCommand(contextOf(index, 'file', 'street-office', cast.street), incidentId),
    ),
  );
  if (ending === 'SELF_HANDLING') {
    const context = contextOf(index, 'self-handling', 'community', cast.community);
    const command = new StartSelfHandlingCommand(context, incidentId, { level: 'COMMUNITY', note: null });
    await tell(stage, new StartSelfHandlingHandler(stage.service, stage.jurisdiction).execute(command));
  } else if (ending !== 'FILED') {
    await whistleAndOn(stage, index, incidentId, category, cast, ending);
  }
}

function castOf(directory: EventSourcedJurisdictionDirectory, estate: OrgUnit, department: string): Cast {
  const line = directory.ancestors(estate.id);
  const idOf = (kind: OrgUnit['kind']): string | null => line.find((unit) => unit.kind === kind)?.id ?? null;
  return {
    ...{ street: idOf('SUBDISTRICT'), community: idOf('COMMUNITY'), district: idOf('DISTRICT') },
    department,
  };
}

async function report(
  stage: Stage,
  index: number,
  estate: OrgUnit,
  category: Category,
  { street }: Cast,
): Promise<string> {
  const { service, jurisdiction, receipts } = stage;
  const handler = new ReportIncidentHandler(service, jurisdiction, receipts, new NoReporters());
  const command = new ReportIncidentCommand(contextOf(index, 'report', 'street-office', street), {
    ...{
      category: category.code,
      severity: 'MINOR',
      description: `${estate.name}：${category.name}（演示）`,
    },
    location: { lon: null, lat: null, crs: 'WGS84', address: estate.name },
    ...{ gridId: null, estateId: estate.id, occurredAt: null, channel: 'PATROL' },
    ...{ reporter: null, anonymous: true, file: false },
  });
  return (await tell(stage, handler.execute(command))).incidentId;
}

async function whistleAndOn(
  stage: Stage,
  index: number,
  incidentId: string,
  category: Category,
  cast: Cast,
  ending: Ending,
): Promise<void> {
  const { service, jurisdiction } = stage;
  const reaches = (step: Ending): boolean => endings.indexOf(ending) >= endings.indexOf(step);
  const whistle = contextOf(index, 'whistle', 'street-office', cast.street);
  const blow = new BlowWhistleCommand(whistle, incidentId, {
    ...{ kind: 'PUBLIC_DEMAND', lead: cast.department, assists: [], reason: `${category.name}，请到场处置` },
  });
  await tell(stage, new BlowWhistleHandler(service, jurisdiction).execute(blow));
  const taskId = uuidV5(whistle.commandId, `task:${cast.department}`);
  const byDepartment = (step: string): CommandContext =>
    contextOf(index, step, 'department', cast.department);
  if (reaches('ACKNOWLEDGED')) {
    const command = new AcknowledgeTaskCommand(byDepartment('acknowledge'), incidentId, taskId);
    await tell(stage, new AcknowledgeTaskHandler(service).execute(command));
  }
  if (reaches('CHECKED_IN')) {
    const arrival = { occurredAt: null, location: null, note: '已到现场', evidence: [] };
    const command = new CheckInCommand(byDepartment('check-in'), incidentId, taskId, arrival);
    await tell(stage, new CheckInHandler(service, new NoCaptures()).execute(command));
  }
  if (reaches('COMPLETED')) {
    const result = { note: '处置完毕', evidence: [] };
    const command = new CompleteTaskCommand(byDepartment('complete'), incidentId, taskId, result);
    await tell(stage, new CompleteTaskHandler(service, jurisdiction, new NoCaptures()).execute(command));
  }
  if (reaches('CHECKED')) await checkAndClose(stage, index, incidentId, cast, reaches('CLOSED'));
}

async function checkAndClose(
  { service, jurisdiction, ...stage }: Stage,
  index: number,
  incidentId: string,
  { district }: Cast,
  closes: boolean,
): Promise<void> {
  const all = { service, jurisdiction, ...stage };
  const centre = contextOf(index, 'check', 'supervision-centre', district);
  const check = new CheckHandlingCommand(centre, incidentId, {
    ...{ result: 'PASS', note: '现场核查通过', evidence: [] },
  });
  const checking = new CheckHandlingHandler(service, jurisdiction, all.receipts, new NoCaptures());
  await tell(all, checking.execute(check));
  if (!closes) return;
  const callback = contextOf(index, 'feedback', 'callback', district);
  const feedback = new RecordFeedbackCommand(callback, incidentId, {
    ...{ solved: 'SOLVED', satisfaction: 'SATISFIED', comment: null, receiptCode: null },
  });
  const { receipts } = all;
  const rating = new RecordFeedbackHandler(service, jurisdiction, new NoReporters(), receipts);
  await tell(all, rating.execute(feedback));
  const close = new CloseIncidentCommand(
    contextOf(index, 'close', 'supervision-centre', district),
    incidentId,
  );
  await tell(all, new CloseIncidentHandler(service, jurisdiction).execute(close));
}

async function tell<Outcome extends CommandOutcome>(
  { told }: Pick<Stage, 'told'>,
  answer: Promise<Outcome>,
): Promise<Outcome> {
  const outcome = await answer;
  if (outcome.replayed) told.replayed += 1;
  else told.eventsWritten += outcome.events.length;
  return outcome;
}

function contextOf(index: number, step: string, role: string, orgUnitId: string | null): CommandContext {
  const commandId = uuidV5(SEED, `${index}:${step}`);
  const correlationId = uuidV5(SEED, String(index));
  const actor = { id: `seed-${role}`, role, orgUnitId };
  return { commandId, correlationId, causationId: commandId, actor };
}

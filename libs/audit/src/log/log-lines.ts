import type { RecordedEvent } from '@shaoying/event-store';
import type { ApiKeyEvent, ApiKeyEventType } from '@shaoying/identity';
import {
  decodeIncidentEvent,
  isIncidentEventType,
  openDeadlinesMoved,
  openTasksTransferred,
} from '@shaoying/incident-contracts';
import {
  isJurisdictionEventType,
  parseJurisdictionEvent,
  type JurisdictionEvent,
} from '@shaoying/jurisdiction-contracts';
import { decodeSkippedEvent, EVENT_SKIPPED } from '@shaoying/projections';
import { decodeWebhookEvent, type WebhookEvent, type WebhookEventType } from '@shaoying/webhooks';
import { checkpointIn, checkpointLine } from '../checkpoints/checkpoint.events.js';
import { plainLineOf, type NameOf, type PlainLine } from '../plain-lines.js';
import { decodeOversightEvent, type OversightEvent } from '../trail/oversight.events.js';
import { jurisdictionLines } from './log-lines.jurisdiction.js';
import { apiKeyLines } from './log-lines.keys.js';
import { oversightLines } from './log-lines.oversight.js';
import { webhookLines } from './log-lines.webhooks.js';

/**
 * What happened, in Chinese and English, for any event of the log: of incidents, of the jurisdiction, of calls over many
 * incidents, of API keys, of webhooks, of read models, of oversight itself. An event of a release to come is told by its name: a trail is read to its
 * end, whatever is in it.
 */
export function logLineOf(event: RecordedEvent, name: NameOf): PlainLine {
  try {
    return knownLineOf(event, name) ?? unknownLineOf(event);
  } catch (error) {
    if (isUnknown(error)) return unknownLineOf(event);
    throw error;
  }
}

/** Codes of what decoders throw for an event that this release cannot read. */
const unreadable = ['UNKNOWN_EVENT', 'JURISDICTION_EVENT_POISONED'];
const isUnknown = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && unreadable.includes(String(error.code));

const unknownLineOf = ({ type, schemaVersion }: RecordedEvent): PlainLine => ({
  zh: `本版本不认识的记录 ${type}（第 ${schemaVersion} 版）`,
  en: `${type} version ${schemaVersion}, which this release does not know`,
});

/** Undefined for a type that no table here has. */
export function knownLineOf(event: RecordedEvent, name: NameOf): PlainLine | undefined {
  const { type } = event;
  if (isIncidentEventType(type)) return plainLineOf(decodeIncidentEvent(event), name);
  if (isJurisdictionEventType(type)) return jurisdictionLineOf(parseJurisdictionEvent(event));
  if (type === openTasksTransferred.type) {
    const { departmentId, to, moved, refused } = openTasksTransferred.decode(event);
    return {
      zh: `${name(departmentId)} 的在办任务移交 ${name(to)}：${moved.length} 件，未能移交 ${refused.length} 件`,
      en: `Open tasks of ${name(departmentId)} transferred to ${name(to)}: ${moved.length}, refused ${refused.length}`,
    };
  }
  if (type === openDeadlinesMoved.type) {
    const { policyId, policyVersion, moved, stayed } = openDeadlinesMoved.decode(event);
    return {
      zh: `按时限政策 ${policyId} 第 ${policyVersion} 版调整在途时限：${moved.length} 项，未变 ${stayed.length} 项`,
      en: `Open deadlines moved under policy ${policyId} version ${policyVersion}: ${moved.length}, unmoved ${stayed.length}`,
    };
  }
  if (Object.hasOwn(apiKeyLines, type) && event.schemaVersion === 1) return apiKeyLineOf(event, name);
  if (Object.hasOwn(webhookLines, type)) return webhookLineOf(decodeWebhookEvent(event), name);
  if (type === EVENT_SKIPPED) {
    const { projection, position, eventType } = decodeSkippedEvent(event);
    return {
      zh: `读模型 ${projection} 跳过位置 ${position} 的记录 ${eventType}`,
      en: `Read model ${projection} told to pass by ${eventType} at position ${position}`,
    };
  }
  const checkpoint = checkpointIn(event);
  if (checkpoint !== undefined) return checkpointLine(checkpoint);
  const ofOversight = decodeOversightEvent(event);
  return ofOversight === null ? undefined : oversightLineOf(ofOversight);
}

// Each table is exhaustive by type; TypeScript cannot relate a key to its own function's parameter.

function jurisdictionLineOf({ type, data }: JurisdictionEvent): PlainLine {
  return (jurisdictionLines[type] as (data: JurisdictionEvent['data']) => PlainLine)(data);
}

function apiKeyLineOf({ type, data }: RecordedEvent, name: NameOf): PlainLine {
  const line = apiKeyLines[type as ApiKeyEventType] as (data: ApiKeyEvent['data'], name: NameOf) => PlainLine;
  return line(data as ApiKeyEvent['data'], name);
}

function webhookLineOf({ type, data }: WebhookEvent, name: NameOf): PlainLine {
  const line = webhookLines[type as WebhookEventType] as (
    data: WebhookEvent['data'],
    name: NameOf,
  ) => PlainLine;
  return line(data, name);
}

function oversightLineOf({ type, data }: OversightEvent): PlainLine {
  return (oversightLines[type] as (data: OversightEvent['data']) => PlainLine)(data);
}

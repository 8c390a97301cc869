import { auditTree } from '@shaoying/audit';
import type { Config } from '@shaoying/config';
import { apiKeyIndex } from '@shaoying/identity';
import { incidentProjections } from '@shaoying/incident-read-models';
import type { Projection } from '@shaoying/projections';
import { webhookIndex } from '@shaoying/webhooks';

/** Every read model: filled by the role `projector`, asked by all. */
export const readModelsOf = ({ audit }: Pick<Config, 'audit'>): readonly Projection[] => [
  ...incidentProjections,
  apiKeyIndex,
  webhookIndex,
  auditTree(audit.algorithm),
];

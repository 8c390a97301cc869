import { Inject, Module, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import {
  AuditTreeQuery,
  CheckpointSigner,
  CheckpointWatch,
  FileExport,
  openCheckpointKeys,
  UrlExport,
  type CheckpointExport,
  type SignerReport,
} from '@shaoying/audit';
import type { Config } from '@shaoying/config';
import { Gauges } from '@shaoying/telemetry';
import { join } from 'node:path';
import { Platform } from './platform.js';

const gauges = {
  shaoying_audit_tree_leaves: 'Events in the audit tree',
  shaoying_audit_checkpoint_leaves: 'Events under the last signed checkpoint',
  shaoying_audit_checkpoint_timestamp_seconds: 'When the last checkpoint was signed, Unix time',
  shaoying_audit_export_lag_checkpoints: 'Signed checkpoints that are not exported',
  shaoying_audit_signing_refused: '1 while the log contradicts a checkpoint that was signed before; else 0',
} as const;

/** Signs the heads of the audit tree, beside the projector that makes it. */
@Module({
  providers: [
    {
      provide: CheckpointWatch,
      inject: [Platform],
      useFactory: async (platform: Platform) => {
        const { stores, logger, metrics } = platform;
        const told = new Gauges(metrics.registry, gauges);
        return new CheckpointWatch({
          ...{ pool: stores.pool, log: logger, signer: await signerOf(platform) },
          onReport: (report) => tell(report, told),
        });
      },
    },
  ],
})
export class CheckpointsModule implements OnApplicationBootstrap, OnModuleDestroy {
  constructor(@Inject(CheckpointWatch) private readonly watch: CheckpointWatch) {}

  onApplicationBootstrap(): void {
    this.watch.start();
  }

  async onModuleDestroy(): Promise<void> {
    await this.watch.stop();
  }
}

async function signerOf({ config, stores, clock }: Platform): Promise<CheckpointSigner> {
  const { dataDir, audit } = config;
  const tree = new AuditTreeQuery(stores.readModels);
  return new CheckpointSigner({
    ...{ store: stores.log, tree, clock, origin: audit.origin, target: exportOf(config) },
    treePosition: () => tree.position(),
    signers: await openCheckpointKeys({
      ...{ dataDir, checkpointKeyFile: audit.keyFile, auditOrigin: audit.origin },
    }),
    everyEvents: audit.checkpointEvents,
    // A look every second, and a moment to sign: within the minute that is promised.
    everySeconds: Math.max(1, audit.checkpointSeconds - 5),
  });
}

function exportOf({ dataDir, audit }: Config): CheckpointExport {
  if (!/^https?:/.test(audit.export)) return new FileExport(audit.export);
  return new UrlExport(audit.export, new FileExport(join(dataDir, 'audit', 'sent-checkpoints.txt')));
}

function tell(report: SignerReport, told: Gauges<keyof typeof gauges>): void {
  told.set('shaoying_audit_tree_leaves', report.treeSize);
  told.set('shaoying_audit_checkpoint_leaves', report.signedSize);
  if (report.signedAt)
    told.set('shaoying_audit_checkpoint_timestamp_seconds', report.signedAt.getTime() / 1_000);
  told.set('shaoying_audit_export_lag_checkpoints', report.exportLag);
  told.set('shaoying_audit_signing_refused', report.outcome.state === 'refusing' ? 1 : 0);
}

import { Controller, Get, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';
import { AuditProofs, AuditTreeQuery, type ConsistencyAnswer, type EventProof } from '@shaoying/audit';
import { Platform } from '../platform.js';
import { Tells } from './answers.dto.js';
import {
  CheckpointAnswer,
  ConsistencyProofAnswer,
  ConsistencyQuery,
  EventProofAnswer,
  KeysAnswer,
  ProofQuery,
} from './audit.dto.js';

/** That nothing in the log was altered, added late or left out, for those who need not believe us. */
@ApiTags('oversight')
@ApiBearerAuth()
@Controller('v1/audit')
export class AuditController {
  private readonly tree: AuditTreeQuery;
  private readonly proofs: AuditProofs;

  constructor(private readonly platform: Platform) {
    this.tree = new AuditTreeQuery(platform.stores.readModels);
    this.proofs = new AuditProofs(this.tree, platform.stores.log);
  }

  @Tells('The last signed checkpoint: how many events, and the root hash over them', CheckpointAnswer)
  @Get('checkpoint')
  async checkpoint(): Promise<CheckpointAnswer> {
    const { origin, size, root, algorithm, note, recordedAt } = await this.proofs.checkpoint();
    const state = await this.tree.state();
    return {
      ...{ origin, size, root, algorithm, note },
      ...{ signedAt: recordedAt.toISOString(), treeSize: state?.size ?? size },
    };
  }

  @Tells('Keys that signed checkpoints', KeysAnswer)
  @Get('keys')
  async keys(): Promise<KeysAnswer> {
    return { origin: this.platform.config.audit.origin, keys: await this.tree.keys() };
  }

  @Tells('That an event is in the log, under the last checkpoint', EventProofAnswer)
  @Get('proof')
  proof(@Query() { eventId }: ProofQuery): Promise<EventProof> {
    return this.proofs.ofEvent(eventId);
  }

  @Tells('That the tree of so many events is the beginning of a later one', ConsistencyProofAnswer)
  @Get('consistency')
  consistency(@Query() { from, to }: ConsistencyQuery): Promise<ConsistencyAnswer> {
    return this.proofs.ofConsistency(from, to);
  }
}

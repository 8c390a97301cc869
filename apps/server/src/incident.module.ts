import { Module } from '@nestjs/common';
import { CqrsModule } from '@nestjs/cqrs';
import {
  incidentCommandHandlers,
  IncidentCommandService,
  IncidentJurisdiction,
  ReceiptCodes,
  ReporterVault,
} from '@shaoying/incident-application';
import { Platform } from './platform.js';

/** Carries out incident commands; for every role that sends some. */
@Module({
  imports: [CqrsModule.forRoot()],
  providers: [
    ...incidentCommandHandlers,
    {
      provide: IncidentCommandService,
      inject: [Platform],
      useFactory: ({ stores, clock }: Platform) => new IncidentCommandService(stores.log, clock),
    },
    {
      provide: IncidentJurisdiction,
      inject: [Platform],
      useFactory: ({ directory }: Platform) => new IncidentJurisdiction(directory),
    },
    { provide: ReceiptCodes, inject: [Platform], useFactory: ({ receipts }: Platform) => receipts },
    { provide: ReporterVault, inject: [Platform], useFactory: ({ vault }: Platform) => vault },
  ],
  exports: [CqrsModule],
})
export class IncidentModule {}

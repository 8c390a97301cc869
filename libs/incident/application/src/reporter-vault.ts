import type { SealedReporter } from '@shaoying/incident-domain';

/** Where a reporter's personal data is sealed. An abstract class, so that it can be injected by its type. */
export abstract class ReporterVault {
  /** Durable before it returns: the key that opens the result is never lost with this process. */
  abstract seal(
    subjectId: string,
    reporter: { readonly name: string | null; readonly phone: string | null },
  ): Promise<SealedReporter>;
}

/** Whose name a photo was sent in: that of a report, by whoever shows its receipt, or of somebody who works here. */
export type PhotoSender =
  { readonly reportOf: string } | { readonly id: string; readonly orgUnitId: string | null };

/** Port: the photos that reporters have sent, where they are forgotten. */
export abstract class ReporterPhotos {
  /**
   * Takes a photo back from these senders; where nobody else has sent it, it is removed for ever. Again does nothing.
   * @throws what the store of files throws
   */
  abstract withdraw(sha256: string, senders: readonly PhotoSender[]): Promise<void>;
}

/** Every published version of each document of one kind: an incident resolves the version it pinned for ever. */
export class VersionedDocuments<D extends { readonly version: number }> {
  /** When each version was published, by id, oldest first. */
  private readonly publications = new Map<string, { version: number; at: string }[]>();
  private readonly byId = new Map<string, { latest: D; readonly versions: Map<number, D> }>();

  /** @param publishedAt when the log learnt of it; without it, it was known all along */
  add(id: string, document: D, publishedAt = ''): void {
    const { version } = document;
    this.publications.set(id, [...(this.publications.get(id) ?? []), { version, at: publishedAt }]);
    const known = this.byId.get(id);
    if (!known) {
      this.byId.set(id, { latest: document, versions: new Map([[document.version, document]]) });
      return;
    }
    known.versions.set(document.version, document);
    if (document.version > known.latest.version) known.latest = document;
  }

  /** Without a version the latest. */
  at(id: string, version?: number): D | undefined {
    const known = this.byId.get(id);
    return version === undefined ? known?.latest : known?.versions.get(version);
  }

  /** The latest version that was published by an instant. ISO 8601, UTC. */
  knownAt(id: string, instant: string): D | undefined {
    const known = this.publications.get(id)?.findLast(({ at }) => at <= instant);
    return known && this.at(id, known.version);
  }

  /** Every version of each, oldest first; documents in order of first publication. */
  histories(): readonly (readonly D[])[] {
    return [...this.byId.values()].map(({ versions }) => [...versions.values()]);
  }

  /** The latest of each, in order of first publication. */
  current(): readonly D[] {
    return [...this.byId.values()].map(({ latest }) => latest);
  }
}

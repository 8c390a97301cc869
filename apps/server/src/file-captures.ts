import type { Actor } from '@shaoying/event-store';
import type { CapturePlace, EvidenceFiles } from '@shaoying/files';
import { EvidenceCaptures } from '@shaoying/incident-application';
import type { EvidenceFacts, Location } from '@shaoying/incident-domain';
import { toWgs84 } from '@shaoying/jurisdiction-application';
import type { Logger } from '@shaoying/telemetry';
import { setTimeout as sleep } from 'node:timers/promises';

type Sender = Pick<Actor, 'id' | 'orgUnitId'>;

/** A command waits no longer for its photos; they are compared again whenever the incident's files are read. */
const waitMsMax = 1_500;
const EARTH_METRES = 6_371_000;

/** What cameras say, out of the files that are kept. Places are compared here and go nowhere. */
export class FileCaptures extends EvidenceCaptures {
  constructor(
    private readonly files: EvidenceFiles,
    private readonly log: Pick<Logger, 'warn'>,
  ) {
    super();
  }

  override async factsOf(
    evidence: readonly string[],
    sender: Sender,
    claimed: Location | null,
  ): Promise<readonly EvidenceFacts[]> {
    const given = new AbortController();
    const tooLong = sleep(waitMsMax, null, { signal: given.signal }).catch(() => null);
    const facts = await Promise.all(
      [...new Set(evidence)].map((sha256) =>
        Promise.race([this.factsOfOne(sha256, sender, claimed), tooLong]).catch((error: unknown) => {
          this.log.warn({ err: error, sha256 }, 'a photo could not be compared with what is said of it');
          return null;
        }),
      ),
    );
    given.abort();
    return facts.filter((found) => found !== null);
  }

  private async factsOfOne(
    sha256: string,
    sender: Sender,
    claimed: Location | null,
  ): Promise<EvidenceFacts | null> {
    if (!(await this.files.isFrom(sha256, sender))) return null;
    const record = await this.files.find(sha256);
    if (record === null) return null;
    const place = claimed === null ? null : await this.files.placeOf(record);
    const metresFromClaim = place && claimed && metresBetween(place, claimed);
    return { sha256, capturedAt: record.capturedAt, metresFromClaim };
  }
}

/** Along the earth; null where the claim is words alone. */
export function metresBetween(place: CapturePlace, { lon, lat, crs }: Location): number | null {
  if (lon === null || lat === null) return null;
  const claimed = toWgs84({ lon, lat, crs });
  const [east, north] = [radians(claimed[0] - place.lon), radians(claimed[1] - place.lat)];
  const around = Math.cos(radians(place.lat)) * Math.cos(radians(claimed[1]));
  const half = Math.sin(north / 2) ** 2 + around * Math.sin(east / 2) ** 2;
  return Math.round(2 * EARTH_METRES * Math.asin(Math.min(1, Math.sqrt(half))));
}

const radians = (degrees: number): number => (degrees * Math.PI) / 180;

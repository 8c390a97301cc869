interface Sample {
  readonly heapBytes: number;
  readonly residentBytes: number;
}

const everyMs = 2_000;

/** Follows the memory of a server by its own `/metrics`. */
export class MemoryWatch {
  readonly samples: Sample[] = [];
  /** Of the server since it began. */
  cpuS = 0;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly url: string) {}

  start(): void {
    this.timer = setInterval(() => void this.sample(), everyMs);
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.sample();
  }

  /** The least heap in each part of the run: what is left after garbage has been collected. In MiB. */
  heapFloors(parts: number): number[] {
    return this.parts(parts, (samples) => Math.min(...samples.map(({ heapBytes }) => heapBytes)));
  }

  /** The most that was resident in each part of the run. In MiB. */
  residentPeaks(parts: number): number[] {
    return this.parts(parts, (samples) => Math.max(...samples.map(({ residentBytes }) => residentBytes)));
  }

  /** In MiB; what has not been collected yet is in it. */
  async heapNow(): Promise<number> {
    await this.sample();
    return Math.round((this.samples.at(-1)?.heapBytes ?? Infinity) / 1024 ** 2);
  }

  /** As long as each other, within a sample: of a last one that is shorter the least would be no floor. Fewer where there are fewer samples. */
  private parts(parts: number, bytesOf: (samples: readonly Sample[]) => number): number[] {
    const count = Math.min(parts, this.samples.length);
    const startOf = (part: number): number => Math.round((part * this.samples.length) / count);
    return Array.from({ length: count }, (_, part) =>
      Math.round(bytesOf(this.samples.slice(startOf(part), startOf(part + 1))) / 1024 ** 2),
    );
  }

  private async sample(): Promise<void> {
    const text = await fetch(`${this.url}/metrics`).then(
      (answer) => answer.text(),
      () => '',
    );
    const read = (name: string): number =>
      Number(new RegExp(`^${name}\\{[^}]*\\} (\\S+)$`, 'm').exec(text)?.[1]);
    const sample = {
      heapBytes: read('nodejs_heap_size_used_bytes'),
      residentBytes: read('process_resident_memory_bytes'),
    };
    if (Number.isFinite(sample.heapBytes)) this.samples.push(sample);
    this.cpuS = read('process_cpu_seconds_total');
  }
}

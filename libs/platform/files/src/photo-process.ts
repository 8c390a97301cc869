import { fork, type ChildProcess } from 'node:child_process';
import {
  FileRefused,
  FileStoreUnavailable,
  ImagesNotSupported,
  type FileRefusalCode,
} from './files.errors.js';
import type { CleanPhoto, PhotoCleaner, PhotoType } from './photo.js';

/** A photo to be cleaned, as it goes to the process. */
export interface PhotoTask {
  readonly id: number;
  readonly original: Uint8Array;
  readonly declared: PhotoType;
}

/** What the process says of it. */
export type PhotoAnswer = { readonly id: number } & (
  { readonly cleaned: CleanPhoto } | { readonly refused: FileRefusalCode } | { readonly unsupported: string }
);

export interface PhotoProcessOptions {
  /** Absolute path of the program; it calls `servePhotos`. */
  readonly program: string;
  /** One that takes longer is killed with the process. Default 20,000 ms: decoding ends by itself after 15 s. */
  readonly answerMsMax?: number;
  /** The process ends when nothing has come for so long. Default 60,000 ms. */
  readonly idleMs?: number;
  /** Told of each process that died at its work. */
  readonly onDeath?: (reason: string) => void;
}

interface Waiting {
  readonly resolve: (photo: CleanPhoto) => void;
  readonly reject: (error: unknown) => void;
  readonly timer: NodeJS.Timeout;
}

/** What a program needs of its surroundings on any platform, and no setting of the server: those have passwords. */
const PASSED_ON = ['PATH', 'LD_LIBRARY_PATH', 'SystemRoot', 'TMPDIR', 'TEMP', 'TMP'];

/** By these ends what stumbled over its own input; by others, such as the kernel's for want of memory, it was ended. */
const OWN_FAULTS: readonly (string | null)[] = [
  'SIGSEGV',
  'SIGABRT',
  'SIGBUS',
  'SIGILL',
  'SIGFPE',
  'SIGTRAP',
];

/**
 * Decodes photos in a process of its own, which is started with the first and ends when none comes: decoders are C, and
 * what they are given was made by strangers. A fault in one ends that process and that upload, and neither the server nor
 * what it has in its memory.
 */
export class PhotoProcess {
  private child: ChildProcess | null = null;
  private readonly waiting = new Map<number, Waiting>();
  private tasks = 0;
  private idle: NodeJS.Timeout | undefined;
  private closed = false;

  constructor(private readonly options: PhotoProcessOptions) {}

  /** Null while there is none. */
  get pid(): number | null {
    return this.child?.pid ?? null;
  }

  /** @throws FileRefused, ImagesNotSupported, FileStoreUnavailable where the process ended by no fault of the photo */
  readonly clean: PhotoCleaner = (original, declared) =>
    new Promise<CleanPhoto>((resolve, reject) => {
      if (this.closed) return reject(unavailable('the server stops'));
      const id = (this.tasks += 1);
      const child = (this.child ??= this.started());
      clearTimeout(this.idle);
      const tooLong = (): void => {
        this.settle(id)?.reject(
          new FileRefused('FILE_UNREADABLE', { cause: new Error('decoding took too long') }),
        );
        this.end(child, 'took too long over a photo');
      };
      const timer = setTimeout(tooLong, this.options.answerMsMax ?? 20_000);
      this.waiting.set(id, { resolve, reject, timer });
      const task: PhotoTask = { id, original, declared };
      child.send(task, (error) => {
        if (error) this.settle(id)?.reject(unavailable('the process of photos could not be told', error));
      });
    });

  /** Ends the process; photos that are being decoded are told to come again. */
  close(): void {
    this.closed = true;
    clearTimeout(this.idle);
    this.child?.kill('SIGKILL');
  }

  private started(): ChildProcess {
    const env = Object.fromEntries(
      PASSED_ON.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
    );
    const child = fork(this.options.program, [], {
      ...{ env, execArgv: [], serialization: 'advanced' },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    child.on('message', (answer) => this.answered(answer as PhotoAnswer));
    child.on('error', (error) =>
      this.gone(child, unavailable('the process of photos could not be run', error)),
    );
    child.on('exit', (code, signal) => {
      const reason = `the process of photos ended (${signal ?? code})`;
      if (this.waiting.size > 0 && !this.closed && this.child === child) this.options.onDeath?.(reason);
      const cause = new Error(reason);
      const byItself = OWN_FAULTS.includes(signal);
      this.gone(child, byItself ? new FileRefused('FILE_UNREADABLE', { cause }) : unavailable(reason));
    });
    // Whoever waits for an answer keeps the server alive; the process alone does not.
    child.unref();
    child.channel?.unref();
    return child;
  }

  private answered(answer: PhotoAnswer): void {
    const task = this.settle(answer.id);
    if ('cleaned' in answer) {
      const { content } = answer.cleaned;
      task?.resolve({
        ...answer.cleaned,
        content: Buffer.from(content.buffer, content.byteOffset, content.length),
      });
    } else if ('refused' in answer) task?.reject(new FileRefused(answer.refused));
    else task?.reject(new ImagesNotSupported({ cause: new Error(answer.unsupported) }));
    if (this.waiting.size > 0) return;
    const { child } = this;
    this.idle = setTimeout(() => child && this.end(child, null), this.options.idleMs ?? 60_000);
    this.idle.unref();
  }

  /** From here on the next photo has another process. */
  private end(child: ChildProcess, death: string | null): void {
    if (death !== null) this.options.onDeath?.(`the process of photos ${death}`);
    if (this.child === child) this.child = null;
    child.kill('SIGKILL');
  }

  private gone(child: ChildProcess, error: Error): void {
    // What was begun by a later process is not this one's.
    if (this.child !== child) return;
    this.child = null;
    for (const id of [...this.waiting.keys()]) this.settle(id)?.reject(error);
  }

  private settle(id: number): Waiting | undefined {
    const task = this.waiting.get(id);
    this.waiting.delete(id);
    clearTimeout(task?.timer);
    return task;
  }
}

const unavailable = (reason: string, cause: unknown = new Error(reason)): FileStoreUnavailable =>
  new FileStoreUnavailable({ cause });

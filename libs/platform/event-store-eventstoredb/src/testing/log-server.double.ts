import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { Server, ServerCredentials, status } from '@grpc/grpc-js';
import type { Metadata, sendUnaryData, ServerUnaryCall, ServiceError } from '@grpc/grpc-js';
import {
  featuresGrpc,
  featuresPb,
  gossipGrpc,
  gossipPb,
  sharedPb,
  streamsGrpc,
} from '../eventstoredb.client.js';
import { batchAppend, plainAppend, serviceError } from './append.double.js';
import { LogDouble } from './log.double.js';
import { read } from './read.double.js';

/** The most bytes that any server can be told to take in one append (MaxAppendSize): 16 MiB less 10,000. */
export const serverAppendBytesMax = 16_767_216;

/** What goes wrong, on demand. Numbers count down. */
export interface Faults {
  /** Appends that are written and never answered. */
  losesAnswers: number;
  /** Appends that are neither written nor answered. */
  ignoresAppends: number;
  /** Appends that are turned away, not written: the server is not ready. */
  turnsAway: number;
  /** Conflicts are told without the revision that the stream is at. */
  hidesActual: boolean;
  /** Reads and subscriptions that are never answered. */
  ignoresReads: number;
  /** The read that sends the event with which this comes to 0 is cut. */
  cutsAfterEvents: number | undefined;
}

export interface LogServerDoubleOptions {
  /** Shared by the members of a cluster. */
  readonly log?: LogDouble;
  /** Default 1 MiB, as a server's. Bytes. */
  readonly maxAppendSize?: number;
  /** False for a server before 21.10. Default true. */
  readonly hasBatchAppend?: boolean;
  /** False for a server before 23.10. Default true. */
  readonly tellsCaughtUp?: boolean;
  /** With a key and a certificate calls go over TLS, and must carry these credentials. */
  readonly tls?: {
    readonly key: Buffer;
    readonly certificate: Buffer;
    readonly user: string;
    readonly password: string;
  };
}

/**
 * A server of EventStoreDB's protocol, from the client's own service definitions. It holds events in memory and answers
 * as the server does, as far as its source (24.10, 25.0) says; what only a real server can show is not shown by it.
 */
export class LogServerDouble {
  readonly log: LogDouble;
  readonly maxAppendSize: number;
  readonly tellsCaughtUp: boolean;
  readonly faults: Faults = {
    losesAnswers: 0,
    ignoresAppends: 0,
    turnsAway: 0,
    hidesActual: false,
    ignoresReads: 0,
    cutsAfterEvents: undefined,
  };
  /** Where writes are to be sent, when this is not the leader. */
  leader: LogServerDouble | undefined;
  /** How far this server's clock is ahead of ours. A deadline is an instant, and judged by the server's clock. */
  clockAheadMs = 0;
  /** Appends that reached the log. */
  appends = 0;
  readonly calls = { append: 0, batchAppend: 0, read: 0, gossip: 0 };
  /** Where each subscription asked to go on from; undefined for the start of the log. */
  readonly subscribedFrom: (string | undefined)[] = [];
  private server: Server | undefined;

  private constructor(
    private readonly options: LogServerDoubleOptions,
    readonly port: number,
  ) {
    this.log = options.log ?? new LogDouble();
    this.maxAppendSize = options.maxAppendSize ?? 1024 * 1024;
    this.tellsCaughtUp = options.tellsCaughtUp ?? true;
  }

  static async start(options: LogServerDoubleOptions = {}): Promise<LogServerDouble> {
    const double = new LogServerDouble(options, await freePort());
    await double.comeBack();
    return double;
  }

  get url(): string {
    const { tls } = this.options;
    const login = tls ? `${tls.user}:${encodeURIComponent(tls.password)}@` : '';
    return `esdb://${login}localhost:${this.port}?tls=${tls !== undefined}`;
  }

  /** Ends every connection at once. The log stays. */
  async goAway(): Promise<void> {
    this.server?.forceShutdown();
    this.server = undefined;
  }

  /** At the same port, with the same log. */
  async comeBack(): Promise<void> {
    if (this.server) return;
    const server = new Server({
      'grpc.max_receive_message_length': 16 * 1024 * 1024,
      'grpc.max_concurrent_streams': 100,
    });
    this.serve(server);
    const credentials = serverCredentials(this.options);
    await new Promise<void>((resolve, reject) => {
      server.bindAsync(`localhost:${this.port}`, credentials, (error) => (error ? reject(error) : resolve()));
    });
    this.server = server;
  }

  /** Cuts every connection in the middle of whatever it carries, and takes new ones. */
  cutConnections(): void {
    this.server?.drain(`localhost:${this.port}`, 0);
  }

  /** Why a call is not served here, if it is not. */
  refusalOf(metadata: Metadata): ServiceError | undefined {
    const { tls } = this.options;
    if (tls) {
      const wanted = `Basic ${Buffer.from(`${tls.user}:${tls.password}`).toString('base64')}`;
      if (metadata.get('authorization')[0] !== wanted) {
        return serviceError(status.PERMISSION_DENIED, 'Access Denied', { exception: 'access-denied' });
      }
    }
    if (!this.leader || metadata.get('requires-leader')[0] !== 'true') return undefined;
    return serviceError(status.NOT_FOUND, 'Leader info available', {
      exception: 'not-leader',
      'leader-endpoint-host': 'localhost',
      'leader-endpoint-port': String(this.leader.port),
    });
  }

  private serve(server: Server): void {
    const { StreamsService } = streamsGrpc;
    server.addService(StreamsService, {
      append: (call: Parameters<typeof plainAppend>[1], answer: Parameters<typeof plainAppend>[2]) => {
        this.calls.append += 1;
        plainAppend(this, call, answer);
      },
      batchAppend: (call: Parameters<typeof batchAppend>[1]) => {
        this.calls.batchAppend += 1;
        batchAppend(this, call);
      },
      read: (call: Parameters<typeof read>[1]) => {
        this.calls.read += 1;
        void read(this, call);
      },
    });
    server.addService(featuresGrpc.ServerFeaturesService, {
      getSupportedMethods: (
        _call: unknown,
        answer: sendUnaryData<InstanceType<typeof featuresPb.SupportedMethods>>,
      ) => answer(null, this.supportedMethods()),
    });
    server.addService(gossipGrpc.GossipService, {
      read: (
        _call: ServerUnaryCall<unknown, unknown>,
        answer: sendUnaryData<InstanceType<typeof gossipPb.ClusterInfo>>,
      ) => {
        this.calls.gossip += 1;
        answer(null, this.clusterInfo());
      },
    });
  }

  private supportedMethods(): InstanceType<typeof featuresPb.SupportedMethods> {
    const names = ['Read', 'Append', ...(this.options.hasBatchAppend === false ? [] : ['BatchAppend'])];
    const methods = names.map((name) =>
      new featuresPb.SupportedMethod()
        .setServiceName('event_store.client.streams.Streams')
        .setMethodName(name.toLowerCase()),
    );
    return new featuresPb.SupportedMethods().setMethodsList(methods).setEventStoreServerVersion('24.10.0');
  }

  private clusterInfo(): InstanceType<typeof gossipPb.ClusterInfo> {
    const { LEADER, FOLLOWER } = gossipPb.MemberInfo.VNodeState;
    const members: [LogServerDouble, number][] = this.leader
      ? [
          [this.leader, LEADER],
          [this, FOLLOWER],
        ]
      : [[this, LEADER]];
    return new gossipPb.ClusterInfo().setMembersList(
      members.map(([{ port }, state]) =>
        new gossipPb.MemberInfo()
          .setInstanceId(new sharedPb.UUID().setString('5f3d9f0e-93f5-4a8e-8f43-8a2d1d2b9a10'))
          .setTimeStamp('0')
          .setState(state)
          .setIsAlive(true)
          .setHttpEndPoint(new gossipPb.EndPoint().setAddress('localhost').setPort(port)),
      ),
    );
  }
}

function serverCredentials({ tls }: LogServerDoubleOptions): ServerCredentials {
  if (!tls) return ServerCredentials.createInsecure();
  return ServerCredentials.createSsl(null, [{ private_key: tls.key, cert_chain: tls.certificate }]);
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, 'localhost');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}

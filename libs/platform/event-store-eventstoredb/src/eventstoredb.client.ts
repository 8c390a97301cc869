import { EventStoreDBClient } from '@eventstore/db-client';
import * as gossipGrpc from '@eventstore/db-client/generated/gossip_grpc_pb.js';
import gossipPb from '@eventstore/db-client/generated/gossip_pb.js';
import * as featuresGrpc from '@eventstore/db-client/generated/serverfeatures_grpc_pb.js';
import featuresPb from '@eventstore/db-client/generated/serverfeatures_pb.js';
import sharedPb from '@eventstore/db-client/generated/shared_pb.js';
import statusPb from '@eventstore/db-client/generated/status_pb.js';
import * as streamsGrpc from '@eventstore/db-client/generated/streams_grpc_pb.js';
import streamsPb from '@eventstore/db-client/generated/streams_pb.js';
import { credentials } from '@grpc/grpc-js';
import type { CallOptions, Channel, ChannelCredentials, ClientOptions, Metadata } from '@grpc/grpc-js';
import { InvalidArgument, StoreUnavailable } from '@shaoying/event-store';
import { isUnimplemented } from './log.errors.js';

/*
 * The only file that imports the client: `@kurrent/kurrentdb-client` in its place is a change of these import lines
 * (docs/adr/0008). The client brings connection strings, discovery, TLS, credentials and the protocol's definitions; the
 * calls are made here, because its own calls cannot be bounded in time, its reads of $all take no filter, and its batch
 * append answers the appends of one connection with the errors of another.
 */
export { featuresGrpc, featuresPb, gossipGrpc, gossipPb, sharedPb, statusPb, streamsGrpc, streamsPb };
export type StreamsClient = streamsGrpc.StreamsClient;
export type ReadReq = streamsPb.ReadReq;
export type ReadResp = streamsPb.ReadResp;
export type AppendReq = streamsPb.AppendReq;
export type AppendResp = streamsPb.AppendResp;
export type BatchAppendReq = streamsPb.BatchAppendReq;
export type BatchAppendResp = streamsPb.BatchAppendResp;
export type SharedUuid = sharedPb.UUID;
export type StatusMessage = statusPb.Status;

/** A connected channel: what calls are made on, until it fails. */
export interface Connection {
  readonly streams: StreamsClient;
  readonly channel: Channel;
}

const schemes = /^(?:esdb|kurrentdb|kdb)(\+discover)?:\/\//;

/** True for the connection strings of EventStoreDB and of KurrentDB, as it is called since 2025. */
export const isEventStoreDbUrl = (url: string): boolean => schemes.test(url);

/** Arguments of a generated client that shares a channel: it then looks at neither address nor credentials. */
const onChannel = (channel: Channel): [string, ChannelCredentials, ClientOptions] => [
  '',
  credentials.createInsecure(),
  { channelOverride: channel },
];

/** Connection string → channel; credentials and deadlines → call arguments. */
export class LogClient {
  private readonly client: EventStoreDBClient;
  private readonly connections = new WeakMap<Channel, Connection>();
  private readonly batchAppend = new WeakMap<Channel, Promise<boolean>>();
  private latest: Channel | undefined;
  private closed = false;

  /** @throws InvalidArgument when the connection string cannot be read */
  constructor(
    url: string,
    /** To reach a server, discovery included; and for the answers of `serverHasBatchAppend`. */
    private readonly connectTimeoutMs: number,
  ) {
    try {
      this.client = EventStoreDBClient.connectionString(url.replace(schemes, 'esdb$1://'));
    } catch (cause) {
      // The client's message quotes the string, which holds a password: only the place is passed on.
      const place = /at position \d+, expected .*/.exec(cause instanceof Error ? cause.message : '')?.[0];
      throw new InvalidArgument(
        `the connection string of the event log cannot be read${place ? ` ${place}` : ''}`,
      );
    }
  }

  /** @throws StoreUnavailable when no server is found within the time */
  async connection(): Promise<Connection> {
    if (this.closed) throw new StoreUnavailable('the event store is closed');
    const channel = await this.channelInTime();
    this.latest = channel;
    if (this.closed) {
      channel.close();
      throw new StoreUnavailable('the event store is closed');
    }
    const known = this.connections.get(channel);
    if (known) return known;
    const streams = new streamsGrpc.StreamsClient(...onChannel(channel));
    const connection = { streams, channel };
    this.connections.set(channel, connection);
    return connection;
  }

  /** Metadata (connection name, leader wanted or not) and options (credentials, deadline) of a call. */
  callArguments(deadlineMs: number, requiresLeader: boolean): [Metadata, CallOptions] {
    const withDeadline = { deadline: deadlineMs === Infinity ? Infinity : Date.now() + deadlineMs };
    return this.client['callArguments']({ requiresLeader }, withDeadline);
  }

  /**
   * Told of every failed call: after a lost server or a change of leader the next connection is a new one, to the leader
   * where the error names it.
   */
  async noteFailure({ streams }: Connection, error: Error): Promise<void> {
    // It rejects when the connection after the lost one cannot be made either: who asks for that one is told.
    await this.client['handleError'](streams, error).catch(() => undefined);
  }

  /** Asked once per connection. Servers older than 21.10 do not even know the question. @throws what gRPC throws */
  serverHasBatchAppend({ channel }: Connection): Promise<boolean> {
    const known = this.batchAppend.get(channel);
    if (known) return known;
    const asked = this.askForBatchAppend(channel);
    this.batchAppend.set(channel, asked);
    asked.catch(() => this.batchAppend.delete(channel));
    return asked;
  }

  /** Ends the channel; calls that still run on it are cancelled by those who made them. */
  close(): void {
    this.closed = true;
    this.latest?.close();
  }

  private async channelInTime(): Promise<Channel> {
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<never>((_, reject) => {
      const late = new StoreUnavailable(`no server of the event log within ${this.connectTimeoutMs} ms`);
      timer = setTimeout(() => reject(late), this.connectTimeoutMs);
    });
    try {
      return await Promise.race([this.client['getChannel'](), timeout]);
    } catch (cause) {
      if (cause instanceof StoreUnavailable) throw cause;
      throw new StoreUnavailable('no server of the event log was found', { cause });
    } finally {
      clearTimeout(timer);
    }
  }

  private askForBatchAppend(channel: Channel): Promise<boolean> {
    const features = new featuresGrpc.ServerFeaturesClient(...onChannel(channel));
    const [metadata, options] = this.callArguments(this.connectTimeoutMs, false);
    const wanted = streamsGrpc.StreamsService.batchAppend.path.toLowerCase();
    return new Promise((resolve, reject) => {
      features.getSupportedMethods(new sharedPb.Empty(), metadata, options, (error, supported) => {
        if (error && isUnimplemented(error)) return resolve(false);
        if (error) return reject(error);
        const paths = supported
          .getMethodsList()
          .map((method) => `/${method.getServiceName()}/${method.getMethodName()}`.toLowerCase());
        resolve(paths.includes(wanted));
      });
    });
  }
}

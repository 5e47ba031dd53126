export { defineFilter, defineInput, defineOutput, defineTransport } from './define.ts'
export type {
  Definition,
  FilterDefinition,
  FilterSession,
  InputDefinition,
  InputSession,
  Kind,
  OutputDefinition,
  OutputSession,
  TransportDefinition,
  TransportSession,
} from './define.ts'
export { keepRecords } from './selection.ts'
export { permanent, retryable } from './errors.ts'
export type { ErrorDetails, PluginError } from './errors.ts'
export type {
  Context,
  Counter,
  Gauge,
  Health,
  HttpHost,
  HttpRoute,
  HttpService,
  InputContext,
  Logger,
  Metrics,
  Sender,
  SocketHost,
  SocketPlace,
  SocketService,
} from './context.ts'
export type { Intake, Message, Subscription, SubscriptionContext } from './message.ts'
export type { JsonSchema, Options } from './options.ts'
export type { EventRecord, LogRecord, MetricType, RecordSink, Series, Severity, Signal } from './record.ts'
export type { SeriesTable } from './series.ts'
export type { Batch, BatchOf, EventBatch, LogBatch, MetricBatch, Rejection, WriteResult } from './batch.ts'

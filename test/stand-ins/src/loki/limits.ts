/** Loki's `limits_config` and what belongs to it; 0 or Infinity switches a limit off. */
export interface LokiLimits {
  /** `max_label_names_per_series`. */
  readonly maxLabelNames: number
  /** `max_label_name_length`, in bytes. */
  readonly maxLabelNameBytes: number
  /** `max_label_value_length`, in bytes. */
  readonly maxLabelValueBytes: number
  /** `max_line_size`. */
  readonly maxLineBytes: number
  /** `reject_old_samples_max_age`. */
  readonly maxAgeMs: number
  /** `creation_grace_period`. */
  readonly maxAheadMs: number
  /** How far an entry may lie behind the newest of its stream: half of the ingester's `max_chunk_age`. */
  readonly maxBehindMs: number
  /** `ingestion_rate_mb`, per tenant and second. */
  readonly rateBytes: number
  /** `ingestion_burst_size_mb`: the largest push that the rate limit can let through. */
  readonly burstBytes: number
  /** `per_stream_rate_limit`, per second. */
  readonly streamRateBytes: number
  /** `per_stream_rate_limit_burst`. */
  readonly streamBurstBytes: number
  /** `max_global_streams_per_user`. */
  readonly maxStreams: number
  /** `max_structured_metadata_size`, per entry. */
  readonly maxMetadataBytes: number
  /** `max_structured_metadata_entries_count`, per entry. */
  readonly maxMetadataEntries: number
  /** `grpc_server_max_recv_msg_size`: what the distributor can hand to an ingester in one piece. */
  readonly maxGrpcBytes: number
  /** `distributor.max_recv_msg_size`, of the body as sent. */
  readonly maxBodyBytes: number
}

const MIB = 1024 * 1024
const HOUR_MS = 3_600_000

/** The defaults of a release. */
export function defaultLimits(major: number): LokiLimits {
  return {
    maxLabelNames: major >= 3 ? 15 : 30,
    maxLabelNameBytes: 1024,
    maxLabelValueBytes: 2048,
    maxLineBytes: major >= 3 ? 256 * 1024 : 0,
    maxAgeMs: 168 * HOUR_MS,
    maxAheadMs: 10 * 60_000,
    maxBehindMs: HOUR_MS,
    rateBytes: 4 * MIB,
    burstBytes: 6 * MIB,
    streamRateBytes: 3 * MIB,
    streamBurstBytes: 15 * MIB,
    maxStreams: 5000,
    maxMetadataBytes: 64 * 1024,
    maxMetadataEntries: 128,
    maxGrpcBytes: 4 * MIB,
    maxBodyBytes: major >= 3 ? 100 * MIB : 0,
  }
}

/** Whether a value passes a limit; 0 means that there is none. */
export const exceeds = (value: number, limit: number): boolean => limit !== 0 && value > limit

/** What becomes of a plugin that misbehaves, and of what it was given. */
export const FATES = {
  refused: 'The change is refused; the generation before goes on.',
  kept: 'What it cannot take is a dead letter with its reason, once; everything else goes on.',
  retried: 'It is tried again with backoff until it works or until another generation does; nothing is lost.',
  alone:
    'Its thread ends and another one is opened with backoff. What it had is tried one at a time; what it ends on again is a dead letter.',
  reopened: 'Its thread ends and another one is opened with backoff; nothing is lost.',
  stays: 'The change that would replace it is refused; it goes on.',
  stateless: 'Its thread ends; the next generation begins without its state, nothing of the queue is lost.',
  degraded: 'It is shown as degraded, with the reason; it works on.',
  warned: 'It is said in the log; the change goes on.',
  late: 'It is waited for, 5 s at most; that is said in the log, and the change goes on.',
  bounded: 'It may write 1000 lines at once and 100 in a second; what is left out is counted and told.',
  ignored: 'It is neither taken nor counted.',
  harmless: 'Nothing else notices. What is left behind in a thread ends with it.',
  escapes: 'It takes the process with it, or stands in its way: this is what `isolation: worker` is for.',
} as const

export type Fate = keyof typeof FATES

/** What misbehaves: an input that decodes, one that brings its records itself, a filter, an output, a transport. */
export type Species = 'decoder' | 'source' | 'filter' | 'output' | 'transport'

/** One misbehaviour at one stage, and its fates. Transports and filters run inline only. */
export interface Behaviour {
  readonly species: Species
  readonly stage: string
  readonly does: string
  readonly inline: Fate
  readonly worker?: Fate
}

/** Deeds at one stage: what is done, its fate inline, its fate in a worker. */
type Deeds = readonly (readonly [does: string, inline: Fate, worker?: Fate])[]

const BEFORE_IT_WORKS: Deeds = [
  ['throws', 'refused', 'refused'],
  ['rejects', 'refused', 'refused'],
  ['hangs', 'refused', 'refused'],
  ['exits', 'escapes', 'refused'],
  ['loops', 'escapes', 'refused'],
]

const OPENING: Deeds = [
  ...BEFORE_IT_WORKS,
  ['floods the log', 'bounded', 'bounded'],
  ['leaks a timer', 'harmless', 'harmless'],
]

const HEALTH: Deeds = [
  ['throws', 'degraded', 'degraded'],
  ['rejects', 'degraded', 'degraded'],
  ['hangs', 'degraded', 'degraded'],
  // It is asked for the first time before the change is done.
  ['exits', 'escapes', 'refused'],
  ['loops', 'escapes', 'refused'],
]

const STOPPING: Deeds = [
  ['throws', 'warned', 'warned'],
  ['rejects', 'warned', 'warned'],
  ['hangs', 'late', 'late'],
  ['exits', 'escapes', 'harmless'],
  ['loops', 'escapes', 'late'],
]

const WHILE_IT_WORKS: Deeds = [
  ['exits', 'escapes', 'alone'],
  ['loops', 'escapes', 'alone'],
  ['throws later', 'escapes', 'reopened'],
  ['floods the log', 'bounded', 'bounded'],
  ['leaks a timer', 'harmless', 'harmless'],
]

const STAGES: Readonly<Record<Species, Readonly<Record<string, Deeds>>>> = {
  decoder: {
    import: BEFORE_IT_WORKS,
    open: OPENING,
    decode: [
      ['throws', 'kept', 'kept'],
      ['rejects', 'kept', 'kept'],
      ['hangs', 'kept', 'kept'],
      ...WHILE_IT_WORKS,
    ],
    health: HEALTH,
    stop: STOPPING,
  },
  source: {
    start: BEFORE_IT_WORKS,
    open: BEFORE_IT_WORKS,
    stop: [
      ['throws', 'warned', 'warned'],
      ['rejects', 'warned', 'warned'],
      ['hangs', 'late', 'late'],
      ['emits after it', 'ignored', 'ignored'],
    ],
  },
  filter: {
    import: inlineOnly(BEFORE_IT_WORKS),
    open: inlineOnly(OPENING),
    apply: [
      ['throws', 'kept'],
      ['rejects', 'kept'],
      ['hangs', 'kept'],
      ['makes records', 'kept'],
      ['leaks a timer', 'harmless'],
      ['floods the log', 'bounded'],
    ],
    health: inlineOnly(HEALTH),
    stop: inlineOnly(STOPPING),
  },
  output: {
    import: BEFORE_IT_WORKS,
    open: OPENING,
    restore: BEFORE_IT_WORKS,
    follow: BEFORE_IT_WORKS,
    write: [
      ['throws', 'retried', 'retried'],
      ['rejects', 'retried', 'retried'],
      ['never acks', 'retried', 'retried'],
      ['acks twice', 'kept', 'kept'],
      ['answers after stop', 'ignored', 'ignored'],
      ...WHILE_IT_WORKS,
    ],
    health: HEALTH,
    exportState: [
      ['throws', 'stays', 'stays'],
      ['rejects', 'stays', 'stays'],
      ['hangs', 'stays', 'stays'],
      ['exits', 'escapes', 'stateless'],
      ['loops', 'escapes', 'stateless'],
    ],
    stop: STOPPING,
  },
  transport: {
    subscribe: [
      ['throws', 'refused'],
      ['rejects', 'refused'],
      ['hangs', 'refused'],
    ],
    start: [
      ['throws', 'refused'],
      ['rejects', 'refused'],
      ['hangs', 'refused'],
    ],
    'stop of a subscription': [
      ['throws', 'warned'],
      ['rejects', 'warned'],
      ['hangs', 'warned'],
    ],
    stop: [
      ['throws', 'warned'],
      ['rejects', 'warned'],
      ['hangs', 'late'],
      ['delivers after it', 'ignored'],
    ],
  },
}

function inlineOnly(deeds: Deeds): Deeds {
  return deeds.map(([does, inline]) => [does, inline])
}

/** Every misbehaviour that is specified. */
export const BEHAVIOURS: readonly Behaviour[] = Object.entries(STAGES).flatMap(([species, stages]) =>
  Object.entries(stages).flatMap(([stage, deeds]) =>
    deeds.map(([does, inline, worker]) => ({
      species: species as Species,
      stage,
      does,
      inline,
      ...(worker !== undefined && { worker }),
    })),
  ),
)

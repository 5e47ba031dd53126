/** The clauses of the contract, made from SPEC.md of the SDK by `npm run docs`. */
export const CLAUSES = {
  'P-1':
    'The package.json MUST have an entry `"smartGateway": { "api": 1, "kind": "transport" | "input" | "filter" | "output" }`, a name and a version, and the schema files that it names MUST be there. It is read without running any code.',
  'P-2':
    "The default export of the package's module MUST be a definition: `api` 1, `kind`, a `name` that is not empty, an `options` schema, an `open` function, and what else its kind asks for.",
  'P-3': 'The `kind` of the definition MUST be that of the manifest.',
  'P-4':
    'The module that `exports` (or `main`) names MUST be there in what is published, and MUST be importable by Node 22.18 or newer as an ES module.',
  'P-5':
    'Every package that its code imports MUST be declared under `dependencies` or `peerDependencies`, the SDK included, and not as a path (`file:`, `link:`) that nobody else has: a generation runs from a folder that holds what is declared, and nothing else.',
  'P-6':
    'Importing the module MUST NOT begin anything: no timer, socket, thread, process or file. Only `open` does.',
  'P-7': 'The package MUST NOT need a script to be run when it is installed: a swap runs none.',
  'P-8': 'The package SHOULD have the keyword `smart-gateway-plugin`.',
  'P-9': 'But for `open` a definition MUST be plain data: it crosses to another thread as JSON.',
  'P-10': 'A package that has types SHOULD say where they are.',
  'C-1':
    "`options`, and a transport's `subscription`, MUST be a valid JSON Schema (draft-07) of type `object`.",
  'C-2': 'A schema file that the manifest names MUST hold the same schema as the definition.',
  'C-3': 'Every `default` MUST fit the schema that it stands in.',
  'C-4':
    "The schema MUST refuse keys that it does not know (`additionalProperties: false`), within objects as well. A map is no such object: its keys are its user's.",
  'C-5': 'Every key SHOULD have a `description` of one sentence.',
  'C-6': 'An option that is a secret, or holds one, MUST be marked `writeOnly: true`.',
  'C-7':
    'An option that names a file whose content matters (a certificate, a key) SHOULD have the format `file`: the host follows the file then.',
  'C-8': '`open` MUST NOT change its options. They are frozen, and every default is filled in.',
  'C-9':
    "What a schema cannot say of options MUST be looked at by `open`, and refused with an error that names the option. That the file of a certificate, a key or a secret is not there is such a thing, and may be told by the file's name; what else there is only the author knows, and no check.",
  'C-10':
    'Every key MUST say of which type its value is, those of objects within and of the items of lists as well, so that one of another type is refused.',
  'L-1': '`open` MUST settle within 30 s, with a session that has the verbs of its kind or with an error.',
  'L-2': 'An `open` that failed MUST leave nothing behind: no socket, timer, thread, process or listener.',
  'L-3': 'When `context.signal` aborts, every wait in `open` MUST end, and what a `stop` still waits for.',
  'L-4':
    'It MUST be possible to open a session beside another one with the same options: in a swap the next one is open before the one before ends. What only one can hold (a port, a path) is lent by the host, through `context.http` and `context.sockets`.',
  'L-5': 'State MUST live in what `open` makes: two sessions of one module know nothing of each other.',
  'L-6': '`stop` MUST finish what is under way and let go of everything.',
  'L-7': '`stop` MUST work when it is called twice, also while the first call is under way.',
  'L-8': '`stop` SHOULD be over within 5 s: the host waits no longer in a swap.',
  'L-9':
    '`health` MUST be cheap, synchronous and without I/O, and MUST return `ready`, or `degraded` with a reason of one sentence.',
  'L-10':
    'A session that cannot go on MUST say so with `context.fail`. It SHOULD NOT connect anew by itself: the host opens another one with backoff.',
  'L-11': 'A plugin MUST NOT leave a rejection or an exception to nobody.',
  'L-12': 'A secret MUST NOT stand in an address, a reason, a log line or a metric.',
  'L-13':
    'Metrics MUST have names in snake case; those of counters end in `_total`. The values of their labels SHOULD be few.',
  'L-14': 'A plugin MUST NOT write files but in `context.stateFolder()` and where its options say.',
  'L-15': "What a plugin has to say SHOULD go to `context.log`: stdout and stderr are the gateway's.",
  'T-1':
    '`subscribe` MUST make a subscription ready without consuming, within 30 s. It MUST reject when its peer refuses it, and leave nothing behind then.',
  'T-2':
    'From `start` on each message MUST be handed to `intake.deliver`, with the body as the peer sent it.',
  'T-3': 'A message MUST NOT be acknowledged before the promise of `deliver` has resolved.',
  'T-4':
    'A message whose promise rejects with `retryable: true` MUST be given back, so that it comes again, where the peer can do that.',
  'T-5':
    'A message whose promise rejects with `retryable: false` MUST be refused, so that it does not come again.',
  'T-6':
    '`redelivers` MUST be true only where the peer sends again, by itself, every message that was not acknowledged when its connection ended.',
  'T-7': 'A message that nobody will send again MUST have `lastTry: true`.',
  'T-8':
    'The number of messages without a fate MUST be bounded. Where the peer has such a bound (prefetch, credit), the subscription SHOULD tell it as `credit`.',
  'T-9': 'Where a peer can be told to wait or be answered no, a transport MUST do so while `intake.full`.',
  'T-10':
    "When a subscription's `stop` has resolved, it MUST NOT deliver any more. What was delivered before MUST still be settled at the peer, until the session stops.",
  'T-11': "A subscription's `stop` MUST work when it is called twice.",
  'T-12': 'A subscription that ends without being asked to MUST call `intake.fail`.',
  'T-13': 'The subscriptions on one session MUST NOT hinder each other: one that waits holds up no other.',
  'I-1': 'A session MUST have exactly one of `decode` and `start`.',
  'I-2': '`decode` MUST be synchronous, and put all that a message holds into `out` before it returns.',
  'I-3': '`decode` MUST NOT do I/O or look at a clock: the same message gives the same records.',
  'I-4':
    '`decode` MUST throw on a message that is unusable as a whole, whatever is in it, and MUST go on working with the next one.',
  'I-5':
    'Of a message with one bad element among good ones, `decode` SHOULD `reject` the bad one and take the others. What is left out MUST be told, with `skip` where that is on purpose: of a number that is null, say.',
  'I-6': '`decode` MUST NOT change the message.',
  'I-7':
    "Every series SHOULD come from `context.series`: looked up by the input's own raw key, and interned where it is not known.",
  'I-8':
    'Records MUST be well formed: names that are not empty, label values that are strings, times in milliseconds that are 0 or after the epoch, the severities and metric types that there are.',
  'I-9': 'A record MUST NOT be changed once it was handed on.',
  'I-10': 'An input MUST NOT yield a signal that is not among its `signals`.',
  'I-11': 'Integers beyond 2^53 in events and logs SHOULD come as bigint, and exactly.',
  'I-12': "A record's `id` MUST be its producer's own, and never derived from the content.",
  'I-13': 'The time and memory that a message takes MUST stay in proportion to its length, whoever wrote it.',
  'I-14':
    'An `example`, where the definition has one, MUST decode to at least one record, and to no `reject`. An input that decodes SHOULD have one.',
  'I-15':
    '`start` MUST settle within 30 s. A source SHOULD wait for what it has emitted before it emits without a bound, and MUST emit nothing once its `stop` has resolved.',
  'I-16': 'The reasons given to `reject` and `skip`, and the messages of errors, MUST NOT hold a secret.',
  'I-17':
    'From `start` on a source MUST emit what its peer gives it, and not again once it was accepted. It MUST lose nothing of it while an emission is pending, nor where one is rejected with `retryable: true`.',
  'I-18':
    'Where its peer is told what became of what it gave, a source MUST tell it so only once that is settled: accepted when `emit` has resolved, refused, so that it does not come again, when it rejected with `retryable: false`. What has no fate when the session ends MUST NOT be told to be accepted.',
  'F-1': '`apply` MUST be synchronous and return a batch of the same signal, or throw.',
  'F-2': '`apply` MUST NOT change the batch that it is given, nor its records or series.',
  'F-3': '`apply` MUST NOT return more records than it was given; those that go on MUST keep their order.',
  'F-4': 'Every column of the batch that it returns MUST be as long as its `length` says.',
  'F-5': 'A batch that is not changed SHOULD be returned as the same object.',
  'F-6': 'Records of a signal that a filter has no business with SHOULD go on as they are.',
  'F-7':
    'A series that a filter makes MUST be frozen, and the same object each time it is made of the same series: outputs key their caches on it.',
  'F-8':
    'Records that come again, alone or in a batch of another size, SHOULD have the same fate: after a throw they do, and when a dead letter is replayed.',
  'F-9': 'With default options a filter that has options SHOULD change nothing.',
  'F-10': 'What a filter remembers MUST be bounded. It SHOULD forget a series that is seen no more.',
  'F-11': 'The records that go on MUST be well formed, as I-8 has it.',
  'F-12':
    'A batch that `apply` has returned MUST NOT be changed any more: it is still on its way when the next one is applied.',
  'O-1':
    '`write` MUST NOT resolve before the store has the records, but for those that it lists as rejected. Where that means less than "on its disk", the README says what.',
  'O-2':
    'When `write` throws, its records MUST be such that all of them can be written again: none is lost by that.',
  'O-3':
    'A failure that may pass (no connection, a timeout, HTTP 429 or 5xx) MUST NOT be `retryable: false`.',
  'O-4':
    'What the store says that it will never take MUST be `retryable: false`: otherwise it is tried for ever.',
  'O-5':
    'Where the store says which records it did not take, `write` MUST resolve with their positions, each once and each within the batch, and no other.',
  'O-6': 'One record that the store does not take SHOULD NOT keep others of its batch out.',
  'O-7': '`write` MUST NOT change the batch, nor its records or series.',
  'O-8': '`write` MUST take every signal among `signals`; `signalsOnRequest` MUST be among them.',
  'O-9':
    '`write` MUST come to a fate for every double, NaN and the infinities included, for time 0, and for any text in names, labels and messages.',
  'O-10':
    'Records SHOULD reach the store in the order of the batch, those at least that it keeps together (in one index, file or stream).',
  'O-11': 'The wait that a store asks for SHOULD be handed on as `retryAfter`.',
  'O-12': 'An output SHOULD NOT queue, batch or retry by itself: the host does.',
  'O-13':
    'A store that does not answer SHOULD make `write` fail in time: within 30 s, unless an option asks for longer.',
  'O-14':
    'After the store was away, `write` MUST work again without a new session, or the session MUST have called `context.fail`.',
  'O-15': '`stop` MUST let an open `write` come to its end.',
  'O-16': 'Two series that are equal MUST be the same one in the store, whether they are one object or two.',
  'O-17': 'A record with an `id` that is written twice SHOULD be there once, where the store can tell.',
  'O-18':
    'What an output remembers MUST be bounded, or held weakly by its series. It SHOULD NOT keep anything of each record.',
  'O-19':
    'A record that the store has refused for good MUST NOT be sent to it again by the output itself, but to find out which of several the store meant.',
  'O-20': 'Of several samples of one series in a batch each SHOULD be there, where the store keeps what was.',
  'E-1':
    'What an error means MUST be told by its properties (`retryable`, `retryAfter`, `code`), not by its class.',
  'E-2': 'What is thrown MUST be an Error, and its message MUST say what failed and where.',
  'E-3': "A secret MUST NOT stand in an error's message, its `code` or the messages of its causes.",
  'E-4':
    'An error that was made of another one SHOULD have that as its `cause`, however many stand between: what the system said is found there.',
  'E-5': '`retryAfter` MUST be a number of milliseconds, more than 0.',
  'S-1': '`exportState` MUST give what structured cloning takes, or undefined, within 30 s.',
  'S-2':
    'What it gives MUST stand for what was written when it was called, although writes go on, and MUST hold nothing that a later write changes, unless `follow` does no harm by taking the same batch once more.',
  'S-3': '`exportState` MUST NOT change the session, also where it fails.',
  'S-4': 'A session that has restored the state of another one MUST show the same as that one did.',
  'S-5':
    '`restore` MUST ignore what it does not understand, whatever its form, and MUST NOT work on with a wrong state. It throws where it cannot take over what it does understand: the swap fails then.',
  'S-6': '`follow` MUST change the state as `write` does, and MUST NOT write to a store or count.',
  'S-7':
    '`rehearse` MUST ask no store and count nothing, and MUST change nothing that a later `write` does. It SHOULD refuse what `write` would refuse.',
  'S-8': '`restore` MUST NOT write to a store.',
  'W-1': "An input or output MUST do the same in a thread of its own as it does in the gateway's.",
  'W-2':
    '`write` and `apply` MUST take columns of any `ArrayLike<number>`: they are arrays in one thread and typed arrays out of another.',
  'W-3':
    'A plugin MUST NOT change what belongs to the process: no `process.exit`, `chdir`, signal or exception handlers, no environment variables.',
  'W-4': 'A plugin MUST NOT leave anything on `globalThis` or on a prototype that it does not own.',
  'W-5':
    'A plugin SHOULD NOT hold the thread for more than 100 ms at a time; in a thread of its own it is ended after 6 s.',
  'W-6':
    'A plugin SHOULD NOT need native code, nor take it where it is there, in its package or in one that it depends on: it cannot be loaded anew, and no thread contains it.',
} as const

export type ClauseNumber = keyof typeof CLAUSES

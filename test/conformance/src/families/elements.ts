import type { EventRecord, LogRecord } from '@smart-gateway/sdk'
import { isJsonObject, stringifyExactly } from '@smart-gateway/sdk/json'
import type { Check } from '../check.ts'
import { ensure, fail, notRun, notTried } from '../finding.ts'
import type { KeepingSink } from '../host/sink.ts'
import { messageOf as textOf } from '../subject/message.ts'
import type { Subject } from '../subject/subject.ts'
import { inTime } from '../time.ts'
import { decode, exampleOf, messageOf } from '../work/decode.ts'
import type { Decoded } from '../work/decode.ts'
import { linesOf, placesIn, someOf } from '../work/places.ts'
import type { Place } from '../work/places.ts'

const MOST_PLACES = 200
const BUDGET_MS = 600
/** None of them is what an element is that is an object; an object without members may be a good one that says nothing. */
const BAD = [null, 42, 'x', {}]
/** The first integer that a double cannot hold, and what becomes of it in one. */
const EXACT = 2n ** 53n + 1n
const ROUNDED = String(2 ** 53)

/** What an input makes of the single elements of a message. */
export const ELEMENTS: readonly Check[] = [
  {
    id: 'input.bad-element',
    level: 'should',
    clauses: ['I-5'],
    kinds: ['input'],
    async run(subject) {
      const { decoded, places } = await reader(subject)
      const lists = listsIn(places, decoded)
      if (lists.length === 0) notRun('its example holds no list of elements that could be told')
      for (const { good, write, place } of lists) {
        const wanted = decoded(write([good, good])).sink.records
        for (const bad of BAD) {
          const text = write([good, bad, good])
          const did = `decoded ${brief(text)}: ${JSON.stringify(bad)} between two good elements`
          const { sink, thrown } = decoded(text)
          const hint = 'Call out.reject for the bad one, and go on with the next.'
          if (thrown !== undefined) fail({ did, saw: `decode threw: ${textOf(thrown.error)}`, hint })
          const { records } = sink
          ensure(records >= wanted, { did, saw: `${records} records came, not ${wanted}`, hint })
          // Where texts beside numbers are nothing to tell of, one more is none either.
          const isNothing = typeof bad === 'string' && passesOver(place, decoded)
          const isBad = records === wanted && !isJsonObject(bad) && !isNothing
          ensure(!isBad || isTold(sink), { did, saw: 'nothing was said of the bad one', hint })
        }
      }
    },
  },
  {
    id: 'input.told',
    level: 'must',
    clauses: ['I-5'],
    kinds: ['input'],
    async run(subject) {
      const { decoded, places, whole } = await reader(subject)
      const inner = places.filter(({ path }) => path !== '')
      for (const place of inTime(someOf(inner, MOST_PLACES), BUDGET_MS))
        for (const unfit of unfitFor(place.value)) {
          const { sink, thrown } = decoded(place.with(unfit))
          if (thrown !== undefined || isTold(sink) || !isLess(sink, whole)) continue
          if (unfit === 'unfit' && passesOver(place.owner, decoded)) continue
          fail({
            did: `decoded its example with ${JSON.stringify(unfit)} as ${place.path}`,
            saw: `${sink.records} records came, not ${whole.records}, and neither reject nor skip was called`,
            hint: 'Call out.skip for what is left out on purpose, out.reject for what is bad: what is missing is looked for there. `member?.value` passes over a member of a wrong type without a word.',
          })
        }
    },
  },
  {
    id: 'input.big-integers',
    level: 'should',
    clauses: ['I-11'],
    kinds: ['input'],
    async run(subject) {
      const { decoded, places } = await reader(subject)
      let isShown = false
      for (const { path, text } of inTime(withInteger(places), BUDGET_MS)) {
        const { sink, thrown } = decoded(text)
        const said = thrown === undefined ? saidIn([...sink.events, ...sink.logs]) : ''
        isShown ||= said.includes(String(EXACT))
        ensure(!said.includes(ROUNDED), {
          did: `decoded its example with ${EXACT} as ${path}`,
          saw: `a record holds ${ROUNDED}`,
          hint: 'Parse with parseExactly of @smart-gateway/sdk/json: JSON.parse rounds integers beyond 2^53.',
        })
      }
      if (!isShown) notRun('no integer of its example comes into an event or a log line')
    },
  },
]

/** A session, what it makes of texts that are sent as its example is, and the values in that. */
async function reader(subject: Subject) {
  const { session } = await subject.open()
  if (session.decode === undefined) notRun('it starts by itself and decodes nothing')
  const { body, contentType } = exampleOf(subject)
  const decoded = (text: string): Decoded => decode(session, messageOf(text, contentType))
  const places = placesIn(body.toString())
  const [root] = places
  if (root === undefined) notRun('its example is no JSON')
  if (decoded(body.toString()).sink.records === 0)
    notTried('its example gives no record, as input.example has found')
  const { sink: whole, thrown } = decoded(root.with(root.value))
  if (thrown !== undefined || whole.records === 0) notRun('its example cannot be written anew')
  return { decoded, places, whole }
}

/** A list of elements in a message: each that is added gives as many records more. */
interface List {
  readonly good: unknown
  readonly write: Place['with']
  readonly place: Place
}

/** The outermost lists of an example, and those that it may stand in itself. */
function listsIn(places: readonly Place[], decoded: (text: string) => Decoded): readonly List[] {
  const found: Place[] = []
  const lists: List[] = []
  const consider = (elements: readonly unknown[], place: Place, write = place.with): boolean => {
    const good = elements.find((element) => isJsonObject(element) && gives(write, element, decoded))
    if (good !== undefined) lists.push({ good, write, place })
    return good !== undefined
  }
  for (const place of places) {
    if (!Array.isArray(place.value) || found.some(({ path }) => isWithin(place.path, path))) continue
    if (consider(place.value, place)) found.push(place)
  }
  const [root] = places
  if (root !== undefined && isJsonObject(root.value))
    for (const write of [stringifyExactly, linesOf]) consider([root.value], root, write)
  return lists
}

function isWithin(path: string, outer: string): boolean {
  return outer === '' || path.startsWith(`${outer}.`)
}

function gives(write: Place['with'], element: unknown, decoded: (text: string) => Decoded): boolean {
  const counts = [1, 2, 3].map((times) => {
    const { sink, thrown } = decoded(write(Array(times).fill(element)))
    return thrown !== undefined || isTold(sink) ? NaN : sink.records
  })
  const [once, twice, thrice] = counts as [number, number, number]
  return twice > once && thrice - twice === twice - once
}

function isTold({ rejected, skipped }: KeepingSink): boolean {
  return rejected.length + skipped.length > 0
}

/**
 * What cannot be meant in the place of a value. Null may be: nothing to tell, an empty list. In that of a number it is what JSON makes of
 * NaN, which is left out on purpose if it is.
 */
function unfitFor(value: unknown): readonly unknown[] {
  if (typeof value === 'string') return [{ unfit: ['unfit'] }]
  return typeof value === 'number' || typeof value === 'bigint' ? [null, 'unfit'] : ['unfit']
}

/**
 * Whether a place is in an object, however deep, in which each number is a record, whatever it is called, and a text none: the example has
 * one there, of which nothing is told. Then nobody can tell that another text was meant to be a number.
 */
function passesOver(place: Place | undefined, decoded: (text: string) => Decoded): boolean {
  if (place === undefined) return false
  const { value, owner, with: write } = place
  if (!isJsonObject(value)) return passesOver(owner, decoded)
  const counts = [{}, { conformance: 1 }, { conformance: 1, conformance2: 'x' }].map((more) => {
    const { sink, thrown } = decoded(write({ ...value, ...more }))
    return thrown !== undefined || isTold(sink) ? NaN : sink.records
  })
  const [without, withNumber, withText] = counts as [number, number, number]
  const hasText = Object.values(value).some((member) => typeof member === 'string')
  return (hasText && withNumber === without + 1 && withText === withNumber) || passesOver(owner, decoded)
}

/** Whether some of the records are missing and the others are as they were: where those changed, two may have become one. */
function isLess(sink: KeepingSink, whole: KeepingSink): boolean {
  const left = recordsIn(whole)
  return sink.records < whole.records && recordsIn(sink).every((record) => takeFrom(left, record))
}

function recordsIn({ samples, events, logs }: KeepingSink): string[] {
  return [...samples, ...events, ...logs].map(stringifyExactly)
}

function takeFrom(list: string[], one: string): boolean {
  const at = list.indexOf(one)
  if (at >= 0) list.splice(at, 1)
  return at >= 0
}

/** The example with the integer in the place of each one that it holds, and as one more member of each object. */
function* withInteger(places: readonly Place[]): Generator<{ readonly path: string; readonly text: string }> {
  const may = places.filter(({ value }) => isInteger(value) || isJsonObject(value))
  for (const { path, value, with: write } of someOf(may, MOST_PLACES)) {
    if (isJsonObject(value))
      yield {
        path: path === '' ? 'conformance' : `${path}.conformance`,
        text: write({ ...value, conformance: EXACT }),
      }
    else yield { path, text: write(EXACT) }
  }
}

function isInteger(value: unknown): boolean {
  return typeof value === 'bigint' || Number.isInteger(value)
}

/** What records hold of their producer's own. */
function saidIn(records: readonly (EventRecord | LogRecord)[]): string {
  return stringifyExactly(
    records.map((record) => [
      record.labels,
      'message' in record ? record.message : (record as EventRecord).annotations,
    ]),
  )
}

function brief(text: string): string {
  return text.length > 200 ? `${text.slice(0, 200)}…` : text
}

import { permanent } from '@smart-gateway/sdk'
import type { RecordSink } from '@smart-gateway/sdk'
import { isJsonObject, parseExactly } from '@smart-gateway/sdk/json'
import type { JsonObject } from '@smart-gateway/sdk/json'
import type { ReadLog } from './log.ts'

/**
 * Turns one body into log lines: it is a JSON object, an array of objects or of strings that hold them, or one object per
 * line of text. Throws when it holds something, but no JSON object.
 */
export function decodeMessage(body: Buffer, readLog: ReadLog, out: RecordSink): void {
  if (body.length === 0) throw permanent('the body is empty')
  const text = withoutMark(body.toString())
  const newline = text.indexOf('\n')
  const lines = newline === -1 || newline === text.length - 1 ? [text] : text.split('\n')
  if (lines.length > 1 && holdsLines(text, lines)) decodeElements(lines, 'line', 1, readLog, out)
  else decodeDocument(documentOf(text), readLog, out)
}

// Notepad and PowerShell begin a text with one; JSON.parse knows none.
function withoutMark(text: string): string {
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text
}

/** Whether a text of several lines is more than one document that was laid out over them. */
function holdsLines(text: string, lines: readonly string[]): boolean {
  const first = lines.find((line) => !isBlank(line))
  return first !== undefined && (isJson(first) || !isJson(text))
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

function documentOf(text: string): unknown {
  try {
    return parseExactly(text)
  } catch (cause) {
    if (isBlank(text)) return []
    throw permanent(`the body is ${notJson(cause)}`, { cause })
  }
}

function decodeDocument(document: unknown, readLog: ReadLog, out: RecordSink): void {
  if (Array.isArray(document)) decodeElements(document, 'element', 0, readLog, out)
  else decodeElements([document], 'line', 1, readLog, out)
}

function decodeElements(
  elements: readonly unknown[],
  unit: 'line' | 'element',
  firstPosition: number,
  readLog: ReadLog,
  out: RecordSink,
): void {
  let objects = 0
  let faults = 0
  let firstFault = ''
  for (let i = 0; i < elements.length; i++) {
    const element = elements[i]
    if (typeof element === 'string' && isBlank(element)) continue
    const fields = fieldsOf(element)
    if (typeof fields === 'string') {
      const fault = `${unit} ${firstPosition + i} is ${fields}`
      if (faults++ === 0) firstFault = fault
      if (faults > mostFaults)
        throw permanent(`more than ${mostFaults} ${unit}s are no log lines; ${firstFault}`)
      out.reject(fault)
      continue
    }
    objects++
    const log = readLog(fields)
    if (typeof log !== 'string') out.log(log)
    else if (isBulkAction(fields)) out.skip('action line of a bulk request')
    else out.reject(`${unit} ${firstPosition + i}: ${log}`)
  }
  if (objects === 0 && faults > 0) throw permanent(`the body holds no log line; ${firstFault}`)
}

// A line that is not JSON costs about 3 µs; a body of nothing else would stop the gateway for seconds.
const mostFaults = 1000

/** The members of an element or, of one that has none, what it is instead. */
function fieldsOf(element: unknown): JsonObject | string {
  try {
    const value = typeof element === 'string' ? parseExactly(element) : element
    return isJsonObject(value) ? value : 'not a JSON object'
  } catch (cause) {
    return notJson(cause)
  }
}

function notJson(cause: unknown): string {
  // V8 names the position or quotes about 20 characters around it, never the whole line.
  return `not JSON: ${cause instanceof Error ? cause.message : String(cause)}`
}

/** Whether it is one of the lines that stand between the documents in a body of Elasticsearch's bulk API. */
function isBulkAction(fields: JsonObject): boolean {
  const [action, ...others] = Object.keys(fields)
  return (action === 'index' || action === 'create') && others.length === 0 && isJsonObject(fields[action])
}

function isBlank(text: string): boolean {
  return text.trim() === ''
}

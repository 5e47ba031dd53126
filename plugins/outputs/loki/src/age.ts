import { parseTimeMs } from '@smart-gateway/sdk/time'
import type { Push, Stream } from './stream.ts'

/**
 * Divides a push that was refused by the age that Loki's answer names, which spares a request for every old line of a host whose
 * clock is wrong. Undefined when it names none, or none that an entry is past.
 */
export function separateOld(
  push: Push,
  answer: string,
): { readonly old: Push; readonly rest: Push } | undefined {
  // What is too far behind is so in its stream only.
  const sign = push.length === 1 ? TOO_OLD_OR_BEHIND : TOO_OLD
  const oldestMs = parseTimeMs(sign.exec(answer)?.[1])
  const old = keep(push, (timeMs) => timeMs < oldestMs)
  return old.length === 0 ? undefined : { old, rest: keep(push, (timeMs) => timeMs >= oldestMs) }
}

// Answers quote labels, in which a peer may have written anything: only the end of one is surely Loki's own.
const TOO_OLD = /has timestamp too old: \S+ oldest acceptable timestamp is: ([\dTZ:.+-]+)\s*$/
const TOO_OLD_OR_BEHIND = /oldest acceptable timestamp is: ([\dTZ:.+-]+)/

function keep(push: Push, wanted: (timeMs: number) => boolean): Push {
  return push.flatMap((stream): Stream[] => {
    const entries = stream.entries.filter(({ timeMs }) => wanted(timeMs))
    return entries.length === 0 ? [] : [{ ...stream, entries }]
  })
}

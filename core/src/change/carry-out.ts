import { reasonOf } from '../errors.ts'
import type { Change, OpenStep } from './change.ts'
import { moveOf } from './move.ts'
import type { Board, Move } from './move.ts'

/** How a plan is carried out. */
export interface Manner {
  /** All of it or nothing; otherwise what cannot be done is left out. */
  readonly atomic: boolean
  readonly signal: AbortSignal
}

interface Open {
  readonly open: OpenStep
  readonly move: Move
}

/**
 * Carries out the steps of a change: everything is made ready beside what runs, then cut over one after the other, and what leaves goes
 * last. What fails is noted at its step and leaves the instance as it was.
 */
export async function carryOut(change: Change, board: Board, manner: Manner): Promise<void> {
  for (const { step } of change.steps) if (step.does === 'removed') board.leaving.add(step.name)
  try {
    await carry(change, board, manner)
  } finally {
    board.leaving.clear()
  }
}

async function carry(change: Change, board: Board, { atomic, signal }: Manner): Promise<void> {
  const all = change.steps.flatMap((open) => {
    const move = moveOf(open.step, board)
    return move === undefined ? [] : [{ open, move }]
  })
  change.enter('preparing')
  await Promise.all(all.map((one) => attempt(one, ({ move }) => move.prepare(signal))))
  const ready = all.filter(({ open }) => open.result === undefined)
  if (signal.aborted || (atomic && change.steps.some(({ result }) => result === 'failed'))) {
    const reason = signal.aborted
      ? 'the gateway is stopping'
      : 'another instance of the change failed, and all or nothing was asked for'
    await Promise.all(ready.map((one) => giveUp(one, reason)))
    return
  }
  change.enter('cutting over')
  const done: Open[] = []
  for (const one of ready.toSorted((a, b) => turnOf(a) - turnOf(b))) {
    if (signal.aborted) {
      await giveUp(one, 'the gateway is stopping')
      continue
    }
    await attempt(one, async ({ open, move }) => {
      open.done = await move.cutOver(signal)
      open.result = 'done'
    })
    if (one.open.result === 'done') done.push(one)
    else if (atomic) {
      await undo(ready, done, signal)
      return
    }
  }
}

// What takes records is there before what brings them, and what leaves leaves when what replaces it works.
const TURNS = ['filter', 'output', 'transport', 'input'] as const

function turnOf({ open: { step } }: Open): number {
  const turn = TURNS.indexOf(step.kind)
  return step.does === 'removed' ? 2 * TURNS.length - turn : turn
}

async function attempt(one: Open, act: (one: Open) => Promise<void>): Promise<void> {
  try {
    await act(one)
  } catch (error) {
    one.open.result = 'failed'
    one.open.done = { note: reasonOf(error) }
  }
}

async function giveUp({ open, move }: Open, reason: string): Promise<void> {
  await move.discard()
  open.result = 'failed'
  open.done = { note: reason }
}

async function undo(ready: readonly Open[], done: readonly Open[], signal: AbortSignal): Promise<void> {
  const reason = 'undone: another instance of the change failed, and all or nothing was asked for'
  for (const { open, move } of done.toReversed()) {
    open.result = 'failed'
    open.done = { note: reason }
    try {
      await move.revert(signal)
    } catch (error) {
      open.done = { note: `could not be undone: ${reasonOf(error)}` }
    }
  }
  await Promise.all(ready.filter(({ open }) => open.result === undefined).map((one) => giveUp(one, reason)))
}

import type { Scenario } from './scenario.ts'
import { allAtOnce } from './scenarios/all-at-once.ts'
import { brokerRestart } from './scenarios/broker-restart.ts'
import { busy } from './scenarios/busy.ts'
import { channelDeath } from './scenarios/channel-death.ts'
import { diskFull } from './scenarios/disk-full.ts'
import { down } from './scenarios/down.ts'
import { flapping } from './scenarios/flapping.ts'
import { frozen } from './scenarios/frozen.ts'
import { halfOpen } from './scenarios/half-open.ts'
import { killed } from './scenarios/killed.ts'
import { refusing } from './scenarios/refusing.ts'
import { restarted } from './scenarios/restarted.ts'
import { slow } from './scenarios/slow.ts'

/** What is played in a few minutes. */
export const SHORT: readonly Scenario[] = [
  down('disk'),
  slow('optional'),
  flapping('required'),
  refusing('required'),
  refusing('disk'),
  busy('disk'),
  halfOpen('required'),
  brokerRestart('required'),
  brokerRestart('optional'),
  channelDeath('required'),
  killed,
  restarted,
  frozen,
  diskFull(false),
  diskFull(true),
  allAtOnce,
]

/** Everything, with each kind of output. */
export const FULL: readonly Scenario[] = [
  ...[down, slow, flapping, refusing, busy, halfOpen, brokerRestart, channelDeath].flatMap((scenario) =>
    (['required', 'optional', 'disk'] as const).map(scenario),
  ),
  killed,
  restarted,
  frozen,
  diskFull(false),
  diskFull(true),
  allAtOnce,
]

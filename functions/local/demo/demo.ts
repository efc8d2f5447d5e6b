/** serve --demo: the ordinary server on a played clock, with a played GitLab that sends it the jobs of one day after another. */
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { totalObservations } from '../../../shared/domain/state.ts'
import { sendWebhook } from '../../../shared/played-gitlab/index.ts'
import type { Log } from '../../../shared/ports.ts'
import { loadConfig } from '../../../shared/runtime/config.ts'
import { rememberJobTags } from '../../../shared/runtime/job-tags.ts'
import { createLog } from '../../../shared/runtime/log.ts'
import type { Settings } from '../../../shared/schema/settings.ts'
import { startServer, toldToStop } from '../server.ts'
import { DEMO_GITLAB, type DemoDay, startDays } from './days.ts'
import { prepareDemoFolder } from './demo-folder.ts'
import { armFacts, type DemoFacts, policyFacts } from './facts.ts'
import { farewell } from './farewell.ts'
import { frameOf } from './frame.ts'
import { demoStart, playedClock } from './played-clock.ts'
import { createPlayer } from './player.ts'
import { screenOn } from './screen.ts'
import { speedometer } from './speedometer.ts'
import { createTally, tallied } from './tally.ts'
import { potentialOutcomes, taggedJobsOf } from './truth.ts'

const MS_PER_MINUTE = 60_000
const TICK_MS = 5
/** About a day of the played GitLab. */
const NEWEST_JOBS = 2000
/** Of the table that stays on the terminal. */
const LAST_ROWS = 25
const GRACE_MS = 500
/** To handle what was taken: who presses Ctrl-C waits less. The rest is handled when the folder is next opened. */
const DRAIN_MS = { told: 700, enough: 10_000 }

export type DemoOptions = {
  dataFolder: string
  /** Played milliseconds to a real one. */
  speed: number
  /** Real minutes of play after which it ends by itself. */
  minutes: number | undefined
}

export async function serveDemo({ dataFolder, speed, minutes }: DemoOptions): Promise<void> {
  const settings = demoSettings(dataFolder)
  const screen = screenOn(process.stdout)
  const logFile = join(dataFolder, 'demo.log')
  await prepareDemoFolder(settings, createLog('warning'))
  const startedMs = performance.now()
  const startsAt = demoStart(Date.now())
  const clock = playedClock(startsAt, speed, () => performance.now())
  const { log, trouble } = watched(createLog('warning', logFile), logFile)
  const days = startDays(startsAt)
  const server = await startServer(settings, log, { clock, graceMs: GRACE_MS }).catch(
    async (error: unknown) => {
      await days.stop()
      throw error
    },
  )
  const { deps } = server
  const tally = createTally(NEWEST_JOBS)
  deps.warehouse = tallied(deps.warehouse, tally)

  async function nextDay(): Promise<DemoDay> {
    const day = await days.next()
    rememberJobTags(taggedJobsOf(day), deps)
    await deps.warehouse.insert(
      'potential_outcomes',
      potentialOutcomes(day, deps.fleet, deps.settings.instance),
    )
    return day
  }

  const failed = Promise.withResolvers<never>()
  const begun = Promise.withResolvers<void>()
  const token = deps.settings.webhookTokens?.[0] ?? ''
  const player = createPlayer({
    clock,
    days: { next: nextDay },
    async send(webhook) {
      begun.resolve()
      const answer = await sendWebhook(webhook, `${server.address}/webhooks/gitlab`, token)
      return 'httpStatus' in answer && answer.httpStatus < 300
    },
    queued: () => Math.max(...Object.values(deps.bus.depths())),
    onFailure: failed.reject,
  })
  const hint = `Ctrl-C ends it and says what to try next. Meanwhile: npx runner-bandit stats --data ${dataFolder}`
  const speeds = speedometer(clock, () => performance.now())

  function facts(): DemoFacts {
    const newest = tally.newest()
    const { state } = deps.state.latest() ?? {}
    return {
      playedAt: clock.now(),
      speed,
      reachedSpeed: speeds.reached() ?? speed,
      jobs: player.jobs(),
      learnedFrom: state === undefined ? 0 : totalObservations(state),
      arms: state === undefined ? [] : armFacts(state, deps.fleet, newest),
      policies: state === undefined ? [] : policyFacts(state, deps.fleet, newest),
      newest,
      trouble: trouble() ?? (player.failed() > 0 ? `${player.failed()} webhooks were not taken.` : undefined),
      hint: undefined,
    }
  }
  const draw = () => screen.draw(frameOf({ ...facts(), hint }, screen.size()))

  const told = toldToStop().then(() => 'told' as const)
  draw()
  const ticking = setInterval(player.tick, TICK_MS)
  const drawing = setInterval(draw, screen.everyMs)
  const enough =
    minutes === undefined
      ? []
      : [begun.promise.then(() => wait(minutes * MS_PER_MINUTE)).then(() => 'enough' as const)]
  let drainMs = DRAIN_MS.told
  try {
    drainMs = DRAIN_MS[await Promise.race([told, failed.promise, ...enough])]
  } finally {
    clearInterval(ticking)
    clearInterval(drawing)
    await days.stop()
    // What could not be handled by then is of no use to anybody: the next demo starts anew.
    const drained = player.stop().then(() => deps.deliveries.drained())
    await Promise.race([drained.catch(() => {}), wait(drainMs)])
    screen.close()
    await server.close()
  }
  const left = frameOf(facts(), { ...screen.size(), rows: LAST_ROWS })
  console.log(left.map(({ text }) => text).join('\n'))
  console.log(farewell(facts(), { startsAt, realMs: performance.now() - startedMs, dataFolder }))
}

/** Keeps no process alive that has nothing else to do. */
const wait = (ms: number) => sleep(ms, undefined, { ref: false })

/** The environment is left alone: it speaks of a real GitLab and a real folder. */
function demoSettings(dataFolder: string): Settings {
  const settings = loadConfig({ GITLAB_URL: DEMO_GITLAB, RUNNER_BANDIT_DATA: dataFolder, PORT: '0' })
  return { ...settings, synthetic: true }
}

/** The log, which remembers that there was a warning: the table says so, since the log itself would tear it. */
function watched(log: Log, file: string): { log: Log; trouble(): string | undefined } {
  let count = 0
  let newest = ''
  const noted =
    (write: Log['warning']): Log['warning'] =>
    (message, fields) => {
      count += 1
      newest = message
      write(message, fields)
    }
  return {
    log: { ...log, warning: noted(log.warning), error: noted(log.error) },
    trouble: () => (count === 0 ? undefined : `${count} warnings, the newest ${newest}; see ${file}.`),
  }
}

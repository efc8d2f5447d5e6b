/** The child's side of a measurement: a process of its own that answers questions of the bench. */
import { writeFileSync } from 'node:fs'
import { Session } from 'node:inspector/promises'
import { basename, join } from 'node:path'

export type Question = { question: string; input: unknown }
/** An answer that is undefined does not cross the channel: it arrives as none. */
export type Reply = { answer?: unknown } | { error: string }

/** What a process has used so far. */
export type Usage = {
  /** User and system time of all threads. */
  cpuMicros: number
  rssBytes: number
  /** Highest so far. */
  peakRssBytes: number
}

/** Set by the bench: the folder that a profile of this process goes to. */
const profileFolder = process.env.BENCH_PROFILE
const SAMPLING_MICROS = 200

/** Says that this process is ready, then answers, one question at a time, until it is told to end. */
export function answerBench(
  ready: unknown,
  answers: Readonly<Record<string, (input: unknown) => unknown>>,
): void {
  const reply = (message: Reply) => process.send?.(message)
  let profile: Session | undefined
  process.on('disconnect', () => process.exit(1))
  process.on('message', async ({ question, input }: Question) => {
    try {
      if (question === 'end') await end(profile)
      // From the first question on, so that the start of the process is not in it.
      if (profileFolder !== undefined) profile ??= await startProfile()
      reply({ answer: question === 'usage' ? usage() : await answers[question]?.(input) })
    } catch (error) {
      reply({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) })
    }
  })
  reply({ answer: ready })
}

function usage(): Usage {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage()
  const rssBytes = process.memoryUsage.rss()
  return { cpuMicros: userCPUTime + systemCPUTime, rssBytes, peakRssBytes: maxRSS * 1024 }
}

async function startProfile(): Promise<Session> {
  const session = new Session()
  session.connect()
  await session.post('Profiler.enable')
  await session.post('Profiler.setSamplingInterval', { interval: SAMPLING_MICROS })
  await session.post('Profiler.start')
  return session
}

async function end(profile: Session | undefined): Promise<never> {
  if (profile !== undefined && profileFolder !== undefined) {
    const result = await profile.post('Profiler.stop')
    const name = [basename(process.argv[1] ?? '', '.ts'), ...process.argv.slice(2), process.pid].join('-')
    writeFileSync(join(profileFolder, `${name}.cpuprofile`), JSON.stringify(result.profile))
  }
  process.exit(0)
}

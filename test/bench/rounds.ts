/** Interleaving: every round runs all contenders, one after the other, so that what the machine does hits all. */

/** Runs once and returns what it took. */
export type Contender = () => number | Promise<number>

/**
 * The values of each contender, one a round. Every second round goes in the opposite order, so that a drift
 * within a round favours nobody; a round before the first warms up and is not counted.
 */
export async function interleave<Name extends string>(
  rounds: number,
  contenders: Readonly<Record<Name, Contender>>,
): Promise<Record<Name, number[]>> {
  const inOrder = Object.entries<Contender>(contenders)
  const values = Object.fromEntries(inOrder.map(([name]) => [name, [] as number[]]))
  for (const [, run] of inOrder) await run()
  for (let round = 0; round < rounds; round += 1) {
    for (const [name, run] of round % 2 === 0 ? inOrder : inOrder.toReversed())
      values[name]?.push(await run())
  }
  return values as Record<Name, number[]>
}

/** CPU time of this process, all its threads, in nanoseconds. */
export function cpuNs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) * 1000
}

const LEAST_NS = 30_000_000

/**
 * A contender that repeats `work` for at least 30 ms of CPU time and returns the nanoseconds of one unit of it.
 * @param unitsOfWork how many units one call of `work` does.
 */
export function nsPerUnit(unitsOfWork: number, work: () => unknown): Contender {
  return () => {
    let calls = 0
    const start = cpuNs()
    let atOnce = 1
    while (true) {
      for (let call = 0; call < atOnce; call += 1) keep(work())
      calls += atOnce
      const spent = cpuNs() - start
      if (spent >= LEAST_NS) return spent / (calls * unitsOfWork)
      atOnce = Math.min(atOnce * 2, 4096)
    }
  }
}

let kept: unknown

/** What nobody looks at, a compiler may leave out. */
export function keep(value: unknown): void {
  kept = value
}

export const lastKept = () => kept

/**
 * Log speed: how much faster than its job key's baseline an arm did its successes, y = ln b_key − ln d
 * (evaluation.md 1.2). A job key that is slow everywhere makes no arm slow.
 *
 * The baseline is shrunk with the weight of 5 jobs, key → project → all:
 *   ln b_all = (Σ ln d + 5 · ln 120 s) / (n + 5), ln b_project = (Σ ln d + 5 · ln b_all) / (n + 5), and so for the key.
 *
 * How fast an arm is can be seen only where others did the same job: what an arm did of a job key alone is the baseline,
 * whatever its speed. So each success counts c = n / (n + 5), n = successes of other arms at the job key. Else an arm
 * that alone does the long jobs would seem well known, and just usual.
 *
 * What a cell adds is rounded to integer millionths (as in the state itself), so that the sums do not depend on the
 * order of the cells. One pass over all cells costs some 40 ns a cell; it is made once for each content of a state.
 */
import { fromMicros, toMicros } from './reward.ts'
import { type BanditState, totalObservations } from './state.ts'

/** Over the successes of one arm, of all job keys: Σ c, Σ c y and Σ c y². */
export type LogSpeed = { compared: number; sum: number; sumOfSquares: number }

export const BASELINE = { weight: 5, startSeconds: 120 }
/** With so many successes of other arms a success counts half. */
export const COMPARED_WEIGHT = 5

const NO_LOG_SPEED: LogSpeed = { compared: 0, sum: 0, sumOfSquares: 0 }

/**
 * By the map of cells, which only grows where it changes at all (a fold in progress): with each further success
 * it holds more observations.
 */
const known = new WeakMap<BanditState['cells'], { observations: number; byArm: Map<string, LogSpeed> }>()

/** The log speed of each arm that has a success; of every other arm nothing is known. */
export function logSpeedOf(state: BanditState): (arm: string) => LogSpeed {
  const observations = totalObservations(state)
  let entry = known.get(state.cells)
  if (entry?.observations !== observations) {
    entry = { observations, byArm: logSpeeds(state.cells) }
    known.set(state.cells, entry)
  }
  const { byArm } = entry
  return (arm) => byArm.get(arm) ?? NO_LOG_SPEED
}

/** ln(baseline in seconds) of each job key in the cells. */
export function baselinesOf(cells: BanditState['cells']): number[] {
  const keys: { n: number; lnSecondsMicros: number; project: Sums }[] = []
  const projects = new Map<string, Sums>()
  const all: Sums = { n: 0, lnSecondsMicros: 0, baseline: 0 }
  for (const [jobKey, row] of cells) {
    const name = projectOf(jobKey)
    let project = projects.get(name)
    if (project === undefined) {
      project = { n: 0, lnSecondsMicros: 0, baseline: 0 }
      projects.set(name, project)
    }
    let n = 0
    let lnSecondsMicros = 0
    for (const cell of row.values()) {
      n += cell.n
      lnSecondsMicros += cell.lnSecondsMicros
    }
    project.n += n
    project.lnSecondsMicros += lnSecondsMicros
    keys.push({ n, lnSecondsMicros, project })
  }
  for (const { n, lnSecondsMicros } of projects.values()) {
    all.n += n
    all.lnSecondsMicros += lnSecondsMicros
  }
  all.baseline = shrunk(all, Math.log(BASELINE.startSeconds))
  for (const project of projects.values()) project.baseline = shrunk(project, all.baseline)
  return keys.map((key) => shrunk(key, key.project.baseline))
}

type Sums = { n: number; lnSecondsMicros: number; baseline: number }

function shrunk({ n, lnSecondsMicros }: { n: number; lnSecondsMicros: number }, parent: number): number {
  return (fromMicros(lnSecondsMicros) + BASELINE.weight * parent) / (n + BASELINE.weight)
}

/** A job key is `<project>/<job name>`. */
function projectOf(jobKey: string): string {
  return jobKey.slice(0, jobKey.indexOf('/'))
}

function logSpeeds(cells: BanditState['cells']): Map<string, LogSpeed> {
  const baselines = baselinesOf(cells)
  const micros = new Map<string, LogSpeed>()
  let key = 0
  for (const row of cells.values()) {
    const baseline = baselines[key] as number
    key += 1
    let ofAll = 0
    for (const { n } of row.values()) ofAll += n
    for (const [arm, { n, lnSecondsMicros, lnSecondsSquaredMicros }] of row) {
      if (n === 0) continue
      let sums = micros.get(arm)
      if (sums === undefined) {
        sums = { compared: 0, sum: 0, sumOfSquares: 0 }
        micros.set(arm, sums)
      }
      const share = (ofAll - n) / (ofAll - n + COMPARED_WEIGHT)
      // Σ (b − x) = n b − Σ x, and Σ (b − x)² = n b² − 2 b Σ x + Σ x².
      sums.compared += toMicros(share * n)
      sums.sum += Math.round(share * (toMicros(n * baseline) - lnSecondsMicros))
      sums.sumOfSquares += Math.round(
        share * (toMicros(n * baseline * baseline) - 2 * baseline * lnSecondsMicros + lnSecondsSquaredMicros),
      )
    }
  }
  for (const sums of micros.values()) {
    sums.compared = fromMicros(sums.compared)
    sums.sum = fromMicros(sums.sum)
    sums.sumOfSquares = fromMicros(sums.sumOfSquares)
  }
  return micros
}

/** `parallel`: one job of the file is several, under names of GitLab's making. */
import { type Reading, stepsToKeep } from './reading.ts'
import {
  type CiEntry,
  type CiHash,
  type CiValue,
  isHash,
  isList,
  isUnknown,
  type Place,
  textOf,
} from './value.ts'
import type { Variables } from './variables.ts'

/** `unknown`: why it is not known how many there are. */
export type Instance = { name: string; variables: Variables; unknown?: string }

/** GitLab's bound for one job. */
const MAX_INSTANCES = 200

/** Beyond it times nothing would be no number. */
const MOST_COUNTED = 1e9

const raw = (value: string) => ({ value, isRaw: false })

export function instancesOf(name: string, parallel: CiEntry | undefined, reading: Reading): Instance[] {
  const once = [{ name, variables: new Map() }]
  if (parallel === undefined) return once
  const { value, at } = parallel
  if (isUnknown(value)) return [{ name, variables: new Map(), unknown: value.why }]
  if (typeof value === 'number') return isCount(value) ? numbered(name, value) : faulty()
  const matrix = isHash(value) ? value.get('matrix')?.value : undefined
  if (isUnknown(matrix)) return [{ name, variables: new Map(), unknown: matrix.why }]
  if (!isList(matrix)) return faulty()
  const found = combinationsOf(name, matrix, at, reading)
  return found.length === 0 ? once : found

  function faulty(): Instance[] {
    reading.fault(at, `parallel of "${name}" has to be a number from 1 to ${MAX_INSTANCES}, or a matrix`)
    return once
  }
}

const isCount = (value: number) => Number.isInteger(value) && value >= 1 && value <= MAX_INSTANCES

function numbered(name: string, total: number): Instance[] {
  return Array.from({ length: total }, (_, index) => ({
    name: `${name} ${index + 1}/${total}`,
    variables: new Map([
      ['CI_NODE_INDEX', raw(String(index + 1))],
      ['CI_NODE_TOTAL', raw(String(total))],
    ]),
  }))
}

/** The last variable changes fastest, as in GitLab. */
function combinationsOf(
  name: string,
  matrix: readonly CiValue[],
  at: Place,
  { fault, work }: Reading,
): Instance[] {
  const rows = matrix.map((row) => {
    work(1, at)
    return isHash(row) ? axesOf(row, (steps) => work(steps, at)) : undefined
  })
  const sizes = rows.map(
    (row) => row?.reduce((count, [, values]) => Math.min(count * values.length, MOST_COUNTED), 1) ?? 0,
  )
  const total = sizes.reduce((sum, size) => sum + size, 0)
  if (sizes.includes(0)) fault(at, `matrix of "${name}" has to be a list of variables with their values`)
  if (total > MAX_INSTANCES)
    fault(at, `matrix of "${name}" makes ${total} jobs, and GitLab allows ${MAX_INSTANCES}`)
  if (sizes.includes(0) || total > MAX_INSTANCES) return []
  const combinations = rows.flatMap((axes = []) =>
    axes.reduce<[string, string][][]>(
      (made, [axis, values]) =>
        made.flatMap((one) =>
          values.map((value) => {
            work(one.length + stepsToKeep(value), at)
            return [...one, [axis, value] as [string, string]]
          }),
        ),
      [[]],
    ),
  )
  return combinations.map((pairs, index) => ({
    name: `${name}: [${pairs.map(([, value]) => value).join(', ')}]`,
    variables: new Map([
      ...pairs.map(([axis, value]) => [axis, raw(value)] as const),
      ['CI_NODE_INDEX', raw(String(index + 1))],
      ['CI_NODE_TOTAL', raw(String(total))],
    ]),
  }))
}

function axesOf(row: CiHash, work: (steps: number) => void): [string, string[]][] {
  return [...row].map(([axis, { value }]) => {
    const values = isList(value) ? value : [value]
    work(1 + values.length)
    return [axis, values.map(textOf).filter((text) => text !== undefined)]
  })
}

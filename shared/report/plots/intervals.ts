/** Rows of points with their intervals, on one axis of numbers. */
import { shortened } from '../escape.ts'
import { bottomAxis, cross, diamond, dot, line, svg, WIDTH, words } from './drawing.ts'
import { extentOf, scaleOf, widened } from './scale.ts'

export type IntervalRow = {
  name: string
  value: number | null
  low: number | null
  high: number | null
  /** A cross: a number that is biased. */
  biased?: number | null
  /** A diamond: what is true. */
  truth?: number | null
  isHighlighted?: boolean
}

export type IntervalPlot = {
  title: string
  /** What the numbers are, with their unit. */
  axis: string
  rows: readonly IntervalRow[]
  /** A line down the plot: no difference, or what was done. */
  reference?: { value: number; name: string } | undefined
  /** What the points are called. */
  names?: { value: string; biased: string; truth: string }
}

const LEFT = 190
const RIGHT = WIDTH - 24
const ROW = 24
const MOST_CHARACTERS = 28
const NAMES = { value: 'estimate and 95 % interval', biased: 'naive match (biased)', truth: 'truth' }

/** Empty when there is nothing to draw. */
export function intervalPlot({ title, axis, rows, reference, names = NAMES }: IntervalPlot): string {
  const extent = extentOf([
    ...rows.flatMap(({ value, low, high, biased, truth }) => [value, low, high, biased, truth]),
    reference?.value,
  ])
  if (extent === undefined) return ''
  const top = 44
  const bottom = top + rows.length * ROW
  const scale = scaleOf(widened(extent), [LEFT, RIGHT])
  const marks = rows.flatMap((row, index) => {
    const y = top + (index + 0.5) * ROW
    const kind = row.isHighlighted ? 'a' : 'b'
    return [
      words(
        LEFT - 10,
        y + 4,
        shortened(row.name, MOST_CHARACTERS),
        row.isHighlighted ? 'name strong' : 'name',
        'end',
      ),
      ...(row.low === null || row.high === null
        ? []
        : [
            line(scale.at(row.low), y, scale.at(row.high), y, `interval ${kind}`),
            line(scale.at(row.low), y - 4, scale.at(row.low), y + 4, `interval ${kind}`),
            line(scale.at(row.high), y - 4, scale.at(row.high), y + 4, `interval ${kind}`),
          ]),
      ...(isNumber(row.biased) ? [cross(scale.at(row.biased), y, 'cross')] : []),
      ...(row.value === null ? [] : [dot(scale.at(row.value), y, 4, `point ${kind}`)]),
      ...(isNumber(row.truth) ? [diamond(scale.at(row.truth), y, 'truth', 6)] : []),
    ]
  })
  return svg(bottom + 44, title, [
    ...legend(rows, names),
    ...bottomAxis(scale, top, bottom, axis, (LEFT + RIGHT) / 2),
    ...(reference === undefined
      ? []
      : [
          line(scale.at(reference.value), top - 4, scale.at(reference.value), bottom, 'reference'),
          words(scale.at(reference.value), top - 7, reference.name, 'tick', 'middle'),
        ]),
    ...marks,
  ])
}

/** Only of what is drawn. */
function legend(rows: readonly IntervalRow[], names: typeof NAMES): string[] {
  const y = 9
  const parts: string[] = []
  let x = 12
  const add = (mark: string, name: string) => {
    parts.push(mark, words(x + 9, y + 4, name, 'tick'))
    x += 34 + name.length * 6.2
  }
  add(dot(x, y, 4, 'point b'), names.value)
  if (rows.some(({ biased }) => isNumber(biased))) add(cross(x, y, 'cross'), names.biased)
  if (rows.some(({ truth }) => isNumber(truth))) add(diamond(x, y, 'truth'), names.truth)
  return parts
}

const isNumber = (value: number | null | undefined): value is number => value !== null && value !== undefined

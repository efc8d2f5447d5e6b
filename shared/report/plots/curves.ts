/** Values over time, each with the band that holds at all times at once. */
import { dot, leftAxis, line, path, type Series, svg, WIDTH, words } from './drawing.ts'
import { extentOf, scaleOf, widened } from './scale.ts'

export type Curve = {
  name: string
  series: Series
  points: readonly { day: string; value: number | null; low: number | null; high: number | null }[]
}

const LEFT = 56
const RIGHT = WIDTH - 130
const TOP = 34
const BOTTOM = 240
const MS_PER_DAY = 86_400_000
/** Bands wider than so many times what the lines span would flatten them; they are cut off. */
const MOST_BAND = 3

/** Empty when there are fewer than two days. */
export function curvePlot(title: string, axis: string, curves: readonly Curve[]): string {
  const days = [...new Set(curves.flatMap(({ points }) => points.map(({ day }) => day)))].sort()
  const [first, last] = [days[0], days.at(-1)]
  const lines = extentOf(curves.flatMap(({ points }) => points.map(({ value }) => value)))
  if (first === undefined || last === undefined || first === last || lines === undefined) return ''
  const bands = extentOf(curves.flatMap(({ points }) => points.flatMap(({ low, high }) => [low, high])))
  const extent = widened(cut(lines, bands))
  const y = scaleOf(extent, [BOTTOM, TOP])
  const x = (day: string) =>
    LEFT + ((Date.parse(day) - Date.parse(first)) / (Date.parse(last) - Date.parse(first))) * (RIGHT - LEFT)
  const inside = (value: number) => Math.min(extent[1], Math.max(extent[0], value))
  return svg(BOTTOM + 40, title, [
    ...leftAxis(y, LEFT, RIGHT, axis, TOP),
    ...curves.flatMap(({ series, points }) => {
      const band = points.filter(hasBand)
      const upper = band.map(({ day, high }) => [x(day), y.at(inside(high))] as const)
      const lower = band.map(({ day, low }) => [x(day), y.at(inside(low))] as const)
      return upper.length < 2 ? [] : [path([...upper, ...lower.reverse()], `band ${series}`)]
    }),
    ...curves.flatMap(({ series, points }) => {
      const known = points.filter(hasValue).map(({ day, value }) => [x(day), y.at(value)] as const)
      return [
        path(known, `curve ${series}`),
        ...known.slice(-1).map(([px, py]) => dot(px, py, 3, `point ${series}`)),
      ]
    }),
    ...namesOf(curves, (value) => y.at(value)),
    line(LEFT, BOTTOM, RIGHT, BOTTOM, 'axis'),
    ...daysAlong(first, last).map(([day, place]) => words(x(day), BOTTOM + 16, day, 'tick', place)),
    words((LEFT + RIGHT) / 2, BOTTOM + 34, 'day (UTC)', 'label', 'middle'),
  ])
}

type Point = Curve['points'][number]
const hasValue = (point: Point): point is Point & { value: number } => point.value !== null
const hasBand = (point: Point): point is Point & { low: number; high: number } =>
  point.low !== null && point.high !== null

function cut(
  lines: readonly [number, number],
  bands: readonly [number, number] | undefined,
): [number, number] {
  if (bands === undefined) return [...lines]
  const most = Math.max(lines[1] - lines[0], Math.abs(lines[1]) * 0.1) * MOST_BAND
  return [
    Math.max(Math.min(lines[0], bands[0]), lines[0] - most),
    Math.min(Math.max(lines[1], bands[1]), lines[1] + most),
  ]
}

/** Beside the ends of the lines, pushed apart where they would cover each other. */
function namesOf(curves: readonly Curve[], at: (value: number) => number): string[] {
  const ends = curves
    .flatMap(({ name, series, points }) => {
      const end = points.findLast(hasValue)
      return end === undefined ? [] : [{ name, series, y: at(end.value) }]
    })
    .sort((left, right) => left.y - right.y)
  let above = Number.NEGATIVE_INFINITY
  return ends.map(({ name, series, y }) => {
    above = Math.max(y + 4, above + 15)
    return words(RIGHT + 8, above, name, `name ${series}`)
  })
}

function daysAlong(first: string, last: string): [string, string][] {
  const between = (Date.parse(first) + Date.parse(last)) / 2
  const middle = new Date(Math.floor(between / MS_PER_DAY) * MS_PER_DAY).toISOString().slice(0, 10)
  const ends: [string, string][] = [
    [first, 'start'],
    [last, 'end'],
  ]
  return middle === first || middle === last ? ends : [...ends, [middle, 'middle']]
}

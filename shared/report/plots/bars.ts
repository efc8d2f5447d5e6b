/** How often what comes: bars side by side. */
import { percent } from '../../domain/evaluation/figures.ts'
import { bar, leftAxis, line, svg, WIDTH, words } from './drawing.ts'
import { scaleOf } from './scale.ts'

export type BarPlot = {
  title: string
  /** What the names under the bars are. */
  axis: string
  bars: readonly { name: string; jobs: number }[]
}

const LEFT = 56
const TOP = 34
const BOTTOM = 168

/** Shares of all jobs; empty when there are none. */
export function barPlot({ title, axis, bars }: BarPlot): string {
  const total = bars.reduce((sum, { jobs }) => sum + jobs, 0)
  if (total === 0) return ''
  const most = Math.max(...bars.map(({ jobs }) => jobs)) / total
  const scale = scaleOf([0, most * 100], [BOTTOM, TOP + 8])
  const pitch = Math.min(90, (WIDTH - LEFT - 24) / bars.length)
  const right = LEFT + pitch * bars.length
  return svg(BOTTOM + 42, title, [
    ...leftAxis(scale, LEFT, right, 'share of jobs (%)', TOP),
    ...bars.flatMap(({ name, jobs }, index) => {
      const x = LEFT + index * pitch
      const y = scale.at((jobs / total) * 100)
      return [
        bar(x + pitch * 0.14, y, pitch * 0.72, BOTTOM - y, 'bar'),
        words(x + pitch / 2, BOTTOM + 15, name, 'tick', 'middle'),
        ...(pitch >= 44 ? [words(x + pitch / 2, y - 4, percent(jobs / total), 'tick', 'middle')] : []),
      ]
    }),
    line(LEFT, BOTTOM, right, BOTTOM, 'axis'),
    words((LEFT + right) / 2, BOTTOM + 34, axis, 'label', 'middle'),
  ])
}

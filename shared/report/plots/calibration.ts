/** Predicted against observed: on the diagonal, the probabilities are what they say. */
import { bottomAxis, dot, leftAxis, line, svg, words } from './drawing.ts'
import { scaleOf } from './scale.ts'

export type CalibrationPoint = { predicted: number; observed: number; candidates: number }

const LEFT = 56
const SIDE = 240
const TOP = 34
const BOTTOM = TOP + SIDE

/** Empty when there are no points. */
export function calibrationPlot(title: string, points: readonly CalibrationPoint[]): string {
  if (points.length === 0) return ''
  const x = scaleOf([0, 1], [LEFT, LEFT + SIDE])
  const y = scaleOf([0, 1], [BOTTOM, TOP])
  const most = Math.max(...points.map(({ candidates }) => candidates))
  return svg(BOTTOM + 44, title, [
    ...bottomAxis(x, TOP, BOTTOM, 'predicted probability', LEFT + SIDE / 2),
    ...leftAxis(y, LEFT, LEFT + SIDE, 'observed share', TOP),
    line(x.at(0), y.at(0), x.at(1), y.at(1), 'reference'),
    ...points.map(({ predicted, observed, candidates }) =>
      dot(x.at(predicted), y.at(observed), 3 + 7 * Math.sqrt(candidates / most), 'bubble'),
    ),
    words(LEFT + SIDE + 24, TOP + 14, 'Each point: a tenth of the range of', 'tick'),
    words(LEFT + SIDE + 24, TOP + 30, 'predicted probabilities; its area grows', 'tick'),
    words(LEFT + SIDE + 24, TOP + 46, 'with the number of job–runner pairs.', 'tick'),
    words(LEFT + SIDE + 24, TOP + 70, 'On the dashed line, runners get as many', 'tick'),
    words(LEFT + SIDE + 24, TOP + 86, 'jobs as the probabilities say.', 'tick'),
  ])
}

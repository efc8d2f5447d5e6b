/** Drawings: round numbers along the axes, and everything on them where its number says. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { barPlot } from '../../../shared/report/plots/bars.ts'
import { calibrationPlot } from '../../../shared/report/plots/calibration.ts'
import { curvePlot } from '../../../shared/report/plots/curves.ts'
import { intervalPlot } from '../../../shared/report/plots/intervals.ts'
import { extentOf, scaleOf } from '../../../shared/report/plots/scale.ts'

const figures = fc.double({ min: -1e4, max: 1e4, noNaN: true })

describe('a scale', () => {
  test('has two to twelve round ticks, all of them on it', () => {
    fc.assert(
      fc.property(figures, fc.double({ min: 1e-3, max: 1e4, noNaN: true }), (low, span) => {
        const scale = scaleOf([low, low + span], [100, 700])
        expect(scale.ticks.length).toBeGreaterThanOrEqual(2)
        expect(scale.ticks.length).toBeLessThanOrEqual(12)
        for (const tick of scale.ticks) {
          expect(scale.at(tick)).toBeGreaterThanOrEqual(100 - 1e-3)
          expect(scale.at(tick)).toBeLessThanOrEqual(700 + 1e-3)
        }
      }),
    )
  })

  test('is straight, from end to end', () => {
    const scale = scaleOf([0, 10], [100, 700])
    expect([scale.at(0), scale.at(5), scale.at(10)]).toEqual([100, 400, 700])
    expect(scale.ticks).toEqual([0, 2, 4, 6, 8, 10])
  })

  test('of one value has that value in its middle', () => {
    expect(scaleOf([3, 3], [0, 100]).at(3)).toBe(50)
    expect(scaleOf([0, 0], [0, 100]).at(0)).toBe(50)
  })
})

test('an extent leaves out what is not known', () => {
  expect(extentOf([null, 3, undefined, -1, Number.NaN])).toEqual([-1, 3])
  expect(extentOf([null])).toBeUndefined()
})

test('every point stands where its number says, and intervals go from low to high', () => {
  const svg = intervalPlot({
    title: 'Value',
    axis: 'mean reward',
    rows: [
      { name: 'thompson', value: 0.5, low: 0, high: 1, truth: 0.25, isHighlighted: true },
      { name: 'unknown', value: null, low: null, high: null },
    ],
    reference: { value: 0.5, name: 'logged' },
  })
  // The axis goes from 190 to 696, with a twentieth of the span as air on both sides.
  const at = (value: number) => String(Math.round((190 + ((value + 0.05) / 1.1) * 506) * 10) / 10)
  expect(svg).toContain(`<circle class="point a" cx="${at(0.5)}"`)
  expect(svg).toContain(`<line class="interval a" x1="${at(0)}" y1="56" x2="${at(1)}" y2="56"/>`)
  expect(svg).toContain(`M${at(0.25)} 50`)
  expect(svg).toContain('>unknown</text>')
  expect(svg).toContain('>mean reward</text>')
})

test('bars are as high as their share', () => {
  const svg = barPlot({
    title: 'Weights',
    axis: 'weight',
    bars: [
      { name: '0', jobs: 300 },
      { name: 'over 10', jobs: 100 },
    ],
  })
  const heights = [...svg.matchAll(/<rect [^>]*height="([\d.]+)"/g)].map(([, height]) => Number(height))
  expect(heights).toHaveLength(2)
  expect((heights[0] as number) / (heights[1] as number)).toBeCloseTo(3, 1)
  expect(svg).toContain('>75 %<')
})

test('a curve needs two days; its band is cut off where it would flatten the lines', () => {
  const points = ['2026-10-01', '2026-10-02'].map((day) => ({ day, value: 0.5, low: -1e6, high: 1e6 }))
  const curves = [{ name: 'thompson', series: 'a' as const, points }]
  expect(
    curvePlot('Value', 'mean reward', [{ ...(curves[0] as (typeof curves)[0]), points: points.slice(1) }]),
  ).toBe('')
  const svg = curvePlot('Value', 'mean reward', curves)
  expect(svg).toContain('class="band a"')
  const places = [...svg.matchAll(/d="M([^"]*)"/g)].flatMap(([, d = '']) =>
    d
      .split(/[ LZ]/)
      .filter((text) => text !== '')
      .map(Number),
  )
  for (const place of places) expect(Math.abs(place)).toBeLessThan(1000)
})

test('nothing to draw draws nothing', () => {
  expect(intervalPlot({ title: '', axis: '', rows: [] })).toBe('')
  expect(barPlot({ title: '', axis: '', bars: [] })).toBe('')
  expect(curvePlot('', '', [])).toBe('')
  expect(calibrationPlot('', [])).toBe('')
})

test('what is observed as predicted stands on the diagonal', () => {
  const svg = calibrationPlot('Calibration', [{ predicted: 0.5, observed: 0.5, candidates: 10 }])
  // The square is 240 wide, from 56, and 240 high, from 34.
  expect(svg).toContain('cx="176" cy="154"')
})

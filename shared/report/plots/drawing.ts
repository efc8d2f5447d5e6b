/** Pieces of SVG. Colours and fonts are classes of the page (style.ts), so that light, dark and paper differ. */
import { fixed } from '../../domain/evaluation/figures.ts'
import { escaped } from '../escape.ts'
import type { Scale } from './scale.ts'

export const WIDTH = 720

/** Colour and shape of a series: nobody has to tell them by colour alone. */
export type Series = 'a' | 'b' | 'c' | 'muted'

/** @param title what is read out instead of it */
export function svg(height: number, title: string, content: readonly string[]): string {
  return `<svg viewBox="0 0 ${WIDTH} ${round(height)}" role="img" aria-label="${escaped(title)}" xmlns="http://www.w3.org/2000/svg">${content.join('')}</svg>`
}

export const line = (x1: number, y1: number, x2: number, y2: number, kind: string): string =>
  `<line class="${kind}" x1="${round(x1)}" y1="${round(y1)}" x2="${round(x2)}" y2="${round(y2)}"/>`

export const words = (x: number, y: number, text: string, kind: string, anchor = 'start'): string =>
  `<text class="${kind}" x="${round(x)}" y="${round(y)}" text-anchor="${anchor}">${escaped(text)}</text>`

export const bar = (x: number, y: number, width: number, height: number, kind: string): string =>
  `<rect class="${kind}" x="${round(x)}" y="${round(y)}" width="${round(Math.max(0, width))}" height="${round(Math.max(0, height))}"/>`

export const dot = (x: number, y: number, radius: number, kind: string): string =>
  `<circle class="${kind}" cx="${round(x)}" cy="${round(y)}" r="${round(radius)}"/>`

export const diamond = (x: number, y: number, kind: string, size = 5): string =>
  `<path class="${kind}" d="M${round(x)} ${round(y - size)}L${round(x + size)} ${round(y)}L${round(x)} ${round(y + size)}L${round(x - size)} ${round(y)}Z"/>`

export const cross = (x: number, y: number, kind: string, size = 4): string =>
  `<path class="${kind}" d="M${round(x - size)} ${round(y - size)}L${round(x + size)} ${round(y + size)}M${round(x - size)} ${round(y + size)}L${round(x + size)} ${round(y - size)}"/>`

/** Through points in their order. */
export const path = (points: readonly (readonly [number, number])[], kind: string): string =>
  points.length === 0
    ? ''
    : `<path class="${kind}" d="M${points.map(([x, y]) => `${round(x)} ${round(y)}`).join('L')}"/>`

/** Numbers along the bottom, with a rule for each, and what they are. */
export function bottomAxis(
  scale: Scale,
  top: number,
  bottom: number,
  label: string,
  middle: number,
): string[] {
  return [
    ...scale.ticks.map((tick) => line(scale.at(tick), top, scale.at(tick), bottom, 'rule')),
    ...scale.ticks.map((tick) =>
      words(scale.at(tick), bottom + 15, fixed(tick, scale.decimals), 'tick', 'middle'),
    ),
    words(middle, bottom + 33, label, 'label', 'middle'),
  ]
}

/** Numbers along the left side, with a rule for each, and what they are above. */
export function leftAxis(scale: Scale, left: number, right: number, label: string, top: number): string[] {
  return [
    ...scale.ticks.map((tick) => line(left, scale.at(tick), right, scale.at(tick), 'rule')),
    ...scale.ticks.map((tick) =>
      words(left - 6, scale.at(tick) + 4, fixed(tick, scale.decimals), 'tick', 'end'),
    ),
    words(4, top - 12, label, 'label'),
  ]
}

const round = (value: number): number => Math.round(value * 10) / 10

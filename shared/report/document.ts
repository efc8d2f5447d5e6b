/** What a report is made of, before it is HTML, Markdown or text. Words between backticks are code; else plain text. */

export type Tone = 'good' | 'bad' | 'warning' | 'neutral'

export type Cell = string | { text: string; tone: Tone }

export type Column = {
  title: string
  /** Numbers stand on the right. */
  isNumber?: true
}

export type Block =
  | { kind: 'heading'; text: string }
  | { kind: 'subheading'; text: string }
  | { kind: 'paragraph'; text: string }
  | { kind: 'list'; items: readonly string[] }
  /** A box that is not to be overlooked. */
  | { kind: 'notice'; tone: Tone; title: string; lines: readonly string[] }
  | Table
  /** `svg` is made by shared/report/plots; its numbers stand in a table beside it. */
  | { kind: 'plot'; caption: string; svg: string }

export type Table = {
  kind: 'table'
  caption: string
  columns: readonly Column[]
  rows: readonly (readonly Cell[])[]
  /** Which row is the one that was asked for. */
  highlighted?: number | undefined
  /** A plot shows the same: on a page it stands folded. */
  isDrawn?: true
}

export type Report = { title: string; subtitle: string; blocks: readonly Block[] }

export const heading = (text: string): Block => ({ kind: 'heading', text })
export const subheading = (text: string): Block => ({ kind: 'subheading', text })
export const paragraph = (text: string): Block => ({ kind: 'paragraph', text })
/** No block where there is nothing to say. */
export const note = (text: string): Block[] => (text === '' ? [] : [paragraph(text)])
export const list = (items: readonly string[]): Block[] =>
  items.length === 0 ? [] : [{ kind: 'list', items }]

/** No block where there are no rows. */
export function table(
  caption: string,
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  highlighted = -1,
): Block[] {
  if (rows.length === 0) return []
  return [{ kind: 'table', caption, columns, rows, ...(highlighted >= 0 && { highlighted }) }]
}

/** The numbers of a plot. */
export const drawn = (blocks: readonly Block[]): Block[] =>
  blocks.map((block) => (block.kind === 'table' ? { ...block, isDrawn: true } : block))

export const column = (title: string): Column => ({ title })
export const numbers = (...titles: readonly string[]): Column[] =>
  titles.map((title) => ({ title, isNumber: true }))

export const textOf = (cell: Cell): string => (typeof cell === 'string' ? cell : cell.text)

/** A report as Markdown, as GitLab shows it. Plots are left out: their numbers stand in the tables. */
import { type Block, type Report, type Table, textOf } from './document.ts'
import { codeAndProse, escapedMarkdown, harmless } from './escape.ts'

export function markdownOf({ title, subtitle, blocks }: Report): string {
  const parts = [`# ${escapedMarkdown(title)}`, prose(subtitle), ...blocks.flatMap(partsOf)]
  return `${parts.join('\n\n')}\n`
}

function partsOf(block: Block): string[] {
  switch (block.kind) {
    case 'heading':
      return [`## ${escapedMarkdown(block.text)}`]
    case 'subheading':
      return [`### ${escapedMarkdown(block.text)}`]
    case 'paragraph':
      return [prose(block.text)]
    case 'list':
      return [block.items.map((item) => `- ${prose(item)}`).join('\n')]
    case 'notice':
      return [[`> **${prose(block.title)}**`, ...block.lines.map((line) => `> ${prose(line)}`)].join('\n>\n')]
    case 'table':
      return tableOf(block)
    case 'plot':
      return []
  }
}

function tableOf({ caption, columns, rows, highlighted }: Table): string[] {
  const lineOf = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  const body = rows.map((row, index) =>
    lineOf(row.map((cell) => (index === highlighted ? `**${plain(textOf(cell))}**` : plain(textOf(cell))))),
  )
  return [
    prose(caption),
    [
      lineOf(columns.map(({ title }) => plain(title))),
      lineOf(columns.map(({ isNumber }) => (isNumber ? '---:' : '---'))),
      ...body,
    ].join('\n'),
  ]
}

const plain = (text: string): string => (text === '' ? ' ' : escapedMarkdown(text))

const prose = (text: string): string =>
  codeAndProse(text)
    .map((part) => (part.isCode ? `\`${harmless(part.text)}\`` : escapedMarkdown(part.text)))
    .join('')

/** A report as one HTML file: nothing is fetched, nothing runs. */
import { type Block, type Cell, type Report, type Table, textOf } from './document.ts'
import { codeAndProse, escaped } from './escape.ts'
import { STYLE } from './style.ts'

export function htmlOf({ title, subtitle, blocks }: Report): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="generator" content="Runner Bandit">
<title>${escaped(title)}</title>
<style>${STYLE}
</style>
</head>
<body>
<main>
<h1>${escaped(title)}</h1>
<p class="subtitle">${prose(subtitle)}</p>
${blocks.map(blockOf).join('\n')}
</main>
</body>
</html>
`
}

function blockOf(block: Block): string {
  switch (block.kind) {
    case 'heading':
      return `<h2>${escaped(block.text)}</h2>`
    case 'subheading':
      return `<h3>${escaped(block.text)}</h3>`
    case 'paragraph':
      return `<p>${prose(block.text)}</p>`
    case 'list':
      return `<ul>\n${block.items.map((item) => `<li>${prose(item)}</li>`).join('\n')}\n</ul>`
    case 'notice':
      return `<div class="notice ${block.tone}" role="note">\n<p class="title">${prose(block.title)}</p>\n${block.lines.map((line) => `<p>${prose(line)}</p>`).join('\n')}\n</div>`
    case 'plot':
      return `<figure>${block.svg}<figcaption>${prose(block.caption)}</figcaption></figure>`
    case 'table':
      return tableOf(block)
  }
}

function tableOf({ caption, columns, rows, highlighted, isDrawn }: Table): string {
  const kindOf = (index: number) => (columns[index]?.isNumber ? ' class="number"' : '')
  const head = columns
    .map(({ title }, index) => `<th scope="col"${kindOf(index)}>${escaped(title)}</th>`)
    .join('')
  const body = rows.map((row, index) => {
    const cells = row.map((cell, at) => `<td${kindOf(at)}>${cellOf(cell)}</td>`).join('')
    return `<tr${index === highlighted ? ' class="highlighted"' : ''}>${cells}</tr>`
  })
  const whole = `<div class="wide"><table aria-label="${escaped(caption)}">\n<thead><tr>${head}</tr></thead>\n<tbody>\n${body.join('\n')}\n</tbody></table></div>`
  return isDrawn
    ? `<details><summary>In numbers: ${prose(caption)}</summary>\n${whole}</details>`
    : `<p class="caption">${prose(caption)}</p>\n${whole}`
}

/** Short names stay on one line; only sentences are folded. */
const SHORT = 28

const cellOf = (cell: Cell): string => {
  const text = textOf(cell)
  const kinds = [...(typeof cell === 'string' ? [] : [cell.tone]), ...(text.length <= SHORT ? ['short'] : [])]
  return kinds.length === 0 ? escaped(text) : `<span class="${kinds.join(' ')}">${escaped(text)}</span>`
}

const prose = (text: string): string =>
  codeAndProse(text)
    .map((part) => (part.isCode ? `<code>${escaped(part.text)}</code>` : escaped(part.text)))
    .join('')

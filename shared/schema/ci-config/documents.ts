/** A file's text → its YAML documents, with their faults; no more of it than a reading may cost. */
import {
  Composer,
  type CST,
  type Document,
  Lexer,
  type LineCounter,
  Parser,
  type ScalarTag,
  type Tags,
} from 'yaml'
import type { Reading } from './reading.ts'

/** GitLab's bounds: `spec:` and the configuration; and of nesting. */
const MAX_DOCUMENTS = 2
export const MAX_DEPTH = 100

const STEPS_PER_TOKEN = 10
const TOKENS_IN_ONE_GO = 2_000
/** What the lexer puts before a text that stands for itself. */
const SCALAR = '\x1f'

const BOOLEAN = 'tag:yaml.org,2002:bool'
/** Whether a key of an `!!omap` is there twice takes the square of its length to see, and nobody asks. */
const REPLACED = ['tag:yaml.org,2002:timestamp', 'tag:yaml.org,2002:omap', BOOLEAN]
const boolean = (value: boolean, test: RegExp): ScalarTag => ({
  tag: BOOLEAN,
  default: true,
  identify: (one) => one === value,
  test,
  resolve: () => value,
})

/** As Psych has them: `y` and `n` are text, and so are dates. `!reference` is resolved when everything is merged. */
const customTags = (tags: Tags): Tags => [
  ...tags.filter((tag) => typeof tag === 'string' || !REPLACED.includes(tag.tag)),
  boolean(true, /^(?:yes|true|on)$/i),
  boolean(false, /^(?:no|false|off)$/i),
  { tag: '!reference', collection: 'seq' },
]

export class TooMuch extends Error {}

/** @throws TooMuch for nesting and for more documents than GitLab reads. */
export function* documentsOf(
  text: string,
  file: string,
  lines: LineCounter,
  { work }: Reading,
): Generator<void, Document[]> {
  const tokens: CST.Token[] = []
  const parser = new Parser(lines.addNewLine)
  lines.addNewLine(0)
  let read = 0
  let depth = 0
  let before = ''
  for (const lexeme of new Lexer().lex(text)) {
    work(STEPS_PER_TOKEN, { file, line: lines.lineStarts.length })
    if (before !== SCALAR) depth += depthOf(lexeme)
    if (depth > MAX_DEPTH) throw new TooMuch(`nested deeper than ${MAX_DEPTH} levels`)
    tokens.push(...parser.next(lexeme))
    before = lexeme
    read += 1
    if (read % TOKENS_IN_ONE_GO === 0) yield
  }
  tokens.push(...parser.end())
  return composed(tokens)
}

const depthOf = (lexeme: string) =>
  lexeme === '[' || lexeme === '{' ? 1 : lexeme === ']' || lexeme === '}' ? -1 : 0

function composed(tokens: Iterable<CST.Token>): Document[] {
  const documents: Document[] = []
  const composer = new Composer({ version: '1.1', uniqueKeys: false, logLevel: 'silent', customTags })
  // A fault of the text is told by its place in it; a stack for each of 100,000 takes seconds.
  const { stackTraceLimit } = Error
  Error.stackTraceLimit = 0
  try {
    for (const document of composer.compose(tokens)) {
      documents.push(document as Document)
      if (documents.length > MAX_DOCUMENTS) throw new TooMuch(`it has more than ${MAX_DOCUMENTS} documents`)
    }
    return documents
  } finally {
    Error.stackTraceLimit = stackTraceLimit
  }
}

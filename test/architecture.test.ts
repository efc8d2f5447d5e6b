/** Who may import whom, how large a file may be, that the README's walk leads somewhere, and what tests may share. */
import { existsSync, globSync, readFileSync } from 'node:fs'
import { join, matchesGlob } from 'node:path'
import { expect, test } from 'vitest'

const HANDLER_MAY = [
  'shared/{domain,schema}/**',
  'shared/errors.ts',
  'shared/report/**',
  'type shared/ports.ts',
  'shared/runtime/{ask-evaluation,breathe,bulk,choice-sets,ci-callers,credentials,data-checks,decide-past,decide-recommendation,evaluation-influence,evaluation-questions,event-log,job-tags,kept-answers,learn-events,log-lag,look-at-fleet,look-in-time,missing-jobs,mode-in-effect,pipeline-rows,publish-intake,push-credentials,quarantine,rebuild-state,replayed-jobs,site-facts,update-document,update-state}.ts',
  'type shared/runtime/handler.ts',
  'npm:zod',
]
const FRAMEWORKS = ['npm:@google-cloud/functions-framework', 'npm:commander', 'node']
const ADAPTER_MAY = ['shared/{ports,errors}.ts', 'shared/{domain,schema}/**', 'npm', 'node']
const RUNTIME_MAY = ['shared/*.ts', 'shared/{domain,schema,report,runtime}/**', 'npm', 'node']

/**
 * The first line that fits a file holds for it. `type x` means nothing but types of x, `npm` any package,
 * `node` any module of Node.
 */
const MAY_IMPORT: readonly [files: string, imports: readonly string[]][] = [
  ['shared/domain/**', ['shared/domain/**']],
  ['shared/{ports,errors}.ts', ['type shared/domain/**']],
  [
    'shared/schema/**',
    ['shared/schema/**', 'shared/domain/**', 'shared/errors.ts', 'npm:zod', 'npm:yaml', 'node:crypto'],
  ],
  ['shared/report/**', ['shared/report/**', 'shared/schema/**', 'shared/domain/**']],
  ['shared/played-gitlab/**', ['shared/played-gitlab/**', 'node']],
  ['shared/simulator/**', ['shared/simulator/**', 'shared/domain/**']],
  ['shared/adapters/local/**', [...ADAPTER_MAY, 'shared/adapters/local/**']],
  ['shared/adapters/gcp/**', [...ADAPTER_MAY, 'shared/adapters/gcp/**']],
  ['shared/adapters/*.ts', [...ADAPTER_MAY, 'shared/adapters/*.ts']],
  ['shared/runtime/deps*.ts', [...RUNTIME_MAY, 'shared/adapters/**']],
  ['shared/runtime/**', RUNTIME_MAY],
  [
    'functions/{routes,services,operations,index,cli}.ts',
    ['functions/**', 'shared/runtime/**', 'package.json', ...HANDLER_MAY, ...FRAMEWORKS],
  ],
  [
    'functions/cli/*.ts',
    ['functions/**', 'shared/runtime/**', 'shared/simulator/**', ...HANDLER_MAY, ...FRAMEWORKS],
  ],
  [
    'functions/local/demo/**',
    ['functions/**', 'shared/runtime/**', 'shared/played-gitlab/**', ...HANDLER_MAY, 'node'],
  ],
  ['functions/http/**', ['functions/http/**', 'shared/runtime/**', ...HANDLER_MAY, 'node']],
  ['functions/cloud/**', ['functions/**', 'shared/runtime/**', ...HANDLER_MAY, 'node']],
  [
    'functions/local/**',
    ['functions/**', 'shared/runtime/**', 'shared/simulator/**', ...HANDLER_MAY, 'node'],
  ],
  ['functions/*.ts', HANDLER_MAY],
]

/** Time, chance, the environment and output are arguments, and the environment is read in one place. */
const MAY_NOT_SAY: readonly [files: string, except: string, words: RegExp][] = [
  ['shared/{domain,simulator}/**', '', /\bprocess\.\w+|\bDate\.now\b|\bnew Date\(\)/g],
  ['shared/{domain,simulator}/**', '', /\bMath\.random\b|\b(console|crypto|performance)\./g],
  ['{functions,shared}/**', 'shared/runtime/config.ts', /\bprocess\.env\b|\benv\b.* from 'node:process'/g],
]

const MAX_LINES = 250
/** What stands in one file on purpose, so that a port is never searched. */
const MAX_LINES_OF_PORTS = 450
const MAX_MEDIAN_LINES = 120

const root = join(import.meta.dirname, '..')
const files = globSync('{functions,shared}/**/*.ts', { cwd: root })
  .sort()
  .map((path) => ({ path, source: readFileSync(join(root, path), 'utf8') }))

/** Comments may mention what code may not; only those that begin a line are taken out, so no string is cut. */
const withoutComments = (source: string) => source.replace(/^[ \t]*(\/\*[\s\S]*?\*\/|\/\/.*$)/gm, '')

const IMPORTS =
  /^\s*(?:import|export)\s+(type\s)?(?:[\w*{}\s,$]+\sfrom\s+)?['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]/gm

type Import = { target: string; typeOnly: boolean }

function importsOf(path: string, source: string): Import[] {
  return [...withoutComments(source).matchAll(IMPORTS)].map(([, type, declared, dynamic]) => {
    const name = declared ?? dynamic ?? ''
    const target = name.startsWith('.')
      ? join(path, '..', name)
      : name.startsWith('node:')
        ? name
        : `npm:${name}`
    return { target, typeOnly: type !== undefined }
  })
}

function allows(entry: string, { target, typeOnly }: Import): boolean {
  if (entry === 'npm' || entry === 'node') return target.startsWith(`${entry}:`)
  const glob = entry.replace(/^type /, '')
  return (matchesGlob(target, glob) || target.startsWith(`${glob}/`)) && (typeOnly || glob === entry)
}

test('every folder imports only what the table allows it', () => {
  const violations = files.flatMap(({ path, source }) => {
    const allowed = MAY_IMPORT.find(([glob]) => matchesGlob(path, glob))?.[1]
    if (allowed === undefined) return [`${path}: has no line in the table of imports`]
    return importsOf(path, source)
      .filter((imported) => !allowed.some((entry) => allows(entry, imported)))
      .map(({ typeOnly, target }) => `${path}: may not import ${typeOnly ? 'even types of ' : ''}${target}`)
  })
  expect(violations).toEqual([])
})

test('the domain and the simulator take time and chance as arguments, and one file reads the environment', () => {
  const violations = files.flatMap(({ path, source }) =>
    MAY_NOT_SAY.filter(([glob, except]) => matchesGlob(path, glob) && path !== except).flatMap(
      ([, , words]) =>
        [...withoutComments(source).matchAll(words)].map(([word]) => `${path}: may not say ${word}`),
    ),
  )
  expect(violations).toEqual([])
})

test('files are small', () => {
  const sizes = files.map(({ path, source }) => ({ path, lines: source.trimEnd().split('\n').length }))
  const tooLong = sizes
    .filter(({ path, lines }) => lines > (path === 'shared/ports.ts' ? MAX_LINES_OF_PORTS : MAX_LINES))
    .map(({ path, lines }) => `${path}: ${lines} lines`)
  expect(tooLong, `at most ${MAX_LINES} lines`).toEqual([])
  const median = sizes.map(({ lines }) => lines).sort((a, b) => a - b)[Math.floor(sizes.length / 2)]
  expect(median, 'median of lines').toBeLessThanOrEqual(MAX_MEDIAN_LINES)
})

test("the stops of the README's 'Follow one webhook' exist", ({ skip }) => {
  const readme = existsSync(join(root, 'README.md')) ? readFileSync(join(root, 'README.md'), 'utf8') : ''
  const section = /^##+ Follow one webhook.*\n([\s\S]*?)(?=^##? |$(?![\s\S]))/m.exec(readme)?.[1]
  if (section === undefined) return skip('README.md has no section "Follow one webhook" yet')
  const stops = [...section.matchAll(/`(\w[\w.-]*\/[\w./-]+\.\w+)`/g)].map(([, path]) => path ?? '')
  expect(stops.length, 'stops named in backticks').toBeGreaterThan(0)
  // What a running server keeps under data/ is not part of the repository.
  expect(stops.filter((path) => !path.startsWith('data/') && !existsSync(join(root, path)))).toEqual([])
})

test('what test files share sets no hooks as it is loaded: one process loads it once, for all of them', () => {
  const shared = globSync('test/**/*.ts', { cwd: root, exclude: (path) => /node_modules/.test(path) }).filter(
    (path) => !/\.(test|fault)\.ts$|each-file\.ts$/.test(path),
  )
  const setting = shared.filter((path) =>
    /^(before|after)(All|Each)\(/m.test(readFileSync(join(root, path), 'utf8')),
  )
  expect(setting, 'whenFileDone() of test/support/file-done.ts instead').toEqual([])
})

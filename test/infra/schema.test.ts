/** infra/ against the schema of Terraform's Google provider, without the provider. */
import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { faultsOf } from './compile.ts'
import { hasTerraform } from './console.ts'
import { INFRA, infraFiles, parseInfra, strings, whatIsMissing } from './hcl.ts'
import { typedSource } from './typed.ts'

const missing = whatIsMissing()
const skipped = missing === undefined ? '' : ` (skipped: ${missing})`

test.skipIf(missing !== undefined)(
  `every resource has the arguments that the provider's schema wants${skipped}`,
  async () => {
    const source = typedSource(await parseInfra())
    expect(source.match(/^export const config_/gm)?.length, 'resources').toBeGreaterThan(40)
    expect(source.match(/^void /gm)?.length, 'attributes that are referred to').toBeGreaterThan(20)
    expect(faultsOf(source)).toEqual([])
  },
)

test.skipIf(missing !== undefined).each([
  ['an argument of another name', 'ack_deadline_seconds ', 'ack_deadline ', /ackDeadline.*does not exist/],
  ['one in a dynamic block', 'use_table_schema ', 'uses_table_schema ', /usesTableSchema.*does not exist/],
  ['an argument of another type', 'enabled = true', 'enabled = 3', /'number' is not assignable/],
  [
    'a required argument that is left out',
    '  location                    = var.region\n',
    '',
    /'location' is missing/,
  ],
  ['a resource of no type of the provider', '"google_billing_budget"', '"google_budget"', /no resource/],
  ['an attribute that is not there', 'state.name', 'state.title', /'title' does not exist/],
  [
    'a resource that is not there',
    'google_storage_bucket.state.',
    'google_storage_bucket.mood.',
    /Cannot find/,
  ],
])(`the check of the schema tells %s${skipped}`, async (_what, from, to, fault) => {
  const files = Object.entries(infraFiles())
  const index = files.findIndex(([, text]) => text.includes(from))
  expect(index, `no file has ${from}`).not.toBe(-1)
  const broken = files.map(([name, text], at) => [name, at === index ? text.replace(from, () => to) : text])
  expect(faultsOf(typedSource(await parseInfra(Object.fromEntries(broken)))).join('\n')).toMatch(fault)
})

test.skipIf(missing !== undefined)(
  `variables and locals that are used are declared, and those that are declared are used${skipped}`,
  async () => {
    const configuration = await parseInfra()
    const expressions = strings(configuration)
    const used = (kind: string) =>
      new Set(
        expressions.flatMap((text) =>
          [...text.matchAll(new RegExp(`\\b${kind}\\.(\\w+)`, 'g'))].map(([, name]) => name),
        ),
      )
    expect([...used('var')].sort()).toEqual(Object.keys(configuration.variable).sort())
    expect([...used('local')].sort()).toEqual(configuration.locals.flatMap(Object.keys).sort())
  },
)

test.skipIf(!hasTerraform)(
  `infra/ is formatted as terraform fmt does${hasTerraform ? '' : ' (skipped: needs terraform)'}`,
  () => {
    const { stdout, status } = spawnSync('terraform', ['fmt', '-check', '-recursive', INFRA], {
      encoding: 'utf8',
    })
    expect({ stdout, status }).toEqual({ stdout: '', status: 0 })
  },
)

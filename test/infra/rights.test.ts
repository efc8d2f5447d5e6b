/** Each service's account may do what its handlers need, and nothing else. */
import { existsSync, readFileSync } from 'node:fs'
import { beforeAll, describe, expect, test } from 'vitest'
import { routes } from '../../functions/routes.ts'
import { services } from '../../functions/services.ts'
import { type Body, type Configuration, infraFiles, parseInfra, whatIsMissing } from './hcl.ts'
import { needs } from './rights.ts'

const missing = whatIsMissing()
const NOT_FUNCTIONS = ['bigquery', 'journal']

/** Who holds a role on what, of grants to accounts of services. @throws Error for a form that it does not know. */
function grantsOf({ resource, locals }: Configuration): Map<string, Set<string>> {
  const held = new Map<string, Set<string>>(services.map(({ name }) => [name, new Set()]))
  const secretReaders = Object.assign({}, ...locals).secret_readers as Record<string, string[]>
  for (const [type, named] of Object.entries(resource)) {
    if (!type.endsWith('_iam_member')) continue
    for (const [name, [body = {}]] of Object.entries(named)) {
      const holder = /google_service_account\.service\[(.+?)\]\.member/.exec(String(body.member))?.[1]
      if (holder === undefined) continue
      if (name === 'reads_setting') {
        for (const [service, settings] of Object.entries(secretReaders))
          for (const setting of settings) held.get(service)?.add(`${body.role} on ${setting}`)
        continue
      }
      const each = keysOf(body)
      for (const key of each ?? ['']) {
        const service = holder === 'each.key' ? key : JSON.parse(holder)
        held.get(service)?.add(`${roleOf(body)} on ${targetOf(type, body, key)}`)
      }
    }
  }
  return held
}

/** A role of the project's own by its name in infra/. */
const roleOf = ({ role }: Body) =>
  String(role).replace(/^\$\{google_project_iam_custom_role\.(\w+)\[0\]\.id\}$/, 'roles/$1')

/** The literal keys of `for_each`. */
function keysOf({ for_each: forEach, subscription }: Body): string[] | undefined {
  if (forEach === undefined || subscription !== undefined) return undefined
  // What is granted only when it is asked for is held to be granted.
  const list = /^\$\{toset\((?:var\.start_vms \? )?(\[[^[\]]*\])(?: : \[\])?\)\}$/.exec(String(forEach))?.[1]
  if (list === undefined) throw new Error(`for_each is not a list of names: ${forEach}`)
  return JSON.parse(list)
}

function targetOf(type: string, body: Body, key: string): string {
  const of = (attribute: string, pattern: RegExp) => {
    const found = pattern.exec(String(body[attribute]))
    if (found === null) throw new Error(`${type}: ${attribute} is of no known form: ${body[attribute]}`)
    return found[1] ?? ''
  }
  switch (type) {
    case 'google_pubsub_topic_iam_member':
      return `topic ${of('topic', /google_pubsub_topic\.topic\["([\w-]+)"\]/)}`
    case 'google_pubsub_subscription_iam_member':
      of('for_each', /^\$\{toset\(var\.learn_driver == "pull" \? local\.learners : \[\]\)\}$/)
      return 'its own subscriptions'
    case 'google_storage_bucket_iam_member':
      return of('bucket', /google_storage_bucket\.(\w+)\.name/)
    case 'google_bigquery_dataset_iam_member':
      of('dataset_id', /google_bigquery_dataset\.(metrics)\./)
      return 'all tables'
    case 'google_bigquery_table_iam_member':
      of('table_id', /google_bigquery_table\.table\[(each\.key)\]/)
      return `table ${key}`
    case 'google_project_iam_member':
      return body.condition === undefined ? 'the project' : conditionOf(body.condition, key)
    default:
      throw new Error(`${type} is not known here`)
  }
}

/** Of a condition that names one table of the dataset, and none else. */
function conditionOf(condition: unknown, key: string): string {
  const { expression } = (condition as [{ expression?: string }])[0]
  const one =
    /^resource\.type == 'bigquery\.googleapis\.com\/Table' && resource\.name == 'projects\/\$\{var\.project\}\/datasets\/\$\{google_bigquery_dataset\.metrics\.dataset_id\}\/tables\/\$\{each\.key\}'$/
  if (!one.test(expression ?? '')) throw new Error(`the condition is of no known form: ${expression}`)
  return `table ${key}`
}

/** Tables and views that SQL names, and those under the views. */
function tablesIn(text: string): string[] {
  const named = [...text.matchAll(/\bci_metrics\.(\w+)/g)].map(([, name]) => name as string)
  const under = named.flatMap((name) => {
    const file = new URL(`../../sql/ci_metrics/${name}.sql`, import.meta.url)
    return existsSync(file) ? tablesIn(readFileSync(file, 'utf8')) : []
  })
  return [...new Set([...named, ...under])].sort()
}

test('what /explain may read is what its SQL names, and what is under that', () => {
  const source = readFileSync(new URL('../../functions/explain.ts', import.meta.url), 'utf8')
  const granted = (needs.explain ?? []).flatMap((grant) => / on table (\w+)$/.exec(grant)?.[1] ?? [])
  expect(granted.sort()).toEqual(tablesIn(source))
})

test('every route that runs in a function says what it needs', () => {
  const running = routes.filter(({ service }) => !NOT_FUNCTIONS.includes(service)).map(({ name }) => name)
  expect(Object.keys(needs).sort()).toEqual(running.sort())
})

describe.skipIf(missing !== undefined)(
  `infra/${missing === undefined ? '' : ` (skipped: ${missing})`}`,
  () => {
    let configuration: Configuration

    beforeAll(async () => {
      configuration = await parseInfra()
    })

    test.each(services.map(({ name }) => name))(
      'grants %s what its handlers need, and no more',
      (service) => {
        const needed = routes
          .filter((route) => route.service === service)
          .flatMap(({ name }) => needs[name] ?? [])
        // Who may write what is read may read it.
        const implied = { objectUser: 'objectViewer', dataEditor: 'dataViewer' }
        const weaker = Object.entries(implied).flatMap(([strong, weak]) =>
          needed.filter((grant) => grant.includes(`.${strong} `)).map((grant) => grant.replace(strong, weak)),
        )
        const expected = new Set(needed.filter((grant) => !weaker.includes(grant)))
        expect([...(grantsOf(configuration).get(service) ?? [])].sort()).toEqual([...expected].sort())
      },
    )

    test('lets the deployer grant on the project what is granted there to functions, and nothing that changes rights', () => {
      const named = Object.entries(configuration.resource.google_project_iam_member ?? {})
      const [deployer = {}] = named.find(([name]) => name === 'deployer_grants')?.[1] ?? []
      const { expression } = (deployer.condition as [{ expression: string }])[0]
      const may = [...expression.matchAll(/'(roles\/[\w.]+)'/g)].map(([, role]) => role)
      const toFunctions = named
        .flatMap(([, bodies]) => bodies)
        .filter(({ member }) => String(member).includes('google_service_account.service['))
        .map(({ role }) => String(role))
        // Made by hand, by who wants it.
        .filter((role) => !role.includes('google_project_iam_custom_role'))
      for (const role of toFunctions) expect(may).toContain(role)
      expect(may.filter((role) => /admin|owner|editor|iam/i.test(role ?? ''))).toEqual([])
    })

    test('has no account that is Owner or Editor, and gives nobody but the deployer rights to give rights', () => {
      const roles = Object.entries(infraFiles()).flatMap(([file, text]) =>
        [...text.matchAll(/roles\/[\w.]+/g)].map(([role]) => ({ file, role })),
      )
      expect(roles.filter(({ role }) => /^roles\/(owner|editor|viewer)$/.test(role))).toEqual([])
      const strong = roles.filter(({ role }) => /admin$/i.test(role) && !/^roles\/\w+\.jobUser$/.test(role))
      expect(new Set(strong.map(({ file }) => file))).toEqual(new Set(['deployer.tf']))
    })
  },
)

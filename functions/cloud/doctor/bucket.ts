/** Checks of the bucket: whether it keeps what is replaced, and what this person may do with it. */
import type { BucketFacts } from '../../../shared/runtime/deps-cloud.ts'
import { failed, ok, type Verdict, warning } from '../../local/doctor/check.ts'

/** Without these nothing can be looked at. */
const TO_LOOK = ['storage.objects.get', 'storage.objects.list']

export function bucketVerdict({ settings }: BucketFacts, bucket: string): Verdict {
  if (settings === null) {
    const finding = `gs://${bucket} is there; whether it keeps versions you may not see`
    return warning(finding, `Have somebody give you roles/storage.legacyBucketReader on gs://${bucket}.`)
  }
  const place = `gs://${bucket} in ${settings.location}`
  if (settings.isVersioned) return ok(`${place}, keeps versions`)
  const finding = `${place} keeps no versions: a state that cannot be understood would be lost`
  return failed(finding, `gcloud storage buckets update gs://${bucket} --versioning   (infra/ has it so)`)
}

export function rightsVerdict({ wanted, granted }: BucketFacts, bucket: string): Verdict {
  const missing = wanted.filter((permission) => !granted.includes(permission))
  if (missing.length === 0) return ok('to read and to write the state')
  const isBlind = TO_LOOK.some((permission) => missing.includes(permission))
  const role = isBlind ? 'roles/storage.objectViewer, or objectUser to mend' : 'roles/storage.objectUser'
  const mend = `Have somebody give you ${role} on gs://${bucket}.`
  if (isBlind) return failed(`you may not read the state: ${missing.join(', ')}`, mend)
  return warning(`you may look, and not mend (rebuild, reset): ${missing.join(', ')}`, mend)
}

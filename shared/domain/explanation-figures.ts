/** Numbers, moments and lists as a sentence has them. */
import type { Instant } from './event.ts'

const MS_PER_SECOND = 1000
const SECONDS_PER_MINUTE = 60
const MINUTES_PER_HOUR = 60

/** Two decimals; one that counts, of what is smaller. */
export function figure(value: number): string {
  const size = Math.abs(value)
  return size === 0 || size >= 0.01 ? value.toFixed(2) : value.toPrecision(1)
}

/** Never 100 % for what is not certain, nor 0 % for what is possible. */
export function percent(share: number): string {
  const rounded = Math.round(share * 100)
  if (rounded === 100 && share < 1) return 'more than 99 %'
  if (rounded === 0 && share > 0) return 'less than 1 %'
  return `${rounded} %`
}

/** 1:33, 2:01:33; 33 s of what took no minute. */
export function duration(seconds: number): string {
  if (seconds < SECONDS_PER_MINUTE)
    return `${seconds < 10 ? Number(seconds.toFixed(1)) : Math.floor(seconds)} s`
  const whole = Math.floor(seconds)
  const minutes = Math.floor(whole / SECONDS_PER_MINUTE)
  const twoDigits = (count: number) => String(count).padStart(2, '0')
  const rest = twoDigits(whole % SECONDS_PER_MINUTE)
  if (minutes < MINUTES_PER_HOUR) return `${minutes}:${rest}`
  return `${Math.floor(minutes / MINUTES_PER_HOUR)}:${twoDigits(minutes % MINUTES_PER_HOUR)}:${rest}`
}

/** 2026-11-21 at 12:03 UTC */
export function moment(at: Instant): string {
  const text = new Date(Math.floor(at / MS_PER_SECOND) * MS_PER_SECOND).toISOString()
  return `${text.slice(0, 10)} at ${text.slice(11, 16)} UTC`
}

/** 1,200 */
export const grouped = (count: number): string => count.toLocaleString('en')

/** `1 job`, `1,200 jobs` */
export function counted(count: number, one: string): string {
  return `${grouped(count)} ${one}${count === 1 ? '' : 's'}`
}

/** `a`, `a and b`, `a, b and c` */
export function listed(items: readonly string[]): string {
  const last = items.at(-1) ?? ''
  return items.length < 2 ? last : `${items.slice(0, -1).join(', ')} and ${last}`
}

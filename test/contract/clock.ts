import { describe, expect, test } from 'vitest'
import type { Clock } from '../../shared/ports.ts'

export function clockContract(adapter: string, clock: Clock): void {
  describe(`clock: ${adapter}`, () => {
    test('tells whole milliseconds since 1970', () => {
      expect(Number.isInteger(clock.now())).toBe(true)
      expect(Math.abs(clock.now() - Date.now())).toBeLessThan(1000)
    })

    test('does not go back', () => {
      let last = clock.now()
      for (let reads = 0; reads < 10_000; reads += 1) {
        const now = clock.now()
        expect(now).toBeGreaterThanOrEqual(last)
        last = now
      }
    })

    test('goes on by itself', async () => {
      const before = clock.now()
      await expect.poll(() => clock.now(), { timeout: 10_000 }).toBeGreaterThan(before)
    })
  })
}

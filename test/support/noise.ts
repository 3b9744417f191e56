/** Text that no compression makes much smaller; the same in every run. */
export function noise(length: number): string {
  let state = 12_345
  let text = ''
  while (text.length < length) {
    state = (state * 48_271) % 2_147_483_647
    text += state.toString(36)
  }
  return text.slice(0, length)
}

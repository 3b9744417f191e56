/** How close to the end counts as there, in pixels. */
const NEAR = 48

/** Keeps the end of a list in view, unless somebody has scrolled away from it. */
export class Follower {
  #scroller
  #following = true

  /**
   * @param {HTMLElement} scroller
   * @param {() => void} [arrived] - called when somebody has come back to the end
   */
  constructor(scroller, arrived) {
    this.#scroller = scroller
    scroller.addEventListener('scroll', () => {
      const { scrollHeight, scrollTop, clientHeight } = scroller
      // Out of sight, on a phone, it has no size and no position.
      if (clientHeight === 0) return
      this.#following = scrollHeight - scrollTop - clientHeight < NEAR
      if (this.#following) arrived?.()
    })
    new ResizeObserver(() => this.catchUp()).observe(scroller)
  }

  /** Whether the end is in view, or would be. */
  get following() {
    return this.#following
  }

  /** To be called when the list has grown. */
  catchUp() {
    if (this.#following) this.toEnd()
  }

  toEnd() {
    this.#following = true
    this.#scroller.scrollTop = this.#scroller.scrollHeight
  }
}

import { WAYS } from './logged.js'

/** @import { State } from './state.js' */

/** The state of the connection: a short word always, and a bar with what can be done when there is none. */
export class StatusView {
  #pill
  #word
  #bar
  #why
  #spoken
  #action
  /** @type {number | undefined} */
  #ticking

  /**
   * @param {{ pill: HTMLElement, word: HTMLElement, bar: HTMLElement, why: HTMLElement, spoken: HTMLElement,
   *   action: HTMLElement }} parts
   */
  constructor({ pill, word, bar, why, spoken, action }) {
    this.#pill = pill
    this.#word = word
    this.#bar = bar
    this.#why = why
    this.#spoken = spoken
    this.#action = action
  }

  /** @param {State} state */
  show(state) {
    clearInterval(this.#ticking)
    this.#pill.dataset.phase = state.phase
    this.#pill.title = state.latencyMs === undefined ? '' : `Last answer: after ${state.latencyMs} ms`
    // Between two attempts the bar stays as it is: it would flicker.
    this.#bar.hidden = state.phase === 'online' || (state.phase === 'connecting' && this.#bar.hidden)
    this.#write(state)
    this.#speak(state)
    // The count-down is for eyes only: read aloud every second, it would drown everything else.
    if (state.phase === 'waiting') this.#ticking = setInterval(() => this.#write(state), 250)
  }

  /** @param {State} state */
  #write(state) {
    this.#word.textContent = word(state)
    if (state.phase === 'waiting') this.#why.textContent = waitingFor(state)
    else if (state.phase === 'connecting') this.#why.textContent = 'Connecting…'
    else if (state.phase === 'ended') {
      this.#why.textContent = `The connection ended and does not come back by itself: ${state.why}.`
    }
    this.#action.textContent = state.phase === 'ended' ? 'Connect again' : 'Try now'
    this.#action.setAttribute('aria-disabled', String(state.phase === 'connecting'))
  }

  /** @param {State} state */
  #speak(state) {
    const sentence = {
      connecting: '',
      online: 'Connected.',
      waiting: 'The connection is lost. It will be tried again.',
      ended: 'The connection ended and does not come back by itself.',
    }[state.phase]
    if (sentence && this.#spoken.textContent !== sentence) this.#spoken.textContent = sentence
  }
}

/** @param {State} state */
function word({ phase, way, latencyMs }) {
  if (phase !== 'online') {
    return { connecting: 'Connecting…', waiting: 'Reconnecting…', ended: 'Disconnected' }[phase]
  }
  const parts = ['Connected', way && WAYS[way], latencyMs !== undefined && `${latencyMs} ms`]
  return parts.filter(Boolean).join(' · ')
}

/** @param {State} state */
function waitingFor({ retryAt = 0, why }) {
  const seconds = Math.max(0, Math.ceil((retryAt - Date.now()) / 1000))
  const reason = why === 'shutdown' ? 'The server is restarting.' : 'No connection.'
  return `${reason} ${seconds === 0 ? 'Trying again…' : `Next attempt in ${seconds} s.`}`
}

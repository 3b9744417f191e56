import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core'

/** How somebody's browser is. */
export interface VisitorOptions extends BrowserContextOptions {
  /** What is done to the page before it is loaded. */
  readonly prepare?: (page: Page) => Promise<void>
}

/** The demo page, as somebody sees it who sits in front of it. */
export class Visitor {
  readonly page: Page
  readonly name: string
  readonly #complaints: string[] = []

  private constructor(page: Page, name: string) {
    this.page = page
    this.name = name
    page.setDefaultTimeout(60_000)
    page.on('pageerror', (error) => this.#complaints.push(String(error)))
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') this.#complaints.push(message.text())
    })
  }

  /** A browser of their own: nothing is shared with the others. */
  static async arrives(
    browser: Browser,
    url: string,
    name: string,
    { prepare, ...options }: VisitorOptions = {},
  ): Promise<Visitor> {
    const context = await browser.newContext(options)
    const visitor = new Visitor(await context.newPage(), name)
    await prepare?.(visitor.page)
    await visitor.page.goto(url)
    return visitor
  }

  /** A second tab of the same browser. */
  async anotherTab(): Promise<Visitor> {
    const tab = new Visitor(await this.page.context().newPage(), this.name)
    await tab.page.goto(this.page.url())
    return tab
  }

  /**
   * What the browser complained about: errors of scripts, of the console and of the Content-Security-Policy. That there is
   * no server for a while is no complaint.
   */
  get complaints(): string[] {
    return this.#complaints.filter(
      (text) => !/^WebSocket connection to .* failed|ERR_CONNECTION_REFUSED/.test(text),
    )
  }

  get messageBox(): Locator {
    return this.page.getByRole('textbox', { name: 'Message' })
  }

  get messages(): Locator {
    return this.page.getByRole('log', { name: 'Messages' })
  }

  get people(): Locator {
    return this.page.getByRole('region', { name: 'People' }).getByRole('listitem')
  }

  get frames(): Locator {
    return this.page.getByRole('list', { name: 'The last 200 frames' }).getByRole('listitem')
  }

  async joins(room?: string): Promise<void> {
    await this.page.getByLabel('Your name').fill(this.name)
    if (room !== undefined) await this.page.getByLabel('Room', { exact: true }).fill(room)
    await this.page.getByRole('button', { name: 'Join the room' }).click()
    await this.messageBox.waitFor()
  }

  async says(text: string): Promise<void> {
    await this.messageBox.fill(text)
    await this.messageBox.press('Enter')
  }

  /** Waits until a message, or a note between messages, is there. */
  async reads(text: string): Promise<void> {
    await this.messages.getByText(text, { exact: true }).last().waitFor()
  }

  /** Waits until exactly these people are in the list. */
  async sees(...names: string[]): Promise<void> {
    const expected = [...names].sort()
    await this.page.waitForFunction((wanted) => {
      const shown = [...document.querySelectorAll('#people-list .person-name')].map(
        (each) => each.textContent,
      )
      return JSON.stringify(shown.sort()) === JSON.stringify(wanted)
    }, expected)
  }

  async isConnected(): Promise<void> {
    await this.page
      .getByText(/^Connected/)
      .first()
      .waitFor()
  }

  async isDisconnected(): Promise<void> {
    await this.page.getByText('Reconnecting…').waitFor()
  }

  async closes(): Promise<void> {
    await this.page.close()
  }
}

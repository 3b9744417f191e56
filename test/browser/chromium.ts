import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

import { type Browser, chromium } from 'playwright-core'

const NAMES = ['chromium', 'google-chrome-stable', 'google-chrome', 'chromium-browser']

/** No sandbox for root, who may not have one, and nothing that talks to anybody but us. */
const ARGUMENTS = [
  ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** Starts the Chromium of this machine. Rejects, saying why, when there is none. */
export function startChromium(): Promise<Browser> {
  return chromium.launch({ executablePath: program(), args: ARGUMENTS })
}

function program(): string {
  const named = process.env['CHROMIUM_PATH']
  const folders = ['/usr/bin', ...(process.env['PATH'] ?? '').split(delimiter)]
  const candidates = named ? [named] : NAMES.flatMap((name) => folders.map((folder) => join(folder, name)))
  const found = candidates.find(isProgram)
  if (found !== undefined) return found
  throw new Error(
    named
      ? `CHROMIUM_PATH is ${named}, which is no program`
      : `the browser tests need Chromium: none of ${NAMES.join(', ')} is on the PATH, and CHROMIUM_PATH is not set`,
  )
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

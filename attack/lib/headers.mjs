/** As much as Node takes, nearly. */
export const HEADERS = { cookie: `a=${'c'.repeat(7_500)}`, 'x-of-mine': 'h'.repeat(7_000) }

/** Clients that a server of 256 MiB has to hold, or refuse. */
export const CLIENTS = { whole: 9_000, short: 3_000 }

/** So many characters of another text may hang on one that is kept: copying costs more than they do. */
const SLACK_CHARACTERS = 256

/**
 * A part of a text, in memory of its own. JavaScript engines keep a part as a view, and with it all of the text that it was cut
 * from: a name of 20 characters would keep a frame of half a megabyte.
 *
 * @param whole - what it is a part of; when that is hardly longer, the part stays as it is
 */
export function ownText(part: string, whole: string): string {
  return whole.length - part.length > SLACK_CHARACTERS ? freshText(part) : part
}

/** The beginning of a text, in memory of its own; what is left out is marked by `…`. For what is only logged. */
export function shortened(text: string, most: number): string {
  return text.length > most ? `${freshText(text.slice(0, most))}…` : text
}

/** The same text in memory of its own. Whatever else puts texts together and cuts them, some engine makes views of. */
export function freshText(text: string): string {
  return JSON.parse(JSON.stringify(text)) as string
}

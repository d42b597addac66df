import { styleText } from 'node:util';

/** Colours a text, or leaves it. */
export type Style = (format: 'bold' | 'dim' | 'red' | 'green' | 'yellow', text: string) => string;

/** @param plain no colour: asked for, or not on a terminal */
export function style(plain: boolean): Style {
  return plain ? (_format, text) => text : (format, text) => styleText(format, text);
}

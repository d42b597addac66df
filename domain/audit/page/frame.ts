import { createHash } from 'node:crypto';
import { Html, html } from './html';
import { STYLE } from './style';

/** A page without a script that needs nothing else. */
export function framed(title: string, main: Html): string {
  const hash = createHash('sha256').update(STYLE).digest('base64');
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta
          http-equiv="Content-Security-Policy"
          content="default-src 'none'; img-src data:; style-src 'sha256-${hash}'"
        />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <link rel="icon" href="data:," />
        <title>${title}</title>
        ${new Html(`<style>${STYLE}</style>`)}
      </head>
      <body>
        <header><h1>${title}</h1></header>
        <main>${main}</main>
      </body>
    </html> `.text;
}

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Controller, Site } from '../../domain/site/document';
import { parseSite } from '../../domain/site/parse';
import { DEFAULT_STACK, withSecretNames } from '../../domain/site/secret-names';

/** A self-signed certificate of a CA, made with `openssl req -x509 -newkey ed25519`; its key was thrown away. */
export const CA = `-----BEGIN CERTIFICATE-----
MIIBQDCB86ADAgECAhQ7ZG3vyb51fq6JGl2BI+ea5rDRFjAFBgMrZXAwFTETMBEG
A1UEAwwKUHJpdmF0ZSBDQTAgFw0yNjExMjYxNzUyMDJaGA8yMTI2MTEwMjE3NTIw
MlowFTETMBEGA1UEAwwKUHJpdmF0ZSBDQTAqMAUGAytlcAMhANqxt46/JNtv9Fho
xc3dIWV1nnxHk4oD+M0Lh0sVGzyZo1MwUTAdBgNVHQ4EFgQUwFjaG2RecOByM0/5
vMXRU8DTPTowHwYDVR0jBBgwFoAUwFjaG2RecOByM0/5vMXRU8DTPTowDwYDVR0T
AQH/BAUwAwEB/zAFBgMrZXADQQBNki5AyYrOmjAbCn+2guNIB1+97Rsy5GyXyQiD
3aa94h6OJW5Z92gr0IPfKhgh9pRKcjat+mjgX+4o4TeygGUJ
-----END CERTIFICATE-----
`;

/** The documents of `sites/`. */
export type SiteName = 'golden' | 'guide' | 'fuel' | 'fuel-9' | 'centos-7' | 'rocky-9' | 'ubuntu-24' | 'debian';

/** A site document of `sites/`, with changes made to it before it is checked and its defaults are filled in. */
export function site(name: SiteName, change: (document: Site) => void = () => undefined): Site {
  const text = readFileSync(join(__dirname, `../../sites/${name}.json`), 'utf8');
  const document = withSecretNames(JSON.parse(text), DEFAULT_STACK).document as Site;
  change(document);
  return parseSite(name, JSON.stringify(document));
}

/** The site's first controller: node-1, 10.21.22.6. */
export function node1({ controllers: [controller] }: Site): Controller {
  return controller;
}

import { accessSync, constants, mkdirSync, readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { messageOf } from '../domain/errors';
import type { Site } from '../domain/site/document';
import { parseSite } from '../domain/site/parse';
import { UsageError } from './context';

/** Reads a site document. @param stack the stack that it is for @throws UsageError, SiteDocumentInvalid */
export function siteAt(file: string, stack?: string): Site {
  return parseSite(file, textAt(file, 'The site document'), stack);
}

/** Reads a file. @param what how a message names it @throws UsageError */
export function textAt(file: string, what: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new UsageError(`${what} cannot be read: ${messageOf(error)}`);
  }
}

/** Makes a directory if it is not there. @throws UsageError */
export function refuseUnwritableDirectory(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true });
    accessSync(directory, constants.W_OK);
  } catch (error) {
    throw new UsageError(`${directory} cannot be written: ${messageOf(error)}`);
  }
}

/** Now, not when all is done and what should be written would be lost. @throws UsageError */
export function refuseUnwritable(file: string): void {
  try {
    const existing = statSync(file, { throwIfNoEntry: false });
    if (existing?.isDirectory()) throw new Error(`${file} is a directory`);
    accessSync(existing ? file : dirname(file), constants.W_OK);
  } catch (error) {
    throw new UsageError(`${file} cannot be written: ${messageOf(error)}`);
  }
}

import * as z from 'zod';
import { refusal, UnexpectedAnswer } from './errors';
import type { Answer } from './http-messages';

/*
 * Forms of answers. An answer is refused only because of a field that is used: releases leave fields out, give null for them,
 * or give more of them.
 */

/** A text that is only shown. */
export const shown = z.string().nullish().catch(undefined);

/** A flag that some releases do not have. */
export const flag = z.boolean().nullish().catch(undefined);

/** A number that is only shown. */
export const shownNumber = z.number().nullish().catch(undefined);

/** A list; elements of another form are left out, because nobody can use them. */
export function listOf<T>(element: z.ZodType<T>) {
  return z.array(z.unknown()).transform((list) =>
    list.flatMap((one) => {
      const parsed = element.safeParse(one);
      return parsed.success ? [parsed.data] : [];
    }),
  );
}

/** The same; one that is missing or null is empty. */
export function optionalListOf<T>(element: z.ZodType<T>) {
  return listOf(element)
    .nullish()
    .transform((list) => list ?? []);
}

/**
 * The body of an answer.
 *
 * @param expected names it in a message
 * @throws OpenStackApiError, OpenStackUnavailable by the answer's status; UnexpectedAnswer if the body has another form
 */
export function bodyOf<T>(answer: Answer, schema: z.ZodType<T>, expected: string): T {
  if (answer.status >= 300) throw refusal(answer);
  const body = schema.safeParse(answer.json);
  if (!body.success) throw new UnexpectedAnswer(answer, expected);
  return body.data;
}

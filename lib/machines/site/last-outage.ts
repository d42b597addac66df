import { Errors, type State } from 'aws-cdk-lib/aws-stepfunctions';
import { DynamoAttributeValue, DynamoGetItem, DynamoUpdateItem } from 'aws-cdk-lib/aws-stepfunctions-tasks';
import { type MeasuredOutages, UPDATES } from '../../../domain/authorization/forecast';
import type { NotesTable } from '../../notes-table';
import { Expression, jsonata, text, variable } from '../../states/expression';
import { type StateKit, UNCHANGED, type VariablesOf } from '../../states/kit';
import { UNTIL_ANSWERED } from '../../states/retries';
import { CALL } from './calls';
import type { SiteVariables } from './variables';

/** The key of the item that has a site's last outage by each way of updating HAProxy: `<way>Ms`, and `<way>At` in ISO 8601. */
const keyOf = ({ lock }: VariablesOf<SiteVariables>) => text`outage ${lock}`;

/**
 * Read last outages, for the forecast of the next one. Whether they are known or not, the execution goes on.
 *
 * @param suffix of the state's name
 */
export function readLastOutages(
  { scope, $ }: StateKit<SiteVariables>,
  table: NotesTable,
  next: State,
  suffix = '',
): State {
  const measured = UPDATES.map((way) => {
    const ms = `$states.result.Item.${way}Ms`;
    return `"${way}": $exists(${ms}) ? {"ms": $number(${ms}.N), "at": $states.result.Item.${way}At.S} : null`;
  });
  const read = DynamoGetItem.jsonata(scope, `Read last outages${suffix}`, {
    ...CALL,
    table,
    key: { note: attribute(keyOf($)) },
    assign: { lastOutages: new Expression<MeasuredOutages>(`{${measured.join(', ')}}`).template },
  });
  read.addRetry(UNTIL_ANSWERED).addCatch(next, { errors: [Errors.ALL], outputs: UNCHANGED });
  read.next(next);
  return read;
}

/** Whether a cycle was watched, and none of a roll-back, which is two. */
export function hadOutage({ report, rollBack }: VariablesOf<SiteVariables>): Expression<boolean> {
  return jsonata`${rollBack} = null and $type(${outageMs({ report })}) = "number"`;
}

/** Note last outage. It does not fail the execution. */
export function noteLastOutage({ scope, $ }: StateKit<SiteVariables>, table: NotesTable, next: State): State {
  const way = $.outline.dot('haproxy').dot('update');
  const note = DynamoUpdateItem.jsonata(scope, 'Note last outage', {
    ...CALL,
    comment: 'For the forecast of the next one',
    table,
    key: { note: attribute(keyOf($)) },
    updateExpression: 'SET #site = :site, #ms = :ms, #at = :at',
    expressionAttributeNames: {
      '#site': 'site',
      '#ms': text`${way}Ms`.template,
      '#at': text`${way}At`.template,
    },
    expressionAttributeValues: {
      ':site': attribute($.site.dot('name')),
      ':ms': DynamoAttributeValue.numberFromString(jsonata`$string(${outageMs($)})`.template),
      ':at': attribute(variable('states.context.State.EnteredTime')),
    },
  });
  note.addRetry(UNTIL_ANSWERED).addCatch(next, { errors: [Errors.ALL], outputs: UNCHANGED });
  note.next(next);
  return note;
}

/** How long it was at most. */
function outageMs({ report }: Pick<VariablesOf<SiteVariables>, 'report'>): Expression<number> {
  return jsonata`(${report}.outageBoundsMs ? ${report}.outageBoundsMs.atMost : ${report}.outageMs)`;
}

function attribute(value: Expression<string>): DynamoAttributeValue {
  return DynamoAttributeValue.fromString(value.template);
}

import { Errors, type State } from 'aws-cdk-lib/aws-stepfunctions';
import { DynamoAttributeValue, DynamoGetItem, DynamoPutItem } from 'aws-cdk-lib/aws-stepfunctions-tasks';
import type { MeasuredOutage } from '../../../domain/authorization/forecast';
import type { NotesTable } from '../../notes-table';
import { type Expression, jsonata, text, variable } from '../../states/expression';
import { type StateKit, UNCHANGED, type VariablesOf } from '../../states/kit';
import { UNTIL_ANSWERED } from '../../states/retries';
import { CALL } from './calls';
import type { SiteVariables } from './variables';

/** The key of the item that has a site's last outage by one way of updating HAProxy; that of a cycle has been so always. */
const keyOf = ({ lock, outline }: VariablesOf<SiteVariables>) =>
  text`outage ${lock}${jsonata<string>`${outline.dot('haproxy')}.update = "cycle" ? "" : " " & ${outline.dot('haproxy')}.update`}`;

/** Read last outage, for the forecast of the next one. Whether it is known or not, the execution goes on. */
export function readLastOutage({ scope, $ }: StateKit<SiteVariables>, table: NotesTable, next: State): State {
  const read = DynamoGetItem.jsonata(scope, 'Read last outage', {
    ...CALL,
    table,
    key: { note: attribute(keyOf($)) },
    assign: {
      lastOutage:
        jsonata<MeasuredOutage | null>`$exists($states.result.Item) ? {"ms": $number($states.result.Item.ms.N), "at": $states.result.Item.at.S} : null`
          .template,
    },
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
  const note = DynamoPutItem.jsonata(scope, 'Note last outage', {
    ...CALL,
    comment: 'For the forecast of the next one',
    table,
    item: {
      note: attribute(keyOf($)),
      site: attribute($.site.dot('name')),
      ms: DynamoAttributeValue.numberFromString(jsonata`$string(${outageMs($)})`.template),
      at: attribute(variable('states.context.State.EnteredTime')),
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

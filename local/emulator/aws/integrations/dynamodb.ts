import { ServiceError } from '../../service-error';
import type { ItemRequest, LocalTable } from '../dynamodb';
import { ACCOUNT, nameOf, REGION } from '../intrinsics';
import type { Action, ServiceNames } from './service';

export const DYNAMODB: ServiceNames = {
  prefix: 'DynamoDB',
  generic: 'AmazonDynamoDBException',
  modelled: ['ConditionalCheckFailedException', 'ResourceNotFoundException'],
  sdk: { version: 1, name: 'AmazonDynamoDBv2' },
};

/** `aws-sdk:dynamodb:…` */
export const DYNAMODB_SDK: ServiceNames = {
  prefix: 'DynamoDb',
  generic: 'DynamoDbException',
  modelled: DYNAMODB.modelled,
  sdk: { version: 2, name: 'DynamoDb' },
};

export type ItemAction = 'putItem' | 'getItem' | 'updateItem' | 'deleteItem';

/** `dynamodb:putItem` and the like. */
export function item(action: ItemAction, tables: ReadonlyMap<string, LocalTable>): Action<ItemRequest> {
  return {
    needs: ({ TableName }) => {
      const resource = `arn:aws:dynamodb:${REGION}:${ACCOUNT}:table/${nameOf(TableName)}`;
      return [{ action: `dynamodb:${action.charAt(0).toUpperCase()}${action.slice(1)}`, resource }];
    },
    run: (request) => {
      const table = tables.get(nameOf(request.TableName));
      if (!table) throw new ServiceError('ResourceNotFoundException', 'Requested resource not found');
      return table[action](request);
    },
  };
}

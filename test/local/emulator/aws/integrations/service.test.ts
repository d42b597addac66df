import type { Statement } from '../../../../../local/emulator/aws/iam';
import { definition, deployed } from '../stack';

/** Every call that is a task, and what it takes. */
const CALLS: Record<string, [args: object, action: string, resource: string]> = {
  'lambda:invoke': [
    { FunctionName: 'arn:aws:lambda:us-east-1:123456789012:function:f:live' },
    'lambda:InvokeFunction',
    'arn:aws:lambda:us-east-1:123456789012:function:f:live',
  ],
  'dynamodb:putItem': [
    { TableName: 'Locks', Item: { site: { S: 'a' } } },
    'dynamodb:PutItem',
    'arn:aws:dynamodb:us-east-1:123456789012:table/Locks',
  ],
  'dynamodb:getItem': [
    { TableName: 'Locks', Key: { site: { S: 'a' } } },
    'dynamodb:GetItem',
    'arn:aws:dynamodb:us-east-1:123456789012:table/Locks',
  ],
  'dynamodb:updateItem': [
    { TableName: 'Locks', Key: { site: { S: 'a' } } },
    'dynamodb:UpdateItem',
    'arn:aws:dynamodb:us-east-1:123456789012:table/Locks',
  ],
  'dynamodb:deleteItem': [
    { TableName: 'Locks', Key: { site: { S: 'a' } } },
    'dynamodb:DeleteItem',
    'arn:aws:dynamodb:us-east-1:123456789012:table/Locks',
  ],
  'sns:publish': [{ TopicArn: 'arn:topic', Message: 'm' }, 'sns:Publish', 'arn:topic'],
  'events:putEvents': [{ Entries: [] }, 'events:PutEvents', 'arn:aws:events:us-east-1:123456789012:event-bus/default'],
  'aws-sdk:s3:putObject': [{ Bucket: 'b', Key: 'k', Body: {} }, 's3:PutObject', 'arn:aws:s3:::b/k'],
  'aws-sdk:s3:listObjectsV2': [{ Bucket: 'b' }, 's3:ListBucket', 'arn:aws:s3:::b'],
  'aws-sdk:s3:getObject': [{ Bucket: 'b', Key: 'there' }, 's3:GetObject', 'arn:aws:s3:::b/there'],
  'aws-sdk:s3:headObject': [{ Bucket: 'b', Key: 'there' }, 's3:GetObject', 'arn:aws:s3:::b/there'],
  'aws-sdk:sfn:startExecution': [
    { StateMachineArn: 'arn:aws:states:us-east-1:123456789012:stateMachine:echo' },
    'states:StartExecution',
    'arn:aws:states:us-east-1:123456789012:stateMachine:echo',
  ],
};

/** Runs one call by a machine whose role allows only this. */
async function call(resource: string, Arguments: object, allowed: Statement[]) {
  const Task = { Type: 'Task', Resource: `arn:aws:states:::${resource}`, Arguments, End: true };
  const { deployment, clock } = await deployed({
    machines: { calling: definition({ Task }), echo: definition({ Echo: { Type: 'Succeed' } }) },
    statements: { calling: allowed },
    handlers: { f: () => Promise.resolve(null) },
    tables: { Locks: 'site' },
    buckets: ['b'],
    topics: ['arn:topic'],
  });
  deployment.buckets.get('b').put('there', 'text');
  return clock.drive(deployment.start('calling', {}).result);
}

const GENERIC: Record<string, string> = {
  lambda: 'Lambda.AWSLambdaException',
  dynamodb: 'DynamoDB.AmazonDynamoDBException',
  sns: 'SNS.AmazonSNSException',
  events: 'EventBridge.AmazonEventBridgeException',
  'aws-sdk:s3': 'S3.S3Exception',
  'aws-sdk:sfn': 'Sfn.SfnException',
};

describe.each(Object.entries(CALLS))('%s', (name, [args, action, resource]) => {
  it('is done if the role allows just that', async () => {
    const { status, cause } = await call(name, args, [{ effect: 'Allow', actions: [action], resources: [resource] }]);

    expect([status, cause]).toEqual(['SUCCEEDED', undefined]);
  });

  it('fails if it does not, and says who may not do what', async () => {
    const other = [{ effect: 'Allow', actions: ['*'], resources: ['arn:aws:other'] }];

    const { error, cause } = await call(name, args, other);

    expect(error).toBe(GENERIC[name.replace(/:\w+$/, '')]);
    expect(cause).toContain(
      `User: arn:aws:iam::123456789012:role/tested is not authorized to perform: ${action} on resource: ${resource}`,
    );
  });
});

// AWS recorded them: test_task_service_dynamodb.py, test_aws_sdk.py, test_publish_base_error_topic_arn.
it.each([
  [
    'dynamodb:putItem',
    { TableName: 'None', Item: {} },
    'DynamoDB.ResourceNotFoundException',
    /^Requested resource not found \(Service: AmazonDynamoDBv2; Status Code: 400; Error Code: ResourceNotFoundException; Request ID: [\w-]+; Proxy: null\)$/,
  ],
  [
    'dynamodb:putItem',
    { TableName: 'Locks', Item: {} },
    'DynamoDB.AmazonDynamoDBException',
    /Error Code: ValidationException/,
  ],
  [
    'dynamodb:putItem',
    { TableName: 'Locks', Item: { site: { S: 'a' } }, ConditionExpression: 'attribute_exists(site)' },
    'DynamoDB.ConditionalCheckFailedException',
    /^The conditional request failed/,
  ],
  [
    'sns:publish',
    { TopicArn: 'arn:none', Message: '' },
    'SNS.NotFoundException',
    /^Topic does not exist \(Service: AmazonSNS; Status Code: 404; Error Code: NotFound;/,
  ],
  [
    'aws-sdk:s3:getObject',
    { Bucket: 'b', Key: 'none' },
    'S3.NoSuchKeyException',
    /^The specified key does not exist. \(Service: S3, Status Code: 404, Request ID: [\w-]+\)$/,
  ],
  ['aws-sdk:s3:listObjectsV2', { Bucket: 'none' }, 'S3.NoSuchBucketException', /^The specified bucket does not exist/],
  [
    'aws-sdk:s3:putObject',
    { Bucket: 'b', Key: 'there', Body: '', IfNoneMatch: '*' },
    'S3.S3Exception',
    /^At least one of the pre-conditions you specified did not hold \(Service: S3, Status Code: 412,/,
  ],
  [
    'lambda:invoke',
    { FunctionName: 'none' },
    'Lambda.ResourceNotFoundException',
    /^Function not found: arn:aws:lambda/,
  ],
])('%s of %j fails with %s', async (name, args, expected, told) => {
  const { error, cause } = await call(name, args, [{ effect: 'Allow', actions: ['*'], resources: ['*'] }]);

  expect(error).toBe(expected);
  expect(cause).toMatch(told);
});

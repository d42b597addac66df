import { Duration, Stack } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Code } from 'aws-cdk-lib/aws-lambda';
import type { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { fileOf, TASK_NAMES, type TaskName, TASKS } from '../domain/tasks';
import { withBundles } from './bundles';
import type { Network } from './settings';
import type { SiteDocuments } from './site-documents';
import type { SiteSecrets } from './site-secrets';
import { TaskFunction } from './task-function';

/** Properties of `TaskFunctions`. */
export interface TaskFunctionsProps {
  readonly documents: SiteDocuments;
  readonly secrets: SiteSecrets;
  /** @default - outside a VPC */
  readonly network?: Network;
  readonly logGroup: LogGroup;
}

/** A function for each task, with the least it needs: which secrets, how much time. */
export class TaskFunctions extends Construct {
  private readonly functions: ReadonlyMap<TaskName, TaskFunction>;

  constructor(scope: Construct, id: string, props: TaskFunctionsProps) {
    super(scope, id);
    this.functions = withBundles(
      this,
      (code) => new Map(TASK_NAMES.map((name) => [name, this.make(name, code(fileOf(name)), props)])),
    );
  }

  /** The function of a task. */
  of(task: TaskName): TaskFunction {
    const found = this.functions.get(task);
    if (!found) throw new Error(`There is no function for ${task}`);
    return found;
  }

  /** All of them. */
  get all(): TaskFunction[] {
    return [...this.functions.values()];
  }

  private make(
    name: TaskName,
    code: Code,
    { documents, secrets, network, logGroup }: TaskFunctionsProps,
  ): TaskFunction {
    const { minutes, connects, checksSecrets, secrets: purposes } = TASKS[name];
    const made = new TaskFunction(this, `${name.charAt(0).toUpperCase()}${name.slice(1)}`, {
      task: fileOf(name),
      code,
      timeout: Duration.minutes(minutes),
      environment: { DOCUMENTS_BUCKET: documents.bucket.bucketName, STACK_NAME: Stack.of(this).stackName },
      ...(connects && network ? { network } : {}),
      logGroup,
    });
    secrets.grantRead(purposes, made);
    documents.grantRead(made);
    if (checksSecrets) {
      made.addToRolePolicy(
        new PolicyStatement({
          sid: 'CheckThatSecretsExist',
          // Names and types, never values. The action has no resources; its cdk-nag finding is the same one as X-Ray's, and acknowledged there.
          actions: ['ssm:DescribeParameters'],
          resources: ['*'],
        }),
      );
    }
    return made;
  }
}

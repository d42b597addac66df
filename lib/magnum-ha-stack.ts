import { CfnOutput, Stack } from 'aws-cdk-lib';
import { Key } from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';
import { Alarms } from './alarms';
import { ComplianceSchedule } from './compliance-schedule';
import { FleetResults } from './fleet-results';
import { FunctionLogs } from './function-logs';
import { LockTable } from './lock-table';
import { RecordArchive } from './record-archive';
import type { ArchiveSettings, CheckRates, FleetSettings, Network } from './settings';
import { NotesTable } from './notes-table';
import { CommandsQuery } from './commands-query';
import { PeopleTopic } from './people';
import { CheckMachine } from './machines/check';
import { FleetMachine } from './machines/fleet';
import { RecoveryMachine } from './machines/recovery';
import { SiteMachine } from './machines/site';
import { Roles } from './roles';
import { SweepMachine } from './machines/sweep';
import { SiteDocuments } from './site-documents';
import { SiteSecrets } from './site-secrets';
import { TaskFunctions } from './task-functions';
import { WeeklySummary } from './weekly-summary';

/** Properties of `MagnumHaStack`. */
export interface MagnumHaStackProps {
  /** How often sites are looked at. */
  readonly checkRate: CheckRates;
  /**
   * Where the functions that open SSH connections run.
   *
   * @default - outside a VPC: the bastion must be reachable from the internet
   */
  readonly network?: Network;
  /**
   * ARN of the KMS key that everything kept is encrypted with: documents, logs, histories, locks, schedules that could not start. Its
   * policy is its owner's, see docs/security.md.
   *
   * @default - keys of AWS
   */
  readonly kmsKey?: string;
  /** How many functions an execution has at work at a time, at most. @default - 40 */
  readonly concurrency?: number;
  /** How records of executions are kept. */
  readonly archive: ArchiveSettings;
  /** How the fleet machine looks at all sites. */
  readonly fleet: FleetSettings;
}

/** Everything that is deployed; of sites it knows nothing. Its name begins what it names, so that one account can have several. */
export class MagnumHaStack extends Stack {
  constructor(scope: Construct, id: string, props: MagnumHaStackProps) {
    const { checkRate, network, kmsKey, concurrency, archive: settings, fleet: fleetSettings } = props;
    super(scope, id, {
      description: 'OpenStack Magnum in high availability, configured by one Step Functions workflow',
    });

    const encryption = kmsKey === undefined ? {} : { key: Key.fromKeyArn(this, 'Key', kmsKey) };
    const documents = new SiteDocuments(this, 'Documents', encryption);
    const secrets = new SiteSecrets(this, 'Secrets', encryption);
    const logGroup = new FunctionLogs(this, 'Logs', encryption);
    const functions = new TaskFunctions(this, 'Functions', {
      documents,
      secrets,
      ...(network ? { network } : {}),
      logGroup,
    });
    const lockTable = new LockTable(this, 'Locks', encryption);
    const notesTable = new NotesTable(this, 'Notes', encryption);
    const topic = new PeopleTopic(this, 'People', encryption);
    const { stateMachine } = new SiteMachine(this, 'Workflow', {
      functions,
      lockTable,
      notesTable,
      topic,
      ...(concurrency === undefined ? {} : { concurrency }),
      ...encryption,
    });
    new CommandsQuery(this, 'Commands', { logGroup });
    const archive = new RecordArchive(this, 'Archive', {
      siteMachine: stateMachine,
      settings,
      logGroup,
      ...encryption,
    });
    const results = new FleetResults(this, 'FleetResults', { logGroup, ...encryption });
    const { stateMachine: fleet } = new FleetMachine(this, 'Fleet', {
      ...{ documents, functions, lockTable, archive, results, settings: fleetSettings, topic },
      siteMachine: stateMachine,
      ...encryption,
    });
    const { deadLetterQueue } = new ComplianceSchedule(this, 'ComplianceSchedule', {
      fleet,
      ...{ rates: checkRate, staggerMinutes: fleetSettings.staggerMinutes },
      ...encryption,
    });
    const { stateMachine: recovery } = new RecoveryMachine(this, 'Recovery', {
      siteMachine: stateMachine,
      deadLetterQueue,
      ...encryption,
    });
    const notArchived = archive.deadLetterQueue;
    const { stateMachine: weekly } = new WeeklySummary(this, 'WeeklySummary', {
      ...{ archive, documents, topic, logGroup, deadLetterQueue },
      ...encryption,
    });
    const { stateMachine: checkMachine } = new CheckMachine(this, 'Check', {
      siteMachine: stateMachine,
      ...encryption,
    });
    new Roles(this, 'Roles', {
      ...{ siteMachine: stateMachine, checkMachine, fleetMachine: fleet },
      ...{ documents: documents.bucket, records: archive.bucket, results: results.bucket, logGroup },
      ...encryption,
    });
    const { stateMachine: sweep } = new SweepMachine(this, 'Sweep', {
      ...{ siteMachine: stateMachine, archive, deadLetterQueue },
      ...encryption,
    });
    new Alarms(this, 'Alarms', {
      ...{ topic, stateMachine, recovery, fleet, weekly, sweep, deadLetterQueue, notArchived },
      alarmAfterHours: fleetSettings.alarmAfterHours,
    });

    new CfnOutput(this, 'StateMachineArn', { value: stateMachine.stateMachineArn });
    new CfnOutput(this, 'DocumentsBucket', {
      value: documents.bucket.bucketName,
      description: 'The site documents: magnum-ha site put',
    });
    new CfnOutput(this, 'LockTableName', { value: lockTable.tableName, description: 'One item for each site in work' });
    new CfnOutput(this, 'TopicArn', {
      value: topic.topicArn,
      description: 'Subscribe to it to be told of drift and failures',
    });
    new CfnOutput(this, 'ArchiveBucketName', {
      value: archive.bucket.bucketName,
      description: 'A record of each execution: magnum-ha verify s3://BUCKET',
    });
    new CfnOutput(this, 'ExampleInput', {
      value: JSON.stringify({ site: 'golden', mode: 'check' }),
      description: 'Input to start an execution with; mode "apply" removes the drift that "check" finds',
    });
  }
}

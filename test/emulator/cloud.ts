import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { GetExecutionHistoryCommand, type HistoryEvent, SFNClient } from '@aws-sdk/client-sfn';
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import type { Site } from '../../domain/site/document';
import { type LocalStack, startLocalStack } from '../../lab/aws/localstack';
import type { Prerequisites } from '../../lab/aws/prerequisites';
import { projectRoot } from '../../lib/project-root';

const ENVIRONMENT = 'aws://000000000000/us-east-1';

/** An account of LocalStack, and the programs that a person uses with it. */
export interface Cloud {
  /** Runs the CDK CLI. */
  readonly cdk: (...args: readonly string[]) => Promise<string>;
  /** Runs `magnum-ha`. @returns what it prints, from JSON @throws Error with what it says, if it refuses */
  readonly magnumHa: (...args: readonly string[]) => Promise<unknown>;
  /** Puts the secrets of sites into SSM, by name. */
  readonly putSecrets: (secrets: Readonly<Record<string, string>>) => Promise<void>;
  /** Puts documents, as an operator does. */
  readonly putSites: (sites: readonly Site[], stack?: string) => Promise<void>;
  /** The events of an execution. */
  readonly events: (arn: string) => Promise<HistoryEvent[]>;
  readonly close: () => Promise<void>;
}

/** Starts LocalStack and prepares its account for the CDK. */
export async function startCloud(prerequisites: Prerequisites): Promise<Cloud> {
  const localStack = await startLocalStack(prerequisites);
  const directory = mkdtempSync(join(tmpdir(), 'magnum-ha-emulator-'));
  const cloud = cloudOf(localStack, directory);
  try {
    await cloud.cdk('bootstrap', ENVIRONMENT);
  } catch (error) {
    await cloud.close();
    throw error;
  }
  return cloud;
}

function cloudOf({ environment, client, close }: LocalStack, directory: string): Cloud {
  const env = { ...process.env, ...environment };
  const node = async (args: readonly string[]): Promise<string> => {
    const running = promisify(execFile)(process.execPath, args, { cwd: projectRoot, env, maxBuffer: 2 ** 26 });
    const { stdout } = await running.catch((error: unknown) => {
      const { stdout, stderr, code } = error as { stdout: string; stderr: string; code: number };
      // A verb that has found drift says so with its exit code.
      if (code === 2 && stdout !== '') return { stdout };
      throw new Error(`${args.join(' ')}: exit code ${code}: ${stdout}${stderr}`);
    });
    return stdout;
  };
  const verb = (args: readonly string[]) => node(['--import', 'tsx', 'bin/magnum-ha.ts', ...args]);
  const [sfn, ssm] = [client(SFNClient), client(SSMClient)];
  return {
    cdk: (...args) => node(['node_modules/aws-cdk/bin/cdk', '--output', join(directory, 'cdk.out'), ...args]),
    magnumHa: async (...args) => JSON.parse(await verb([...args, '--json'])) as unknown,
    putSecrets: async (secrets) => {
      for (const [Name, Value] of Object.entries(secrets)) {
        await ssm.send(new PutParameterCommand({ Name, Value, Type: 'SecureString' }));
      }
    },
    putSites: async (sites, stack = 'magnum-ha') => {
      const files = sites.map((site) => {
        const file = join(directory, `${site.name}.json`);
        writeFileSync(file, JSON.stringify(site));
        return file;
      });
      await verb(['site', 'put', ...files, '--stack', stack]);
    },
    events: async (executionArn) => {
      const events: HistoryEvent[] = [];
      let nextToken: string | undefined;
      do {
        const page = await sfn.send(new GetExecutionHistoryCommand({ executionArn, nextToken, maxResults: 1000 }));
        events.push(...(page.events ?? []));
        nextToken = page.nextToken;
      } while (nextToken !== undefined);
      return events;
    },
    close: async () => {
      sfn.destroy();
      ssm.destroy();
      await close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

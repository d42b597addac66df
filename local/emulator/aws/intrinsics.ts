/** Where everything is deployed on one machine. */
export const REGION = 'us-east-1';
export const ACCOUNT = '123456789012';

export type Properties = Readonly<Record<string, unknown>>;

/** A resource of a CloudFormation template. */
export interface Resource {
  readonly Type: string;
  readonly Properties?: Properties;
}

const PSEUDO: Readonly<Record<string, string | undefined>> = {
  'AWS::Region': REGION,
  'AWS::AccountId': ACCOUNT,
  'AWS::Partition': 'aws',
  'AWS::URLSuffix': 'amazonaws.com',
};

/** What a resource of a type is known by, once it is deployed. */
interface Kind {
  /** The property with the name that the template gives it. Without one, its logical ID is the name. */
  readonly nameProperty?: string;
  /** The part of the ARN after `arn:aws:`. */
  arn(name: string): string;
  /** Whether `Ref` gives the ARN and not the name. */
  readonly isReferredByArn?: boolean;
}

const inRegion = (service: string, kind: string) => (name: string) => `${service}:${REGION}:${ACCOUNT}:${kind}${name}`;

const KINDS: Readonly<Record<string, Kind | undefined>> = {
  'AWS::Lambda::Function': { nameProperty: 'FunctionName', arn: inRegion('lambda', 'function:') },
  'AWS::DynamoDB::Table': { nameProperty: 'TableName', arn: inRegion('dynamodb', 'table/') },
  'AWS::IAM::Role': { nameProperty: 'RoleName', arn: (name) => `iam::${ACCOUNT}:role/${name}` },
  'AWS::IAM::ManagedPolicy': { nameProperty: 'ManagedPolicyName', arn: (name) => `iam::${ACCOUNT}:policy/${name}` },
  'AWS::StepFunctions::StateMachine': {
    nameProperty: 'StateMachineName',
    arn: inRegion('states', 'stateMachine:'),
    isReferredByArn: true,
  },
  'AWS::SNS::Topic': { nameProperty: 'TopicName', arn: inRegion('sns', ''), isReferredByArn: true },
  'AWS::SQS::Queue': { nameProperty: 'QueueName', arn: inRegion('sqs', '') },
  'AWS::S3::Bucket': { nameProperty: 'BucketName', arn: (name) => `s3:::${name}` },
  'AWS::Events::Rule': { nameProperty: 'Name', arn: inRegion('events', 'rule/') },
  'AWS::Events::EventBus': { nameProperty: 'Name', arn: inRegion('events', 'event-bus/') },
  'AWS::SSM::Parameter': { nameProperty: 'Name', arn: inRegion('ssm', 'parameter') },
  'AWS::KMS::Key': { arn: inRegion('kms', 'key/') },
  'AWS::Logs::LogGroup': {
    nameProperty: 'LogGroupName',
    arn: (name) => `${inRegion('logs', 'log-group:')(name)}:*`,
  },
};

/** The resources of a template with their intrinsic functions resolved, as CloudFormation would deploy them. */
export class Resources {
  /** @param stack its name */
  constructor(
    private readonly resources: Readonly<Record<string, Resource>>,
    private readonly stack: string,
  ) {}

  /** All of a type. @throws Error at an intrinsic function that is not simulated */
  ofType(type: string): { id: string; name: string; arn: string; properties: Properties }[] {
    return Object.entries(this.resources)
      .filter(([, { Type }]) => Type === type)
      .map(([id, { Properties: properties = {} }]) => ({
        id,
        name: this.#nameOf(id),
        arn: this.#arnOf(id),
        properties: this.resolve(properties) as Properties,
      }));
  }

  resolve(value: unknown): unknown {
    if (Array.isArray(value)) return value.map((item) => this.resolve(item));
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value);
    const [key = '', argument] = entries[0] ?? [];
    if (entries.length === 1 && (key === 'Ref' || key.startsWith('Fn::'))) return this.#call(key, argument);
    return Object.fromEntries(entries.map(([name, inner]) => [name, this.resolve(inner)]));
  }

  #call(name: string, argument: unknown): unknown {
    switch (name) {
      case 'Ref':
        return this.#refOf(String(argument));
      case 'Fn::GetAtt': {
        const [id = '', attribute = 'Arn'] = argument as string[];
        return attribute.endsWith('Name') ? this.#nameOf(id) : this.#arnOf(id);
      }
      case 'Fn::Join': {
        const [separator, parts] = this.resolve(argument) as [string, unknown[]];
        return parts.join(separator);
      }
      case 'Fn::Sub':
        return this.#substituted(argument);
      case 'Fn::Split': {
        const [separator, text] = this.resolve(argument) as [string, string];
        return text.split(separator);
      }
      case 'Fn::Select': {
        const [index, list] = this.resolve(argument) as [number | string, unknown[]];
        return list[Number(index)];
      }
    }
    throw new Error(`The intrinsic function ${name} is not simulated`);
  }

  #substituted(argument: unknown): string {
    const [text, values] = (typeof argument === 'string' ? [argument, {}] : argument) as [string, Properties];
    return text.replaceAll(/\$\{([^}!]+)\}/g, (_, name: string) => {
      if (name in values) return String(this.resolve(values[name]));
      const [id = '', attribute] = name.split('.');
      return String(
        this.#call(attribute === undefined ? 'Ref' : 'Fn::GetAtt', attribute === undefined ? id : [id, attribute]),
      );
    });
  }

  #refOf(id: string): string {
    const pseudo = id === 'AWS::StackName' ? this.stack : PSEUDO[id];
    if (pseudo !== undefined) return pseudo;
    const type = this.resources[id]?.Type ?? '';
    if (type === 'AWS::Lambda::Version' || type === 'AWS::Lambda::Alias') return this.#arnOf(id);
    return KINDS[type]?.isReferredByArn ? this.#arnOf(id) : this.#nameOf(id);
  }

  #nameOf(id: string): string {
    const { Type = '', Properties: properties = {} } = this.resources[id] ?? {};
    const property = KINDS[Type]?.nameProperty;
    const given = property === undefined ? undefined : properties[property];
    if (given !== undefined) return String(this.resolve(given));
    return Type === 'AWS::S3::Bucket' ? id.toLowerCase() : id;
  }

  #arnOf(id: string): string {
    const { Type = '', Properties: properties = {} } = this.resources[id] ?? {};
    if (Type === 'AWS::Lambda::Version' || Type === 'AWS::Lambda::Alias') {
      const name = nameOf(String(this.resolve(properties['FunctionName'])));
      const qualifier = Type === 'AWS::Lambda::Version' ? '1' : String(this.resolve(properties['Name']));
      return `arn:aws:lambda:${REGION}:${ACCOUNT}:function:${name}:${qualifier}`;
    }
    return `arn:aws:${KINDS[Type]?.arn(this.#nameOf(id)) ?? `service:${REGION}:${ACCOUNT}:${id}`}`;
  }
}

/** The name of what has a name without colons and slashes, from its ARN or its name. */
export function nameOf(arnOrName: string): string {
  return arnOrName.split(/[:/]/).at(-1) ?? '';
}

import type { Clock, Random } from '../../../domain/world';
import { ServiceError } from '../service-error';
import { uuid } from '../uuid';

/** What Publish takes. */
export interface Publication {
  readonly topicArn: string;
  readonly message: string;
  readonly subject?: string | undefined;
  readonly messageAttributes?: Readonly<Record<string, unknown>> | undefined;
}

/** A message that was published. */
export interface Message extends Publication {
  readonly messageId: string;
  readonly publishedAt: Date;
}

/** The topics of a deployment. Nobody subscribes to them: what is published can be read here. */
export class Topics {
  readonly messages: Message[] = [];

  constructor(
    private readonly arns: readonly string[],
    private readonly clock: Clock,
    private readonly random: Random,
  ) {}

  /** @returns the message's ID @throws ServiceError NotFound */
  publish(publication: Publication): string {
    if (!this.arns.includes(publication.topicArn)) throw new ServiceError('NotFound', 'Topic does not exist', 404);
    const messageId = uuid(this.random);
    this.messages.push({ ...publication, messageId, publishedAt: new Date(this.clock.now()) });
    return messageId;
  }
}

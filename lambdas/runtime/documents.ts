import { S3Client } from '@aws-sdk/client-s3';
import { documentsIn } from '../../domain/site/bucket';

/** Made once, for every invocation of this environment. */
const { DOCUMENTS_BUCKET = '', STACK_NAME = '' } = process.env;

/** The site documents of the stack that the function belongs to. */
export const documents = documentsIn(new S3Client({}), { bucket: DOCUMENTS_BUCKET, stack: STACK_NAME });

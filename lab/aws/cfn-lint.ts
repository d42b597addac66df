import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { pythonPrograms } from './python';

// Holds the template that `cdk synth` has left in cdk.out against CloudFormation's schemas and rules, with AWS's linter. Needs
// python3 with venv (Debian's python3-venv).

/** What cfn-lint says of a place in a template. */
interface Finding {
  readonly Rule: { readonly Id: string };
  readonly Level: string;
  readonly Message: string;
  /** `null`: the whole file. */
  readonly Location: { readonly Path: readonly (string | number)[] | null };
}

/** What it says rightly, and is to stay. */
const ACKNOWLEDGED = [
  {
    rule: 'W3005',
    of: /\/Properties\/Role'$/,
    reason: 'CDK makes a function wait for its role and its policy: for the role in two ways, which harms nothing.',
  },
  {
    rule: 'W3005',
    of: /\/Properties\/RoleArn'$/,
    reason: 'CDK makes a state machine wait for its role and its policy, likewise.',
  },
];

const programs = pythonPrograms('cfn-lint', 'python3', join(__dirname, 'cfn-lint-requirements.txt'));
const template = join(__dirname, '../../cdk.out/magnum-ha.template.json');
const { stdout, stderr } = spawnSync(join(programs, 'cfn-lint'), ['--format', 'json', '--template', template], {
  encoding: 'utf8',
});
if (!stdout.startsWith('[')) throw new Error(`cfn-lint did not look at ${template}: ${stdout}${stderr}`);

const findings = JSON.parse(stdout) as Finding[];
const acknowledges = (finding: Finding, { rule, of }: (typeof ACKNOWLEDGED)[number]) =>
  finding.Rule.Id === rule && of.test(finding.Message);
for (const one of ACKNOWLEDGED) {
  const count = findings.filter((finding) => acknowledges(finding, one)).length;
  console.log(`${one.rule} at ${count} places: ${one.reason}`);
  if (count > 0) continue;
  console.error('This is found no longer: take it out of lab/aws/cfn-lint.ts.');
  process.exitCode = 1;
}
for (const finding of findings.filter((one) => !ACKNOWLEDGED.some((known) => acknowledges(one, known)))) {
  console.error(`${finding.Rule.Id} ${finding.Level}: ${(finding.Location.Path ?? []).join('/')}: ${finding.Message}`);
  process.exitCode = 1;
}

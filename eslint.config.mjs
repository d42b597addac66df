import eslint from '@eslint/js';
import jest from 'eslint-plugin-jest';
import tseslint from 'typescript-eslint';

/** Imports point one way: lambdas ← lib ← local ← lab. The domain knows neither Lambda nor the CDK. */
const imports = (folder, ...forbidden) => ({
  files: [`${folder}/**/*.ts`],
  rules: { 'no-restricted-imports': ['error', { patterns: forbidden }] },
});

export default tseslint.config(
  { ignores: ['node_modules', 'cdk.out', '.cache', 'coverage'] },
  eslint.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/no-unused-vars': ['error', { ignoreRestSiblings: true, varsIgnorePattern: '^_' }],
      // Constructs act by being constructed.
      'no-new': 'off',
    },
  },
  imports('lambdas', '**/lib/*', '**/local/*', '**/lab/*', 'aws-cdk-lib*', 'constructs'),
  imports('lib', '**/local/*', '**/lab/*'),
  imports('local', '**/lab/*'),
  { files: ['**/*.mjs'], languageOptions: { globals: { process: 'readonly', console: 'readonly' } } },
  { files: ['test/**/*.ts'], ...jest.configs['flat/recommended'] },
);

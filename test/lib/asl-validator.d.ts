declare module 'asl-validator' {
  /** Checks a definition in place: it adds a QueryLanguage to every state. */
  export default function validate(definition: object): {
    readonly isValid: boolean;
    readonly errorsText: (separator?: string) => string;
  };
}

/** One thing an operator has to mend before Sluice can start. */
export interface ConfigProblem {
  /** Where it was set: `config/sluice.yaml:12`, an environment variable, a command-line option. */
  readonly where?: string
  /** The setting's path, such as `http.port`, or the name that was not understood. */
  readonly setting?: string
  readonly wrong: string
  /** What would be right. */
  readonly allowed?: string
}

/** Everything that is wrong with the configuration, at once. Its message is written for a terminal. */
export class ConfigError extends Error {
  readonly problems: readonly ConfigProblem[]

  constructor(problems: readonly ConfigProblem[]) {
    super(['Sluice cannot start:', ...problems.map(problemText)].join('\n'))
    this.name = 'ConfigError'
    this.problems = problems
  }
}

function problemText({ where, setting, wrong, allowed }: ConfigProblem): string {
  // An environment variable or option that is itself the name at fault need not be named twice.
  const place = [setting, where === setting ? undefined : where].filter((part) => part !== undefined)
  const head = place.length === 2 ? `${place[0]} (${place[1]})` : place[0]
  const text = `  - ${head === undefined ? '' : `${head}: `}${wrong}`
  return allowed === undefined ? text : `${text}\n      Allowed: ${allowed}`
}

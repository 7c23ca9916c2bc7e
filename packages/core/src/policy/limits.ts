/** Bounds on what outsiders hand to the policy language, each with its reason. None is part of the language. */

/** Longest policy, in bytes of UTF-8. The longest one published has 14 KB; Azure states no figure. */
export const longestPolicy = 128 * 1024;

/** How deep function calls may nest. Published policies go to four; the parser recurses once a level. */
export const deepestExpression = 32;

/** How many findings one check reports: nobody reads more, and a policy of punctuation would have 100,000. */
export const mostFindings = 100;

/** Longest value that a rule may make, in UTF-16 units. `AppendString` doubles a value in every rule that repeats it. */
export const longestValue = 8 * 1024 * 1024;

/** How much text all values made in one evaluation may hold together, in UTF-16 units. */
export const longestValues = 4 * longestValue;

/** How many claims an evaluation may hold. Evidence brings some fifty; a rule may spread a JSON array over claims. */
export const mostClaims = 10_000;

/** Longest type of a claim that a rule may make, in UTF-16 units: each condition looks types up. */
export const longestType = 1024;

/** How many steps of work one evaluation may take over all: some 100 ms. */
export const mostSteps = 5_000_000;

/** Longest JMESPath query, in UTF-16 units. */
export const longestQuery = 64 * 1024;

/** How deep a JMESPath query, and the JSON it reads, may nest. */
export const deepestQuery = 100;

/** Longest text of a symbol quoted in a message, in code points. */
export const longestSymbol = 64;

/** Longest line shown around a finding, in code points. */
export const longestExcerpt = 120;

/** What one trace may show: rules, conditions, and claims all told. It is kept with every appraisal. */
export const mostTracedRules = 500;
export const mostTracedConditions = 2_000;
export const mostTracedClaims = 2_000;

/** Claims shown of one condition, matched and missed alike, and of one action. */
export const mostClaimsPerCondition = 8;

/** Longest value shown in a trace, in UTF-16 units. */
export const longestTracedValue = 200;

/** Stand-ins for the services that Assay asks: for tests, and for users' own development. Nothing in production uses them. */
export { type FaultName, faults, isFault } from './faults.ts';
export { type Changes, type PublishedOptions, publishing, type Speaks, tcbInfoVersion2 } from './published.ts';
export { type StandIn, serveStandIn } from './serve.ts';

export { openChannel, type Channel } from './channel.ts';
export { post, type Answer, type Body, type Caller, type Route, type Sign } from './client.ts';
export { isProblem, Problem } from './problem.ts';
export { follow } from './status.ts';
export { wait, type Wait } from './wait.ts';
export type * from './types.ts';

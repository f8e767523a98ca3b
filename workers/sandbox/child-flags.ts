// How Node is told to run a child. V8 takes a code cache only under the flags under which it was made.

/** Young objects of a job are many and large: fewer, longer collections take less time. */
export const CHILD_FLAGS: readonly string[] = ['--max-semi-space-size=32']

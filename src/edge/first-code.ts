/**
 * What a function runs before `function:publish` has published it: every request goes to the behavior's own origin. A
 * tool that creates the function needs some code, and CloudFront associates only a published function.
 */
export const firstCode = `function handler(event) {
  return event.request;
}
`;

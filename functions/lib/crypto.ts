import crypto from 'crypto';

// Imported here alone: esbuild leaves each further import of the module in every function, used or not.
export { crypto };

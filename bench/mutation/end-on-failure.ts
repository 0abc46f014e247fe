import fc from 'fast-check';

// A mistake counts as found with the first random case that fails: to look for a smaller one takes most of a run.
fc.configureGlobal({ ...fc.readConfigureGlobal(), endOnFailure: true });

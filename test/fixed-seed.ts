import fc from 'fast-check';

/** The same random cases in every run, so that a red run can be repeated; `EDGE_TEST_SEED=7 npm test` tries others. */
fc.configureGlobal({ seed: Number(process.env['EDGE_TEST_SEED'] ?? 20_261_130) });

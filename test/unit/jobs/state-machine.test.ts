import { describe, expect, test } from 'vitest';
import { JobState } from '../../../src-main/contract/job.ts';
import { canFollow, statesBefore } from '../../../src-main/jobs/state-machine.ts';

describe('the state machine of jobs', () => {
  test('lets a worker at work only pause, cancel or end', () => {
    expect(JobState.options.filter((to) => canFollow('running', to))).toEqual([
      'pausing',
      'cancelling',
      'failed',
      'interrupted',
      'done',
    ]);
  });

  test('queues again whatever has stopped short of its end', () => {
    expect(statesBefore('queued').sort()).toEqual(['cancelled', 'failed', 'interrupted', 'paused']);
  });

  test('never leaves done', () => {
    expect(JobState.options.filter((to) => canFollow('done', to))).toEqual([]);
  });

  test('reaches every state from queued', () => {
    const reached = new Set<JobState>(['queued']);
    for (const from of reached) {
      for (const to of JobState.options) if (canFollow(from, to)) reached.add(to);
    }
    expect([...reached].sort()).toEqual([...JobState.options].sort());
  });
});

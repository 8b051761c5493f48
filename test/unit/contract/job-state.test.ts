import { describe, expect, test } from 'vitest';
import {
  canFollow,
  isAtWork,
  isEnded,
  isFailure,
  isOnHold,
  isOpen,
  isPausable,
  isResumable,
  isUnderWay,
  JobState,
  statesBefore,
  statesThat,
} from '../../../src-main/contract/job-state.ts';

describe('the state machine of jobs', () => {
  test('lets a worker at work only pause, cancel or end', () => {
    expect(statesThat((to) => canFollow('running', to))).toEqual([
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
    expect(statesThat((to) => canFollow('done', to))).toEqual([]);
  });

  test('reaches every state from queued', () => {
    const reached = new Set<JobState>(['queued']);
    for (const from of reached) {
      for (const to of JobState.options) if (canFollow(from, to)) reached.add(to);
    }
    expect([...reached].sort()).toEqual([...JobState.options].sort());
  });
});

describe('what follows from the state machine', () => {
  test.each<[string, (state: JobState) => boolean, JobState[]]>([
    ['a worker is at it', isAtWork, ['running', 'pausing', 'cancelling']],
    ['it moves on without anybody', isUnderWay, ['queued', 'running', 'pausing', 'cancelling']],
    ['it is open', isOpen, ['queued', 'running', 'pausing', 'paused', 'cancelling', 'interrupted']],
    ['it has ended', isEnded, ['cancelled', 'failed', 'done']],
    ['it can be resumed', isResumable, ['paused', 'cancelled', 'failed', 'interrupted']],
    ['it waits for a person', isOnHold, ['paused', 'interrupted']],
    ['it can be paused', isPausable, ['queued', 'running']],
    ['it stopped against everybody’s will', isFailure, ['failed', 'interrupted']],
  ])('%s', (_, claim, states) => {
    expect(statesThat(claim)).toEqual(states);
  });
});

import { Dissection, dissect } from '@sockeye/raw';
import { measure } from '../../../kit/allocated.mjs';
import { frame } from '../../../kit/frame.mjs';

const into = new Dissection();

measure(() => {
  if (dissect(frame, 1, into).tcp?.destinationPort !== 80) throw new Error('another segment');
});

import { receiveByCap } from '../../kit/cap.mjs';

receiveByCap('cpu');

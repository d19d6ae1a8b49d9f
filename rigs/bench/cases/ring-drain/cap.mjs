import { receiveByCap } from '../../kit/cap.mjs';

receiveByCap('drain');
